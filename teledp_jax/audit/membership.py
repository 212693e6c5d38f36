"""A simple attack on releases: members lie closer to synthetic devices than others."""

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays
from teledp_jax.audit import bounds, fleets, results, transcript
from teledp_jax.pe import embedding, voting

MEMBERSHIP = "membership by distance"


def attack(
    case: fleets.Case,
    members: arrays.DeviceArrays,
    others: arrays.DeviceArrays,
    *,
    num_synthetic: int,
    seed: int = 0,
) -> results.Finding:
    """Fits a method on members and ranks both by distance to the closest record.

    The distance is over all tables of a device at once.

    Args:
        case: The method.
        members: The fleet.
        others: Devices of the same distribution, kept out.
        num_synthetic: Devices to release.
        seed: Of fit and sample.
    """
    found = transcript.record(case.method, members, seed=seed, trains=True)
    if found.fitted is None:
        raise ValueError(f"{case.name} {found.strayed[0]}.")
    release = case.method.sample(jax.random.key(seed), found.fitted, num_synthetic)
    synthetic = arrays.flatten(case.schema, release)
    space = embedding.make(case.schema, embedding.head_weights(case.schema))
    near = [
        -distances(space, arrays.flatten(case.schema, part), synthetic)
        for part in (members, others)
    ]
    area = bounds.auc(*near)
    limit = bounds.most_auc(fleets.EPSILON, fleets.DELTA)
    return results.Finding(
        MEMBERSHIP,
        case.name,
        f"AUC {area.value:.3f} ({area.low:.3f} to {area.high:.3f})",
        f"AUC {limit:.3f}",
        results.verdict(area.low <= limit),
    )


def distances(
    space: embedding.Embedding,
    devices: Integer[np.ndarray, "device head"],
    candidates: Integer[np.ndarray, "candidate head"],
) -> Float[np.ndarray, " device"]:
    """Distance of each device to its nearest candidate."""
    nearest = candidates[voting.nearest(space, devices, candidates)]
    apart = np.abs(
        space.embed(devices).astype(np.int64) - space.embed(nearest).astype(np.int64)
    )
    return np.minimum(apart, space.caps).sum(axis=1).astype(np.float64)
