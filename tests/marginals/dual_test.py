"""Weights of a pool by noisy totals."""

import numpy as np
import pytest
import scipy.sparse

from teledp_jax.marginals import dual

HALF = np.full(4, 0.25)
# Two records add one to the only total, of noise 1 / 10: 10 deviations each.
VALUES = scipy.sparse.csr_array(np.array([[10.0], [10.0], [0.0], [0.0]]))


def share(totals, alpha, prior=HALF):
    found = dual.solve(
        VALUES, prior, np.array(totals), num_devices=100, alpha=alpha
    ).weights
    assert found.sum() == pytest.approx(1)
    return found[:2].sum()


def test_a_weak_pull_meets_the_total():
    # 80 of 100 devices: 800 deviations.
    assert share([800.0], alpha=1e-3) == pytest.approx(0.8, abs=1e-3)


def test_a_pull_leaves_the_optimum_of_the_stated_objective():
    # KL(p | 1/2) + 100 (10 p - 8)^2 / (2 alpha), by brute force.
    shares = np.linspace(0.5, 0.8, 30_001)
    apart = shares * np.log(2 * shares) + (1 - shares) * np.log(2 - 2 * shares)
    for alpha in (1.0, 1000.0):
        loss = alpha * apart * 100 + (100 * 10 * shares - 800) ** 2 / 2
        best = shares[np.argmin(loss)]
        assert share([800.0], alpha) == pytest.approx(best, abs=1e-3)


def test_records_that_weigh_nothing_stay_so_and_a_met_total_changes_nothing():
    prior = np.array([0.5, 0.0, 0.25, 0.25])
    found = dual.solve(VALUES, prior, np.array([500.0]), num_devices=100, alpha=0.1)
    assert found.weights == pytest.approx(prior, abs=1e-6)


def test_the_effective_sample_is_that_of_kish():
    assert dual.effective_sample(HALF, HALF) == pytest.approx(1.0)
    skewed = np.array([0.5, 0.5, 0.0, 0.0])
    assert dual.effective_sample(skewed, HALF) == pytest.approx(0.5)
    assert dual.effective_sample(skewed, skewed) == pytest.approx(1.0)
