"""Sums of per-device clipped gradients, on three paths that agree.

`fast` never forms a gradient of one device. An interceptor notes the input of each
layer and adds a zero perturbation to its output; one backward pass with respect to the
perturbations gives each layer's output signals. From inputs and signals a rule for the
layer's type gives each device's exact squared norm, and then the clipped sum: the
products that an ordinary backward pass would form, with rescaled signals. `vmap` forms
the gradients of a micro-batch; `loop` takes one device after the other, for tests.

References:
    Li et al. 2022 (arXiv:2110.05679), ghost norms with rows; Bu et al. 2023
    (arXiv:2210.00038), one backward pass; Bu et al. 2023 (arXiv:2206.07136),
    normalised clipping.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import traverse_util
from jaxtyping import Array, Bool, Float, Num

from teledp_jax.dpsgd.models import layers

Params = dict[str, Any]
Batch = Any
LossesFn = Callable[[Params, Batch], Float[Array, " device"]]
"""Loss of each device, given parameters and a batch whose leaves have devices first.

A device's loss depends on its own slice of the batch and on nothing else of it.
"""
PATHS = ("fast", "vmap", "loop")

_STABILITY = 0.01  # gamma of arXiv:2206.07136, which keeps small gradients small


# Accelerators round float32 products to fewer bits by default; then what is summed
# could exceed the norm that was clipped.
_EXACT = jax.lax.Precision.HIGHEST


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clip:
    """How gradients are bounded.

    Attributes:
        l2_clip_norm: Largest L2 norm of what one device adds to the sum, over all
            parameters, up to rounding in float32.
        normalise: Whether each gradient is divided by its norm (automatic clipping)
            rather than only those that exceed the bound.
        path: One of `PATHS`: how the sum is computed; no effect on its value.
    """

    l2_clip_norm: float
    normalise: bool = False
    path: str = "fast"


class Rule(NamedTuple):
    """What `fast` must know of a layer type. Rows share the layer's weights.

    Attributes:
        inputs: From module and argument to `[device, row, ...]`.
        squared_norm: From inputs, signals `[device, row, feature]` and parameters to
            each device's squared gradient norm.
        weighted_sum: From inputs, rescaled signals and parameters to the gradient.
    """

    inputs: Callable[[Any, Array], Array]
    squared_norm: Callable[[Array, Array, Mapping[str, Array]], Array]
    weighted_sum: Callable[[Array, Array, Mapping[str, Array]], dict[str, Array]]


def clipped_sum(
    losses_fn: LossesFn,
    params: Params,
    batch: Batch,
    mask: Bool[Array, " device"],
    *,
    clip: Clip,
) -> Params:
    """Sums the clipped gradients of the devices that `mask` marks.

    A device whose loss or gradient is not finite contributes zero. The sum is exact,
    hence private; its L2 sensitivity to one device is `clip.l2_clip_norm`.

    Raises:
        ValueError: If on path `fast` a parameter is not in a layer with a rule.
    """
    sum_fn = {"fast": _fast, "vmap": _vmap, "loop": _loop}[clip.path]
    return sum_fn(losses_fn, params, batch, mask, clip)


def scales(
    squared_norms: Float[Array, " device"],
    losses: Float[Array, " device"],
    mask: Bool[Array, " device"],
    clip: Clip,
) -> Float[Array, " device"]:
    """What each device's gradient is multiplied by; 0 where it must not count."""
    norms = jnp.sqrt(jnp.maximum(squared_norms, 0.0))
    if clip.normalise:
        factor = clip.l2_clip_norm / (norms + _STABILITY)
    else:
        tiny = jnp.finfo(jnp.float32).tiny
        factor = jnp.minimum(1.0, clip.l2_clip_norm / jnp.maximum(norms, tiny))
    counts = mask & jnp.isfinite(squared_norms) & jnp.isfinite(losses)
    return jnp.where(counts, factor, 0.0)


def _vmap(
    losses_fn: LossesFn, params: Params, batch: Batch, mask: Array, clip: Clip
) -> Params:
    """All gradients of the batch at once."""

    def loss(params: Params, device: Batch) -> Array:
        return losses_fn(params, jax.tree.map(lambda leaf: leaf[None], device))[0]

    losses, grads = jax.vmap(jax.value_and_grad(loss), in_axes=(None, 0))(params, batch)
    squared = _total(
        jnp.square(leaf).reshape(leaf.shape[0], -1).sum(1)
        for leaf in jax.tree.leaves(grads)
    )
    scale = scales(squared, losses, mask, clip)
    return jax.tree.map(
        lambda leaf: jnp.einsum(
            "b,b...->...", scale, _keep(leaf, scale), precision=_EXACT
        ),
        grads,
    )


def _loop(
    losses_fn: LossesFn, params: Params, batch: Batch, mask: Array, clip: Clip
) -> Params:
    """One device after the other, as the definition says it."""
    total = jax.tree.map(jnp.zeros_like, params)
    for i in range(mask.shape[0]):
        one = jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], batch)
        loss, grad = jax.value_and_grad(lambda p, one=one: losses_fn(p, one)[0])(params)
        squared = _total(jnp.sum(leaf**2) for leaf in jax.tree.leaves(grad))
        scale = scales(squared[None], loss[None], mask[i : i + 1], clip)[0]
        total = jax.tree.map(
            lambda a, g, scale=scale: a + jnp.where(scale > 0, scale * g, 0.0),
            total,
            grad,
        )
    return total


def _fast(
    losses_fn: LossesFn, params: Params, batch: Batch, mask: Array, clip: Clip
) -> Params:
    """Norms and sum from layer inputs and output signals."""
    num_devices = mask.shape[0]
    shapes = jax.eval_shape(
        lambda p, b: _observe(losses_fn, p, b, None, num_devices)[2], params, batch
    )
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    types: dict[tuple[str, ...], type[nn.Module]] = {}

    def total(perturbations: dict) -> tuple[Array, tuple[Array, dict]]:
        losses, inputs, _ = _observe(
            losses_fn, params, batch, perturbations, num_devices, types
        )
        return losses.sum(), (losses, inputs)

    signals, (losses, inputs) = jax.grad(total, has_aux=True)(zeros)
    layer_params = _layer_params(params, types)
    merged = {
        path: (
            jnp.concatenate(inputs[path], axis=1),
            jnp.concatenate([_rows(signal) for signal in signals[path]], axis=1),
        )
        for path in layer_params
    }
    squared = _total(
        RULES[types[path]].squared_norm(*merged[path], leaves)
        for path, leaves in layer_params.items()
    )
    scale = scales(squared, losses, mask, clip)
    grads = {}
    for path, leaves in layer_params.items():
        x, signal = (_keep(array, scale) for array in merged[path])
        weighted = signal * scale[:, None, None]
        grad = RULES[types[path]].weighted_sum(x, weighted, leaves)
        grads.update({(*path, name): leaf for name, leaf in grad.items()})
    return traverse_util.unflatten_dict(grads)


def _observe(
    losses_fn: LossesFn,
    params: Params,
    batch: Batch,
    perturbations: dict | None,
    num_devices: int,
    types: dict | None = None,
) -> tuple[Array, dict, dict]:
    """Losses, and for each layer the inputs and the outputs of each of its calls."""
    inputs: dict[tuple[str, ...], list[Array]] = {}
    outputs: dict[tuple[str, ...], list[Array]] = {}

    def interceptor(next_fn: Callable, args: tuple, kwargs: dict, context: Any) -> Any:
        module, method = context.module, context.method_name
        rule = RULES.get(type(module))
        if rule is None or method == "setup":
            return next_fn(*args, **kwargs)
        path = tuple(module.path)
        if method != "__call__" or len(args) != 1 or kwargs:
            raise ValueError(f"Layer {'/'.join(path)}: no clipping rule for {method}.")
        output = next_fn(*args)
        if args[0].shape[:1] != (num_devices,) or output.shape[:1] != (num_devices,):
            raise ValueError(
                f"Layer {'/'.join(path)}: expected devices on axis 0, for clipping."
            )
        calls = outputs.setdefault(path, [])
        if perturbations is not None:
            output = output + perturbations[path][len(calls)]
        calls.append(output)
        inputs.setdefault(path, []).append(rule.inputs(module, args[0]))
        if types is not None:
            types[path] = type(module)
        return output

    with nn.intercept_methods(interceptor):
        losses = losses_fn(params, batch)
    return losses, inputs, outputs


def _layer_params(
    params: Params, types: Mapping[tuple[str, ...], type[nn.Module]]
) -> dict[tuple[str, ...], dict[str, Array]]:
    """The parameters of each layer; refuses those that are in none."""
    found: dict[tuple[str, ...], dict[str, Array]] = {}
    for (*path, name), leaf in traverse_util.flatten_dict(params).items():
        if tuple(path) not in types:
            known = sorted(layer.__name__ for layer in RULES)
            raise ValueError(
                f"Parameter {'/'.join((*path, name))}: its layer has no clipping rule "
                f"or is not called; rules: {known}. Add one, or clip by `vmap`."
            )
        found.setdefault(tuple(path), {})[name] = leaf
    return found


def _rows(array: Num[Array, "device ..."]) -> Num[Array, "device row feature"]:
    """All axes between device and feature as one."""
    return array.reshape(array.shape[0], -1, array.shape[-1])


def _total(terms: Iterable[Array]) -> Array:
    """Sum of arrays of one shape."""
    return functools.reduce(jnp.add, terms)


def _keep(array: Array, scale: Float[Array, " device"]) -> Array:
    """Zeros for devices that do not count, since 0 times infinity is no zero."""
    if not jnp.issubdtype(array.dtype, jnp.floating):
        return array
    counts = (scale > 0).reshape((-1,) + (1,) * (array.ndim - 1))
    return jnp.where(counts, array, 0.0)


def _squares(array: Float[Array, "device row feature"]) -> Float[Array, " device"]:
    """Squared norm of the sum over rows."""
    return jnp.square(array.sum(axis=1)).sum(axis=1)


def _dense_norm(x: Array, signal: Array, params: Mapping[str, Array]) -> Array:
    """Squared norm of the sum over rows of outer products, by their Gram matrices."""
    if x.shape[1] == 1:
        squared = jnp.square(x).sum((1, 2)) * jnp.square(signal).sum((1, 2))
    else:
        gram = jnp.einsum("bri,bqi->brq", x, x, precision=_EXACT)
        squared = (
            gram * jnp.einsum("bri,bqi->brq", signal, signal, precision=_EXACT)
        ).sum((1, 2))
    return squared + _squares(signal) if "bias" in params else squared


def _dense_sum(x: Array, signal: Array, params: Mapping[str, Array]) -> dict:
    """Products that are summed over devices and rows."""
    flat = signal.reshape(-1, signal.shape[-1])
    grad = {"kernel": jnp.matmul(x.reshape(-1, x.shape[-1]).T, flat, precision=_EXACT)}
    return grad | ({"bias": flat.sum(0)} if "bias" in params else {})


def _embed_norm(codes: Array, signal: Array, params: Mapping[str, Array]) -> Array:
    """Rows meet where they have the same code."""
    same = codes == codes.transpose(0, 2, 1)
    gram = jnp.einsum("bri,bqi->brq", signal, signal, precision=_EXACT)
    return jnp.where(same, gram, 0.0).sum((1, 2))


def _embed_sum(codes: Array, signal: Array, params: Mapping[str, Array]) -> dict:
    table = jnp.zeros_like(params["embedding"])
    return {
        "embedding": table.at[codes.reshape(-1)].add(
            signal.reshape(-1, signal.shape[-1])
        )
    }


def _standardised(module: nn.LayerNorm, x: Array) -> Array:
    """What the layer multiplies by its scale, computed as flax does."""
    if module.reduction_axes != -1 or module.feature_axes != -1:
        raise ValueError("LayerNorm: the clipping rule knows the last axis only.")
    mean = x.mean(-1, keepdims=True)
    if module.use_fast_variance:
        variance = jnp.maximum((x * x).mean(-1, keepdims=True) - mean * mean, 0.0)
    else:
        variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return _rows((x - mean) * jax.lax.rsqrt(variance + module.epsilon))


def _norm_grads(x: Array, signal: Array, params: Mapping[str, Array]) -> dict:
    """Terms of each device and row; the layer is as small as its features."""
    terms = {"scale": x * signal, "bias": signal}
    return {name: terms[name] for name in params}


RULES: dict[type[nn.Module], Rule] = {
    nn.Dense: Rule(lambda module, x: _rows(x), _dense_norm, _dense_sum),
    nn.Embed: Rule(
        lambda module, codes: codes.reshape(codes.shape[0], -1, 1),
        _embed_norm,
        _embed_sum,
    ),
    nn.LayerNorm: Rule(
        _standardised,
        lambda x, signal, params: _total(
            _squares(term) for term in _norm_grads(x, signal, params).values()
        ),
        lambda x, signal, params: {
            name: term.sum((0, 1))
            for name, term in _norm_grads(x, signal, params).items()
        },
    ),
    layers.CodeDense: Rule(
        lambda module, codes: layers.one_hot(codes, module.sizes)[:, None],
        _dense_norm,
        _dense_sum,
    ),
    layers.Bias: Rule(
        lambda module, x: _rows(x),
        lambda x, signal, params: _squares(signal),
        lambda x, signal, params: {"bias": signal.sum((0, 1))},
    ),
}
"""The layer types of path `fast`; one more is one rule and its test."""
