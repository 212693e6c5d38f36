import jax
import numpy as np
import pytest
import scipy.stats

from teledp_jax.privacy import mechanisms


def expected_counts(sigma: float, draws: int, reach: int) -> np.ndarray:
    mass = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return draws * mass / mass.sum()


@pytest.mark.parametrize(
    "noise", [mechanisms.seeded_integer_noise, mechanisms.secure_integer_noise]
)
def test_noise_is_a_discrete_gaussian_of_the_stated_sigma(noise):
    draws = noise(jax.random.key(0), np.zeros(20_000, np.int64), 2.0)
    counts = np.array([(draws == x).sum() for x in range(-6, 7)])
    for sigma, holds in ((1.8, False), (2.0, True), (2.2, False)):
        expected = expected_counts(sigma, counts.sum(), 6)
        test = scipy.stats.chisquare(counts, expected)
        assert (test.pvalue > 1e-4) == holds


@pytest.mark.parametrize(
    "noise", [mechanisms.seeded_integer_noise, mechanisms.secure_integer_noise]
)
def test_noise_is_added_and_shapes_are_kept(noise):
    values = np.arange(12).reshape(3, 4) * 1_000_000
    noisy = noise(jax.random.key(1), values, 5.0)
    assert noisy.shape == values.shape
    assert noisy.dtype == np.int64
    assert (abs(noisy - values) < 100).all()


def test_a_key_repeats_seeded_noise_and_another_does_not():
    zeros = np.zeros(100, np.int64)
    first, again, other = (
        mechanisms.seeded_integer_noise(jax.random.key(seed), zeros, 9.0)
        for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_no_key_repeats_secure_noise():
    zeros = np.zeros(100, np.int64)
    first, second = (
        mechanisms.secure_integer_noise(jax.random.key(0), zeros, 9.0) for _ in range(2)
    )
    assert (first != second).any()


def test_a_choice_has_the_stated_probabilities():
    scores = np.array([0.0, 2.0, 1.0])
    keys = jax.random.split(jax.random.key(0), 3000)
    found = np.bincount(
        [mechanisms.exponential_choice(key, scores, epsilon=1.0) for key in keys],
        minlength=3,
    )
    expected = np.exp(scores / 2) / np.exp(scores / 2).sum()
    assert scipy.stats.chisquare(found, 3000 * expected).pvalue > 0.01
