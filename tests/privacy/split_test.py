"""Shares of a budget become events and noise."""

import dp_accounting
import pytest

from teledp_jax import errors
from teledp_jax.privacy import accounting, budgets, events, split

BUDGET = budgets.Budget(
    epsilon=1.0,
    delta=1e-5,
    spent=events.DiscreteGaussianDpEvent(20.0),
    num_devices=400,
)


def test_counts_cost_their_share_of_one_gaussian():
    # sigma = m * sqrt(n / s): n of them add n / sigma^2 = s / m^2.
    (sigma,) = split.Counts("sigma", 12, share=0.75).noise(2.0)
    assert sigma == 2.0 * 4.0
    assert 12 / sigma**2 == 0.75 / 2.0**2


def test_a_sensitivity_scales_noise_and_is_stated():
    part = split.Counts("sigma", 4, sensitivity=100)
    (event,) = part.events(3.0)
    assert event.event == events.DiscreteGaussianDpEvent(600.0, 100)
    assert event.count == 4


def test_clipped_sums_cost_a_gaussian_of_their_share():
    part = split.ClippedSums("clip_sigma", 100, share=0.25)
    (event,) = part.events(2.0)
    assert event == events.VectorGaussianDpEvent(*part.noise(2.0), 100)
    assert event.continuous == pytest.approx(4.0)  # m / sqrt(s)


def test_votes_share_evenly_without_growth_and_are_one_event():
    part = split.Votes("votes", 4, share=0.25)
    assert part.noise(1.0) == (4.0,) * 4  # each has a share of 1 / 16
    (event,) = part.events(1.0)
    assert event == dp_accounting.SelfComposedDpEvent(
        events.DiscreteGaussianDpEvent(4.0), 4
    )


def test_votes_grow_by_a_factor():
    # Shares 1 / 5 and 4 / 5.
    sigmas = split.Votes("votes", 2, growth=4.0).noise(1.0)
    assert sigmas == pytest.approx((5**0.5, 1.25**0.5))
    (event,) = split.Votes("votes", 2, growth=4.0).events(1.0)
    assert [part.sigma for part in event.events] == list(sigmas)


def test_a_choice_costs_as_much_as_a_gaussian_of_its_share():
    # zCDP: epsilon^2 / 8 = 1 / (2 r^2) with r = m * sqrt(n / s).
    (epsilon,) = split.Choices("choice", 8, share=0.5).noise(2.0)
    assert epsilon == pytest.approx(2 / (2.0 * 4.0))
    assert epsilon**2 / 8 == pytest.approx(1 / (2 * 8.0**2))


def test_steps_solve_the_central_limit_theorem():
    rate, num_steps, share, multiplier = 0.1, 50, 0.6, 1.5
    (noise,) = split.Steps("noise_multiplier", num_steps, rate, share).noise(multiplier)
    # mu^2 = p^2 T (exp(1 / z^2) - 1) is the share of 1 / m^2.
    mu_squared = rate**2 * num_steps * (2.718281828459045 ** (1 / noise**2) - 1)
    assert mu_squared == pytest.approx(share / multiplier**2)


def test_what_is_calibrated_meets_the_budget_closely():
    found = split.calibrate(
        [
            split.Counts("sigma", 5, share=0.5),
            split.Choices("epsilon_choice", 3, share=0.25),
            split.Votes("vote_sigma", 2, share=0.25, growth=2.0),
        ],
        BUDGET,
    )
    total = dp_accounting.ComposedDpEvent([BUDGET.spent, found.event])
    assert 0.95 < accounting.epsilon_pld(total, 1e-5) <= 1.0
    assert accounting.is_met(BUDGET, found.event)
    assert [events.describe(part).split()[0] for part in found.event.events] == [
        "5", "3", "discrete",
    ]  # fmt: skip
    first, last = found.series("vote_sigma")
    assert found.facts == {
        "noise_multiplier": found.noise_multiplier,
        "sigma": found.noise("sigma"),
        "epsilon_choice": found.noise("epsilon_choice"),
        "first_vote_sigma": first,
        "last_vote_sigma": last,
    }
    assert found.event_of("sigma") == found.event.events[0]


def test_the_noise_multiplier_of_steps_is_the_one_that_is_shown():
    part = split.Steps("noise_multiplier", 10, 0.1)
    found = split.Calibrated(2.0, (part,))
    assert found.facts == {"noise_multiplier": part.noise(2.0)[0]}


def test_wide_counts_are_found_by_the_continuous_gaussian_and_meet_the_budget():
    counts = split.Counts("sigma", 6, sensitivity=100)
    thresholds = split.Thresholds("selections", 2, 1e-7)
    found = split.calibrate_wide(counts, [thresholds], BUDGET)
    assert accounting.is_met(BUDGET, found.event)
    answers, *selections = found.event.events
    assert answers.event.sensitivity == 100 and answers.count == 6
    assert selections == [events.ThresholdDpEvent(1e-7)] * 2
    less = found._replace(noise_multiplier=found.noise_multiplier * 0.99)
    assert not accounting.is_met(BUDGET, less.event)


def test_a_budget_that_is_spent_already_is_refused():
    spent = budgets.Budget(
        epsilon=1.0,
        delta=1e-5,
        spent=events.DiscreteGaussianDpEvent(0.5),
        num_devices=400,
    )
    with pytest.raises(errors.InputError, match="already spent"):
        split.calibrate([split.Counts("sigma", 1)], spent)
