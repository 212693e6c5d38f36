"""Sums of per-device clipped gradients, on three paths that agree.

`fast` never forms a gradient of one device: see `ghost`, and `rules` for the layers
that it knows. `vmap` forms the gradients of a micro-batch; `loop` takes one device
after the other, for tests.

References:
    Abadi et al. 2016 (arXiv:1607.00133), clipping; Bu et al. 2023 (arXiv:2206.07136),
    normalised clipping.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from teledp_jax.dpsgd import ghost

Params = dict[str, Any]
Batch = Any
LossesFn = Callable[[Params, Batch], Float[Array, " device"]]
"""Loss of each device, given parameters and a batch whose leaves have devices first.

A device's loss depends on its own slice of the batch and on nothing else of it.
"""
PATHS = ("fast", "vmap", "loop")

_STABILITY = 0.01  # gamma of arXiv:2206.07136, which keeps small gradients small
_EXACT = jax.lax.Precision.HIGHEST  # else accelerators round products to fewer bits


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
    so it is private; its L2 sensitivity to one device is `clip.l2_clip_norm`.

    Args:
        losses_fn: Loss of each device.
        params: Parameters to differentiate by.
        batch: What the losses read, devices first. Private.
        mask: Which devices count.
        clip: How gradients are bounded, and on which path.

    Returns:
        The sum, in the shapes of `params` and the unit of gradients. Private.

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
    """Computes what each device's gradient is multiplied by; 0 where it must not count.

    Args:
        squared_norms: Squared L2 norm of each gradient.
        losses: Loss of each device; one that is not finite does not count.
        mask: Which devices count.
        clip: How gradients are bounded.

    Returns:
        Factors, not negative: min(1, C / norm) (Abadi et al. 2016) or, normalised, C /
        (norm + gamma) (Bu et al. 2023).
    """
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

    def add(total: Params, device: tuple[Batch, Array]) -> tuple[Params, None]:
        one, counts = jax.tree.map(lambda leaf: leaf[None], device)
        loss, grad = jax.value_and_grad(lambda p: losses_fn(p, one)[0])(params)
        squared = _total(jnp.sum(leaf**2) for leaf in jax.tree.leaves(grad))
        scale = scales(squared[None], loss[None], counts, clip)[0]
        grad = jax.tree.map(lambda g: jnp.where(scale > 0, scale * g, 0.0), grad)
        return jax.tree.map(jnp.add, total, grad), None

    return jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), (batch, mask))[0]


def _fast(
    losses_fn: LossesFn, params: Params, batch: Batch, mask: Array, clip: Clip
) -> Params:
    """Norms and sum from layer inputs and output signals."""
    measured = ghost.measure(losses_fn, params, batch, mask.shape[0])
    scale = scales(measured.squared_norms, measured.losses, mask, clip)
    return ghost.weighted_sum(measured, scale)


def _total(terms: Iterable[Array]) -> Array:
    """Sum of arrays of one shape."""
    return functools.reduce(jnp.add, terms)


def _keep(array: Array, scale: Float[Array, " device"]) -> Array:
    """Zeros for devices that do not count, since 0 times infinity is no zero."""
    counts = (scale > 0).reshape((-1,) + (1,) * (array.ndim - 1))
    return jnp.where(counts, array, 0.0)
