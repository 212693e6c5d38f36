import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax.dpsgd import factors, norms

# Two devices with two rows each.
LEFT = jnp.array([[[1.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [1.0, 1.0]]])
RIGHT = jnp.array([[[1.0], [2.0]], [[1.0], [-1.0]]])


def test_the_norm_of_a_device_is_that_of_its_sum_over_rows():
    # (1, 2) + 2 (0, 1) = (1, 4) and (3, 0) - (1, 1) = (2, -1)
    found = norms.squared_norms(factors.Factor(LEFT, RIGHT), None)
    np.testing.assert_allclose(found, [17.0, 5.0], rtol=1e-5)
    # without inputs: 1 + 2 and 1 - 1
    found = norms.squared_norms(factors.Factor(None, RIGHT), None)
    np.testing.assert_allclose(found, [9.0, 0.0], atol=2e-5)


def test_norms_err_upwards():
    rows = jnp.array([[[1.0], [-1.0]]], jnp.float32) * 1e4
    found = norms.squared_norms(factors.Factor(jnp.ones((1, 2, 1)), rows), None)
    # Exactly 0; what rounds away is relative to (1e4 + 1e4)^2.
    assert 0 < float(found[0]) < 2e-6 * 4e8


def test_rows_of_the_same_code_add_up_before_they_are_squared():
    codes = jnp.array([[[0], [0]], [[0], [1]]], jnp.int32)
    factor = factors.Factor(codes, RIGHT, size=2)
    np.testing.assert_allclose(norms.squared_norms(factor, None), [9.0, 2.0], rtol=1e-5)
    weights = jnp.array([[1.0, 1.0], [2.0, 2.0]])
    found = factors.weighted_sum(factor, weights)
    np.testing.assert_allclose(found, [[1 + 2 + 2.0], [-2.0]])


def test_a_weight_that_does_not_exist_has_no_gradient():
    reach = factors.Reach(inputs=(-1, 0), outputs=(0, 1))
    np.testing.assert_array_equal(reach.mask, [[1, 1], [0, 1]])
    factor = factors.Factor(jnp.array([[[3.0, 4.0]]]), jnp.array([[[1.0, 2.0]]]), reach)
    # [[3, 6], [-, 8]]
    np.testing.assert_allclose(norms.squared_norms(factor, None), [9 + 36 + 64.0])
    found = factors.weighted_sum(factor, jnp.array([[0.5]]))
    np.testing.assert_allclose(found, [[1.5, 3.0], [0.0, 4.0]])


def test_rows_in_slots_have_the_norms_of_rows_side_by_side():
    # Device 0 has two slots, device 1 one, device 2 none; the last slot is free.
    owners = factors.Owners(jnp.array([0, 0, 1, 3], jnp.int32), 3, 2)
    left = jnp.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0], [9.0, 9.0]])
    right = jnp.array([[1.0], [2.0], [1.0], [9.0]])
    found = norms.squared_norms(factors.Factor(left, right), owners)
    np.testing.assert_allclose(found, [17.0, 9.0, 0.0], rtol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_of_weight_zero_add_nothing_whatever_they_hold(bad):
    factor = factors.Factor(LEFT.at[0, 0].set(bad), RIGHT.at[0, 1].set(bad))
    found = factors.weighted_sum(factor, jnp.array([[0.0, 0.0], [1.0, 2.0]]))
    np.testing.assert_allclose(found, [[3 - 2.0], [-2.0]])
