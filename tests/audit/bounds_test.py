import math

import numpy as np
import pytest
import scipy.stats

from teledp_jax.audit import bounds


def test_rates_become_mu_and_epsilon_by_hand():
    norm = scipy.stats.norm
    rates = bounds.Rates(norm.cdf(1.0), norm.cdf(-1.0))
    assert rates.mu == pytest.approx(2.0)
    assert bounds.Rates(0.5, 0.1).epsilon(0.2) == pytest.approx(math.log(3.0))
    assert bounds.Rates(0.1, 0.5).mu == 0.0
    assert bounds.Rates(0.1, 0.5).epsilon(0.2) == 0.0


def test_a_threshold_finds_most_of_a_gaussian_shift_and_never_more():
    generator = np.random.default_rng(0)
    absent, present = generator.normal(size=(2, 20_000))
    mu = bounds.threshold_test(absent, present + 1.0).mu
    assert 0.85 < mu < 1.0
    assert bounds.threshold_test(absent, present).mu < 0.05


def test_rates_are_one_sided_exact_bounds():
    absent, present = np.zeros(200), np.ones(200)
    rates = bounds.threshold_test(absent, present, alpha=0.02)
    # With 100 of 100, p^100 = 0.01 at the bound.
    assert rates.true_positive == pytest.approx(0.01 ** (1 / 100))
    assert rates.false_positive == pytest.approx(1 - 0.01 ** (1 / 100))


def test_one_run_gives_nothing_for_chance_and_much_for_certainty():
    chance = bounds.one_run_epsilon(
        num_canaries=1000, guesses=500, correct=250, delta=1e-5
    )
    assert chance == 0.0
    # Pure DP: the least accuracy q with q^500 >= alpha.
    sure = bounds.one_run_epsilon(
        num_canaries=1000, guesses=500, correct=500, delta=0.0, alpha=0.05
    )
    accuracy = 0.05 ** (1 / 500)
    assert sure == pytest.approx(math.log(accuracy / (1 - accuracy)), abs=1e-6)


def test_randomised_response_is_not_found_worse_than_it_is():
    generator = np.random.default_rng(1)
    accuracy = 1 / (1 + math.exp(-1.0))
    correct = int((generator.random(4000) < accuracy).sum())
    epsilon = bounds.one_run_epsilon(
        num_canaries=4000, guesses=4000, correct=correct, delta=0.0
    )
    assert 0.75 < epsilon < 1.0


def test_auc_of_orders_and_ties():
    members, others = np.array([2.0, 3.0, 3.0]), np.array([1.0, 3.0])
    # Of six pairs, three above, two tied, one below.
    assert bounds.auc(members, others).value == pytest.approx(4 / 6)
    both = np.random.default_rng(2).normal(size=(2, 300))
    area = bounds.auc(*both)
    assert area.low < 0.5 < area.high


def test_most_auc_is_that_of_two_neighbours():
    assert bounds.most_auc(0.0, 0.0) == 0.5
    assert bounds.most_auc(math.log(3.0) / 2, 0.0) == pytest.approx(0.75)
    assert bounds.most_auc(1.0, 1.0) == 1.0
