"""Adds noise to a sum of clipped gradients, on a public grid and with full tails.

Noise that is drawn as floats has no tail beyond some five standard deviations, and lies
on a grid that depends on its size, so that low bits of a noisy sum may tell sums apart
(Mironov 2012). Here the sum S is rounded to whole steps of a public width w, and whole
numbers of steps are added by the discrete Gaussian of `discrete`: what is released is a
whole number of steps, whatever the data.

Sensitivity. A device moves S by at most the clip norm C, hence S / w by at most C / w.
Rounding moves each of the P entries of the difference by less than one step, sqrt(P) in
L2 norm (triangle inequality); holding entries to +-`_LARGEST` steps moves no two sums
apart. A share `_ALLOWANCE` of C is granted to the rounding of clip and sum in float32.
Together C (1 + _ALLOWANCE) / w + sqrt(P) steps, and w is such that the noise of SIGMA
steps is `noise_multiplier` times that. SIGMA is so large that the privacy curves of
discrete and continuous Gaussian differ by less than exp(-2 pi^2 SIGMA^2).

The allowance is ten times what tests measure for thousands of aligned gradients. It is
not proved: no bound of practical use is known for a sum that an accelerator may order
as it likes. That, and keys of 64 bits, are all that epsilon takes for granted here.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from teledp_jax.dpsgd import discrete

_ALLOWANCE = 2.0**-9
_LARGEST = 2**29  # steps: hundreds of clip norms, so that no sum of use is cut


def step_width(
    num_parameters: int, *, l2_clip_norm: float, noise_multiplier: float
) -> float:
    """Computes the width of a step of the grid.

    Args:
        num_parameters: Entries of the sum.
        l2_clip_norm: Largest L2 change of the exact sum, as one device joins.
        noise_multiplier: Noise standard deviation per unit of sensitivity.

    Returns:
        The width, in the unit of the gradients. The noise is `discrete.SIGMA` steps.

    Raises:
        ValueError: If the noise is so large that rounding would more than double it.
    """
    sensitivity = discrete.SIGMA / noise_multiplier  # in steps
    rounding = math.sqrt(num_parameters)
    if not 2 * rounding < sensitivity:
        raise ValueError(
            f"Expected noise_multiplier < {discrete.SIGMA / (2 * rounding):.0f} for "
            f"{num_parameters} parameters, got {noise_multiplier}."
        )
    return l2_clip_norm * (1 + _ALLOWANCE) / (sensitivity - rounding)


def noisy_sum(
    key: Key[Array, ""],
    clipped_sum: Any,
    *,
    l2_clip_norm: float,
    noise_multiplier: float,
) -> Any:
    """Releases a sum of clipped gradients by the discrete Gaussian mechanism.

    Args:
        key: The step's noise key, spent on this release and on nothing else.
        clipped_sum: Exact sum over the drawn devices, any tree of float32 arrays.
            Private.
        l2_clip_norm: Largest L2 change of the sum, as one device joins.
        noise_multiplier: Noise standard deviation per unit of sensitivity.

    Returns:
        The noisy sum in float32, in the shapes of `clipped_sum`: its last rounding is
        of what is public by then.

    References:
        Canonne et al. 2020 (arXiv:2004.00010); Kairouz et al. 2021 (arXiv:2102.06387),
        who round and add discrete noise to the same end.
    """
    leaves, structure = jax.tree.flatten(clipped_sum)
    sizes = [leaf.size for leaf in leaves]
    width = step_width(
        sum(sizes), l2_clip_norm=l2_clip_norm, noise_multiplier=noise_multiplier
    )
    flat = jnp.concatenate([leaf.reshape(-1) for leaf in leaves])
    steps = jnp.clip(jnp.rint(flat / jnp.float32(width)), -_LARGEST, _LARGEST)
    noisy = steps.astype(jnp.int32) + discrete.noise(key, sum(sizes))
    released = noisy.astype(jnp.float32) * jnp.float32(width)
    parts = jnp.split(released, np.cumsum(sizes)[:-1])
    return jax.tree.unflatten(
        structure,
        [part.reshape(leaf.shape) for leaf, part in zip(leaves, parts, strict=True)],
    )


def failure_probability(num_parameters: int, num_steps: int) -> float:
    """Bounds how far all noise of a training is from the exact discrete Gaussian.

    Args:
        num_parameters: Entries of each sum.
        num_steps: Sums that are released.

    Returns:
        A bound of the total variation, to be added to delta. Each entry has two draws.
    """
    return 2 * num_parameters * num_steps * discrete.MISSING
