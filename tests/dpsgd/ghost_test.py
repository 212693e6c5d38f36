import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax.dpsgd import ghost

X = jnp.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])
NET = nn.Dense(1)
PARAMS = {"kernel": jnp.array([[1.0], [1.0]]), "bias": jnp.zeros(1)}


def losses(params, x):
    return NET.apply({"params": params}, x)[:, 0]


class Twice(nn.Module):
    """One layer, called on the input and on its own output."""

    @nn.compact
    def __call__(self, x):
        layer = nn.Dense(2)
        return jnp.tanh(layer(jnp.tanh(layer(x)))).sum(-1)


def test_norms_of_a_linear_loss_are_those_worked_by_hand():
    found = ghost.measure(losses, PARAMS, X, 3)
    np.testing.assert_allclose(found.losses, [3.0, 2.0, 1.0])
    np.testing.assert_allclose(found.squared_norms, [1 + 4 + 1, 9 + 1 + 1, 1 + 1])


def test_the_weighted_sum_is_worked_by_hand():
    measured = ghost.measure(losses, PARAMS, X, 3)
    found = ghost.weighted_sum(measured, jnp.array([1.0, 0.5, 0.0]))
    np.testing.assert_allclose(found["kernel"], [[1 + 1.5], [2 - 0.5]])
    np.testing.assert_allclose(found["bias"], [1.5])


def test_a_layer_called_twice_is_measured_as_vmap_does():
    net = Twice()
    params = net.init(jax.random.key(0), X)["params"]
    measured = ghost.measure(
        lambda params, x: net.apply({"params": params}, x), params, X, 3
    )
    each = jax.vmap(
        jax.grad(lambda params, x: net.apply({"params": params}, x[None])[0]),
        in_axes=(None, 0),
    )(params, X)
    norms = sum(
        np.square(np.asarray(leaf)).reshape(3, -1).sum(1)
        for leaf in jax.tree.leaves(each)
    )
    np.testing.assert_allclose(measured.squared_norms, norms, rtol=1e-4)
    scales = jnp.array([0.5, 0.0, 2.0])
    found = ghost.weighted_sum(measured, scales)
    expected = jax.tree.map(lambda leaf: jnp.tensordot(scales, leaf, 1), each)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6),
        found,
        expected,
    )


def test_a_parameter_in_no_layer_with_a_rule_is_named():
    with pytest.raises(ValueError, match="Parameter other/scale"):
        ghost.measure(losses, PARAMS | {"other": {"scale": jnp.ones(1)}}, X, 3)


def test_a_layer_that_mixes_devices_is_refused():
    def mixed(params, x):
        return NET.apply({"params": params}, x.reshape(-1, 2)[:1])[:, 0]

    with pytest.raises(ValueError, match="expected 3 devices"):
        ghost.measure(mixed, PARAMS, X, 3)
