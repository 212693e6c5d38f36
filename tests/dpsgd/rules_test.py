import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax.dpsgd import factors, rules
from teledp_jax.dpsgd.models import layers

CODES = jnp.array([[1, 0], [0, 2], [1, 1]], jnp.int32)
VALUES = jnp.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.0]])
CASES = {
    "Dense": (nn.Dense(3), VALUES),
    "Embed": (nn.Embed(3, 2), CODES[:, 0]),
    "LayerNorm": (nn.LayerNorm(), VALUES),
    "LayerNorm, exact": (nn.LayerNorm(use_fast_variance=False), VALUES),
    "CodeDense": (layers.CodeDense((2, 3), 2), CODES),
    "CausalDense": (layers.CausalDense((0, 1), (0, 1, 2)), VALUES),
    "Bias": (layers.Bias(), VALUES),
}


def test_every_rule_has_a_case():
    assert {type(module) for module, _ in CASES.values()} == set(rules.RULES)


@pytest.mark.parametrize("name", CASES)
def test_factors_multiply_to_the_gradient(name):
    module, x = CASES[name]
    params = module.init(jax.random.key(0), x)["params"]
    out = module.apply({"params": params}, x)
    signal = jnp.cos(jnp.arange(out.size, dtype=jnp.float32)).reshape(out.shape)

    def loss(params):
        return (module.apply({"params": params}, x) * signal).sum()

    rule = rules.RULES[type(module)]
    found = rule.factors(module, rule.inputs(module, x), signal, params)
    expected = jax.grad(loss)(params)
    assert set(found) == set(params)
    for key, factor in found.items():
        total = factors.weighted_sum(factor, jnp.ones(len(x), jnp.float32))
        np.testing.assert_allclose(total, expected[key], rtol=1e-5, atol=1e-5)


def test_a_norm_over_another_axis_is_refused():
    rule = rules.RULES[nn.LayerNorm]
    with pytest.raises(ValueError, match="the last axis only"):
        rule.inputs(nn.LayerNorm(reduction_axes=0), VALUES)
