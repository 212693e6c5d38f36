"""Adds noise to a sum of clipped gradients, on a public grid and with full tails.

Noise that is drawn as floats has no tail beyond some five standard deviations, and lies
on a grid that depends on its size, so that low bits of a noisy sum may tell sums apart
(Mironov 2012). Here the sum S is rounded to whole steps of a public width w, and whole
numbers of steps are added by the discrete Gaussian of `discrete`: what is released is a
whole number of steps, whatever the data.

Sensitivity. A device moves S by at most the clip norm C, so S / w by at most C / w.
Rounding moves each of the P entries of the difference by less than one step, sqrt(P) in
L2 norm (triangle inequality); holding entries to +-`_LARGEST` steps moves no two sums
apart. A share a of C is granted to the rounding of clip, sum and S / w in float32. What
these round is relative to |S|, which grows with the number n of devices in a step, so
a = `_CLIPPING` + `_SUMMING` n. Together C (1 + a) / w + sqrt(P) steps, and w is such
that the noise of sigma' steps (below) is `noise_multiplier` times that.

Proof that a step is a Gaussian mechanism. Let S be the rounded sum, in steps, and N
continuous Gaussian noise of sigma' steps. Round S + N to whole numbers at random, by a
discrete Gaussian of parameter t = 4 around it. This reads nothing but S + N, so it is
as private as the Gaussian mechanism of sigma', in any dimension, sampled or composed.
S is whole, so what is added to S in all has P(x) = integral of N's density at u times
exp(-(x - u)^2 / (2 t^2)) / (the sum of that over whole x). The sum is the same for all
u up to a factor 1 +- 2 exp(-2 pi^2 t^2), below 1e-136, and without that factor P is a
discrete Gaussian of parameter sqrt(sigma'^2 + t^2) = SIGMA (Micciancio and Walter
2017, IACR ePrint 2017/259). So sigma' = sqrt(SIGMA^2 - t^2), and adding discrete
Gaussian noise of SIGMA is as private as adding N, up to the failure probability.

Failure. What jit draws is within `discrete.MISSING` of that noise, in total variation
per number; `failure_probability` adds this up over the numbers of a training (union
bound). The ledger holds the sum as `events.InexactNoiseDpEvent`, and `accounting` adds
(1 + e^epsilon) times it to delta.

Not proved is the allowance: eight times or more what tests measure where it is worst,
for equal gradients. No bound of practical use is known for a sum that an accelerator
may order as it likes. That, and keys of 64 bits, are all that epsilon takes for granted
here.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from teledp_jax.dpsgd import discrete

_CLIPPING = 2.0**-9  # of the clip norm
_SUMMING = 2.0**-19  # of the clip norm, per device of a step: 32 roundings of float32
_LARGEST = 3 * 2**29  # steps: thousands of clip norms; with noise it fits 32 bits
_ROUNDING = 4.0  # t of the proof
_SIGMA = math.sqrt(discrete.SIGMA**2 - _ROUNDING**2)  # sigma' of the proof


def step_width(
    num_parameters: int,
    *,
    l2_clip_norm: float,
    noise_multiplier: float,
    expected_batch_size: float,
) -> float:
    """Computes the width of a step of the grid.

    Args:
        num_parameters: Entries of the sum.
        l2_clip_norm: Largest L2 change of the exact sum, as one device joins.
        noise_multiplier: Noise standard deviation per unit of sensitivity.
        expected_batch_size: Devices that a sum is expected to hold.

    Returns:
        The width, in the unit of the gradients. The noise is `discrete.SIGMA` steps.

    Raises:
        ValueError: If there is no noise, or so much that rounding would more than
            double it.
    """
    rounding = math.sqrt(num_parameters)
    most = _SIGMA / (2 * rounding)
    if not 0 < noise_multiplier < most:
        raise ValueError(
            f"Expected 0 < noise_multiplier < {most:.0f} for {num_parameters} "
            f"parameters, got {noise_multiplier}."
        )
    sensitivity = _SIGMA / noise_multiplier  # in steps
    allowance = _CLIPPING + _SUMMING * expected_batch_size
    return l2_clip_norm * (1 + allowance) / (sensitivity - rounding)


def noisy_sum(
    key: Key[Array, ""],
    clipped_sum: Any,
    *,
    l2_clip_norm: float,
    noise_multiplier: float,
    expected_batch_size: float,
) -> Any:
    """Releases a sum of clipped gradients by the discrete Gaussian mechanism.

    Args:
        key: The step's noise key, spent on this release and on nothing else.
        clipped_sum: Exact sum over the drawn devices, any tree of float32 arrays.
            Private.
        l2_clip_norm: Largest L2 change of the sum, as one device joins.
        noise_multiplier: Noise standard deviation per unit of sensitivity.
        expected_batch_size: Devices that a sum is expected to hold.

    Returns:
        The noisy sum in float32, in the shapes of `clipped_sum`: its last rounding is
        of what is public by then.

    References:
        Canonne et al. 2020 (arXiv:2004.00010); Kairouz et al. 2021 (arXiv:2102.06387),
        who round and add discrete noise to the same end.
    """
    width = step_width(
        sum(leaf.size for leaf in jax.tree.leaves(clipped_sum)),
        l2_clip_norm=l2_clip_norm,
        noise_multiplier=noise_multiplier,
        expected_batch_size=expected_batch_size,
    )
    return on_grid(key, clipped_sum, width)


def on_grid(
    key: Key[Array, ""], clipped_sum: Any, width: float | Float[Array, ""]
) -> Any:
    """Releases a sum as `noisy_sum` does, on a grid of known width.

    A width that is an argument of a program is not in it: budgets share the program.

    Args:
        key: The step's noise key, spent on this release and on nothing else.
        clipped_sum: Exact sum over the drawn devices, any tree of float32 arrays.
            Private.
        width: What `step_width` returned: it sets the noise.

    Returns:
        What `noisy_sum` returns.
    """
    leaves, structure = jax.tree.flatten(clipped_sum)
    sizes = [leaf.size for leaf in leaves]
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
        A bound of the total variation, for `events.InexactNoiseDpEvent`.
    """
    return num_parameters * num_steps * discrete.MISSING
