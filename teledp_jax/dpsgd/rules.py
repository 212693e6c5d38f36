"""What fast clipping must know of a layer type; one more is one rule and its test."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from teledp_jax.dpsgd import factors
from teledp_jax.dpsgd.models import layers

Factors = dict[str, factors.Factor]


class Rule(NamedTuple):
    """How the gradients of a layer's parameters come in factors.

    Attributes:
        inputs: From the module and its argument to what `factors` reads of it, with the
            same axes before the last.
        factors: From the module, such inputs, the signals that come back to its output
            and its parameters to a factor for each parameter.
    """

    inputs: Callable[[Any, Array], Array]
    factors: Callable[[Any, Array, Array, Mapping[str, Array]], Factors]


def _dense(
    module: Any, x: Array, signal: Array, params: Mapping[str, Array]
) -> Factors:
    """Kernel and bias."""
    found = {"kernel": factors.Factor(x, signal), "bias": factors.Factor(None, signal)}
    return {name: found[name] for name in params}


def _embed(
    module: nn.Embed, codes: Array, signal: Array, params: Mapping[str, Array]
) -> Factors:
    """A table whose rows are chosen by codes."""
    size = params["embedding"].shape[0]
    return {"embedding": factors.Factor(codes, signal, size=size)}


def _causal(
    module: layers.CausalDense, x: Array, signal: Array, params: Mapping[str, Array]
) -> Factors:
    """A kernel with weights in some places only."""
    reach = factors.Reach(module.input_places, module.output_places)
    return {"kernel": factors.Factor(x, signal, reach)}


def _standardised(
    module: nn.LayerNorm, x: Float[Array, "*rows feature"]
) -> Float[Array, "*rows feature"]:
    """What the layer multiplies by its scale, computed as flax does."""
    if module.reduction_axes != -1 or module.feature_axes != -1:
        raise ValueError("LayerNorm: the clipping rule knows the last axis only.")
    mean = x.mean(-1, keepdims=True)
    if module.use_fast_variance:
        variance = (x * x).mean(-1, keepdims=True) - mean * mean
        variance = jax.numpy.maximum(variance, 0.0)
    else:
        variance = jax.numpy.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + module.epsilon)


def _norm(
    module: nn.LayerNorm, x: Array, signal: Array, params: Mapping[str, Array]
) -> Factors:
    """Scale and bias: one number for each feature."""
    found = {
        "scale": factors.Factor(None, x * signal),
        "bias": factors.Factor(None, signal),
    }
    return {name: found[name] for name in params}


def _same(module: Any, x: Array) -> Array:
    """What entered the layer."""
    return x


RULES: dict[type[nn.Module], Rule] = {
    nn.Dense: Rule(_same, _dense),
    nn.Embed: Rule(lambda module, codes: codes[..., None], _embed),
    nn.LayerNorm: Rule(_standardised, _norm),
    layers.CodeDense: Rule(
        lambda module, codes: layers.one_hot(codes, module.sizes), _dense
    ),
    layers.CausalDense: Rule(_same, _causal),
    layers.Bias: Rule(
        _same,
        lambda module, x, signal, params: {"bias": factors.Factor(None, signal)},
    ),
}
"""The layer types of clipping path `fast`."""
