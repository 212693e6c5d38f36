"""The noisy sums of one clipped release of statistics, and their noise."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import clipped, statistics, vectors
from teledp_jax.privacy import release

_SHARE = 0.5  # of the devices, about: these keep their whole vector


class Noisy(NamedTuple):
    """The noisy sums.

    Attributes:
        plan: What was measured.
        values: Weighed rows in each cell, blocks' weights taken out.
        stddevs: Of the noise of the cells of each block.
        norm: The bound of the clip.
        num_devices: Noisy number of devices.
    """

    plan: statistics.Plan
    values: Float[np.ndarray, " cell"]
    stddevs: Float[np.ndarray, " block"]
    norm: float
    num_devices: int


def measure(
    streams: keys.Keys,
    schema: schemas.Schema,
    plan: statistics.Plan,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    norm_sigma: float,
    sigma: float,
    num_devices: int,
) -> Noisy:
    """Finds the bound of the clip under noise, then releases the sums, each once.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        plan: What is measured.
        devices: The private devices of this process.
        context: Of the fit.
        norm_sigma: Noise of the counts of norms, of which a device changes one by one.
        sigma: Noise of the sums, in steps of `clipped`.
        num_devices: Noisy number of devices.

    Returns:
        The noisy sums, safe to release.
    """
    counts = release.count_once(
        "noisy_norms",
        lambda: vectors.norm_counts(schema, plan, devices),
        key=jax.random.fold_in(streams.noise, 0),
        sigma=norm_sigma,
        context=context,
    )
    norm = vectors.choose_norm(plan, counts, share=_SHARE, sigma=norm_sigma)
    sums = release.count_once(
        "noisy_sums",
        lambda: vectors.sums(schema, plan, devices, norm=norm),
        key=jax.random.fold_in(streams.noise, 1),
        sigma=sigma,
        context=context,
    )
    weights = np.array([block.weight for block in plan.blocks])
    step = norm / clipped.STEPS
    values = sums * step / np.concatenate([b.cell_weights for b in plan.blocks])
    return Noisy(plan, values, sigma * step / weights, norm, num_devices)


def noise_of_counts(noisy: Noisy) -> dict[str, float]:
    """States the noise on a count of devices, before the clip is undone.

    Args:
        noisy: The noisy sums.

    Returns:
        `column_noise` of a code of a column and, where pairs are measured,
        `pair_noise`: medians over blocks of the standard deviation, in devices.
    """
    found: dict[int, list[float]] = {1: [], 2: []}
    for block, stddev in zip(noisy.plan.blocks, noisy.stddevs, strict=True):
        kinds = [side.kind for side in block.sides if side.kind != "bucket"]
        if "column" in kinds:
            found[len(kinds)].append(float(stddev))
    names = {1: "column_noise", 2: "pair_noise"}
    return {names[n]: float(np.median(own)) for n, own in found.items() if own}
