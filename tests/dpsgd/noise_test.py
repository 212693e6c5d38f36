import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from teledp_jax.dpsgd import discrete, noise

KEY = jax.random.key(0)
WIDTH = noise.step_width(1_000, l2_clip_norm=2.0, noise_multiplier=1.5)


def released(key: jax.Array, total: jax.Array) -> np.ndarray:
    noisy = noise.noisy_sum(key, total, l2_clip_norm=2.0, noise_multiplier=1.5)
    return np.asarray(noisy)


def test_a_step_covers_clip_allowance_and_rounding():
    steps = 2.0 * (1 + 2**-9) / WIDTH + math.sqrt(1_000)
    assert 1.5 * steps == pytest.approx(discrete.SIGMA)


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
    assert np.isfinite(huge).all() and (huge < 2**30 * WIDTH).all()


def test_noise_beyond_the_grid_is_refused():
    with pytest.raises(ValueError, match="noise_multiplier"):
        noise.step_width(10**6, l2_clip_norm=1.0, noise_multiplier=1_000.0)


def test_a_training_fails_far_less_than_any_delta():
    assert noise.failure_probability(200_000, 1_000) < 1e-14


def test_trees_keep_their_shapes():
    tree = {"a": jnp.zeros((3, 4), jnp.float32), "b": jnp.zeros(5, jnp.float32)}
    noisy = noise.noisy_sum(KEY, tree, l2_clip_norm=1.0, noise_multiplier=1.0)
    assert jax.tree.map(jnp.shape, noisy) == {"a": (3, 4), "b": (5,)}
    assert len(np.unique(np.concatenate([v.ravel() for v in noisy.values()]))) == 17
