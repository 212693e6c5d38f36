import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.stats

from teledp_jax import keys
from teledp_jax.audit import plain_model
from teledp_jax.dpsgd import discrete, gaussian, states, steps

KEY = jax.random.key(0)
SCALE = {"l2_clip_norm": 2.0, "noise_multiplier": 1.5, "expected_batch_size": 1024}
WIDTH = gaussian.step_width(1_000, **SCALE)


def released(key: jax.Array, total: jax.Array) -> np.ndarray:
    return np.asarray(gaussian.noisy_sum(key, total, **SCALE))


def test_a_step_covers_clip_allowance_and_rounding():
    # 1,024 devices: 2^-19 each is 2^-9 once more.
    steps = 2.0 * (1 + 2 * 2**-9) / WIDTH + math.sqrt(1_000)
    # The continuous noise whose random rounding by parameter 4 has parameter SIGMA.
    assert (1.5 * steps) ** 2 + 4.0**2 == pytest.approx(discrete.SIGMA**2, rel=1e-14)


def test_noise_has_the_stated_spread():
    noisy = released(KEY, jnp.zeros(1_000, jnp.float32))
    stddev = discrete.SIGMA * WIDTH
    assert stddev == pytest.approx(3.0, rel=0.01)
    for scale, holds in ((0.7, False), (1.0, True), (1.4, False)):
        fit = scipy.stats.kstest(noisy, scipy.stats.norm(scale=scale * stddev).cdf)
        assert (fit.pvalue > 1e-3) == holds


def test_what_leaves_is_a_whole_number_of_steps_whatever_the_sum():
    for total in (0.0, 1 / 3, -7.7e-5, 123.456):
        steps = released(KEY, jnp.full(1_000, total, jnp.float32)) / np.float32(WIDTH)
        np.testing.assert_allclose(steps, np.rint(steps), rtol=1e-6)


def test_the_difference_of_two_sums_is_kept():
    total = jnp.linspace(-50, 50, 1_000, dtype=jnp.float32)
    moved = released(KEY, total) - released(KEY, jnp.zeros(1_000, jnp.float32))
    np.testing.assert_allclose(moved, total, atol=2e-5)


def test_sums_out_of_all_bounds_are_held():
    huge = released(KEY, jnp.full(1_000, 1e30, jnp.float32))
    assert np.isfinite(huge).all() and (huge < 2**31 * WIDTH).all()


def test_noise_beyond_the_grid_is_refused():
    with pytest.raises(ValueError, match="noise_multiplier"):
        gaussian.step_width(10**6, **SCALE | {"noise_multiplier": 1_000.0})


def test_a_training_fails_far_less_than_any_delta():
    numbers = 200_000 * 1_000
    found = gaussian.failure_probability(200_000, 1_000)
    assert found == numbers * discrete.MISSING < 1e-44


def test_trees_keep_their_shapes():
    tree = {"a": jnp.zeros((3, 4), jnp.float32), "b": jnp.zeros(5, jnp.float32)}
    noisy = gaussian.noisy_sum(KEY, tree, **SCALE)
    assert jax.tree.map(jnp.shape, noisy) == {"a": (3, 4), "b": (5,)}
    assert len(np.unique(np.concatenate([v.ravel() for v in noisy.values()]))) == 17


def test_a_device_moves_the_rounded_sum_by_the_stated_sensitivity_at_most():
    rng = np.random.default_rng(0)
    width = gaussian.step_width(
        64, l2_clip_norm=1.0, noise_multiplier=4_000.0, expected_batch_size=1.0
    )
    sensitivity = math.sqrt(discrete.SIGMA**2 - 16) / 4_000  # 67.5 steps
    most = 0.0
    for _ in range(200):
        total = rng.normal(0, 3, 64)
        # Just below and just above a half: rounding moves each entry by a whole step.
        total = (np.round(total / width) + 0.5 - 1e-3) * width
        share = np.abs(rng.normal(size=64)) + 0.1
        share /= np.linalg.norm(share)
        change = np.rint((total + share) / width) - np.rint(total / width)
        most = max(most, float(np.linalg.norm(change)))
    assert 1 / width < most <= sensitivity


@pytest.mark.parametrize("count", [4_000, 40_000])
def test_rounding_in_float32_takes_an_eighth_of_what_is_granted_to_it(count):
    found = plain_model.line(num_heads=64, sampling_prob=1.0, noise_multiplier=1.0)
    recipe = dataclasses.replace(found.recipe, micro_batch=512)
    state = states.start(found.model.init(KEY), optax.sgd(1.0))
    record = np.random.default_rng(0).integers(150, 200, 64).astype(np.uint8)
    codes = np.tile(record, (count + 1, 1))  # a record is its own gradient: all equal
    exact_sum = steps.make_sum(found.model, recipe)
    streams = keys.split(KEY, jax.random.key(1))
    after, before = (
        np.asarray(exact_sum(state, streams, jnp.asarray(fleet)), np.float64)
        for fleet in (codes, codes[:-1])
    )
    granted = 2**-9 + count * 2**-19
    assert 0.98 < np.linalg.norm(after - before) < 1 + granted / 8


@pytest.mark.parametrize("noise_multiplier", [0.5, 1.0, 4.0])
def test_a_rounded_gaussian_has_the_curve_that_the_proof_says(noise_multiplier):
    shift, rounding = 30, 4.0  # far fewer steps than in use: 30, not 270,000
    continuous = shift * noise_multiplier
    sigma = math.hypot(continuous, rounding)
    support = np.arange(-int(14 * sigma), int(14 * sigma) + shift + 1)
    mass = np.exp(-(support**2) / (2 * sigma**2))
    shifted = np.exp(-((support - shift) ** 2) / (2 * sigma**2))
    cdf, mu = scipy.stats.norm.cdf, shift / continuous
    for epsilon in (0.1, 1.0, 3.0, 7.0):
        found = np.maximum(mass - np.exp(epsilon) * shifted, 0).sum() / mass.sum()
        claimed = cdf(mu / 2 - epsilon / mu)
        claimed -= np.exp(epsilon) * cdf(-mu / 2 - epsilon / mu)
        assert found <= claimed + 1e-15
        assert found >= 0.4 * claimed - 1e-12
