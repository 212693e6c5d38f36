import numpy as np
import pytest

from teledp_jax.pe import energies

LEAVES = np.array([0, 0, 1, 1])


def test_weights_meet_exact_counts():
    count = energies.Count(np.array([30.0, 70.0]), LEAVES, 0.1, 3.0)
    numbers = energies.fit([count], [np.zeros(2)], total=100.0, num_sweeps=20)
    weights = energies.weights_of(energies.log_weights_of([count], numbers), 100.0)
    np.testing.assert_allclose(weights, [15, 15, 35, 35], rtol=1e-3)


def test_counts_of_two_trees_are_met_together():
    one = energies.Count(np.array([30.0, 70.0]), LEAVES, 0.1, 3.0)
    two = energies.Count(np.array([60.0, 40.0]), np.array([0, 1, 0, 1]), 0.1, 3.0)
    numbers = energies.fit([one, two], [np.zeros(2)] * 2, total=100.0, num_sweeps=50)
    weights = energies.weights_of(energies.log_weights_of([one, two], numbers), 100.0)
    # Of largest entropy given both margins: their product.
    np.testing.assert_allclose(weights, [18, 12, 42, 28], rtol=1e-2)


def test_noise_that_drowns_counts_moves_little():
    count = energies.Count(np.array([30.0, 70.0]), LEAVES, 1e6, 3.0)
    numbers = energies.fit([count], [np.zeros(2)], total=100.0, num_sweeps=20)
    np.testing.assert_allclose(numbers[0], 0.0, atol=1e-6)


def test_a_count_below_zero_empties_a_leaf_but_stays_finite():
    count = energies.Count(np.array([-5.0, 100.0]), LEAVES, 1.0, 3.0)
    numbers = energies.fit([count], [np.zeros(2)], total=100.0, num_sweeps=50)
    weights = energies.weights_of(energies.log_weights_of([count], numbers), 100.0)
    assert np.isfinite(weights).all() and 0 < weights[:2].sum() < 3


def test_effective_share_is_that_of_kish():
    assert energies.effective_share(np.ones(7)) == pytest.approx(1.0)
    assert energies.effective_share(np.array([1.0, 0, 0, 0])) == pytest.approx(0.25)


def test_the_prior_is_as_wide_as_votes_are_off_beyond_noise():
    rng = np.random.default_rng(0)
    model = np.full(400, 50.0)
    silent = model + rng.normal(0, 10, 400)
    assert energies.spread(silent, model, sigma=10.0) < 0.1
    off = 0.3 * model * rng.choice((-1, 1), 400)
    told = energies.spread(silent + off, model, sigma=10.0)
    assert abs(told - 0.3) < 0.05
    assert energies.spread(10 * model, model, sigma=10.0) == 0.5
