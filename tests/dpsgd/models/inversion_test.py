import jax.numpy as jnp
import numpy as np

from teledp_jax.dpsgd.models import inversion

SHARES = np.array([0.0, 0.25, 0.0, 0.5, 0.25], np.float32)


def test_slices_of_the_unit_interval_are_codes():
    uniforms = jnp.array([0.0, 0.2, 0.3, 0.7, 0.8, 0.99])
    odds = jnp.tile(7.0 * SHARES, (6, 1))
    found = inversion.draw(odds, uniforms, 4)
    np.testing.assert_array_equal(found, [1, 1, 3, 3, 4, 4])


def test_codes_come_as_often_as_their_odds_say_also_beyond_a_block():
    odds = np.random.default_rng(0).gamma(1.0, size=37).astype(np.float32)
    count = 20_000
    uniforms = (jnp.arange(count, dtype=jnp.float32) + 0.5) / count
    found = inversion.draw(jnp.asarray(np.tile(odds, (count, 1))), uniforms, 36)
    shares = np.bincount(np.asarray(found), minlength=37) / count
    np.testing.assert_allclose(shares, odds / odds.sum(), atol=2 / count)


def test_no_code_after_the_last_is_drawn():
    odds = jnp.tile(SHARES, (2, 3, 1))
    uniforms = jnp.full((2, 3), 1.0 - 2.0**-24, jnp.float32)
    found = inversion.draw(odds, uniforms, np.array([[4, 3, 2]]))
    np.testing.assert_array_equal(found, [[4, 3, 2]] * 2)
