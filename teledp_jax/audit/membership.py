"""A simple attack on releases: members lie closer to synthetic devices than others."""

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base
from teledp_jax.audit import bounds, fleets
from teledp_jax.pe import embedding, voting
from teledp_jax.privacy import findings

MEMBERSHIP = "membership by distance"


def attack(
    case: fleets.Case,
    fitted: base.Tree,
    members: arrays.DeviceArrays,
    others: arrays.DeviceArrays,
    *,
    seed: int = 0,
) -> findings.Finding:
    """Ranks members and others by their distance to the closest synthetic device.

    The distance is over all tables of a device at once. As many devices are released
    as there are members.

    Args:
        case: The method.
        fitted: What it returned for the members.
        members: The fleet.
        others: Devices of the same distribution, kept out.
        seed: Of the sample.

    Returns:
        One finding: the area under the curve of the ranks, against what the budget
        allows.
    """
    num_synthetic = arrays.num_devices(members)
    release = case.method.sample(jax.random.key(seed), fitted, num_synthetic)
    synthetic = case.flat(release)
    space = embedding.make(case.fixed, embedding.head_weights(case.fixed))
    near = [-distances(space, case.flat(part), synthetic) for part in (members, others)]
    area = bounds.auc(*near)
    limit = bounds.most_auc(fleets.EPSILON, fleets.DELTA)
    return findings.Finding(
        MEMBERSHIP,
        case.name,
        f"AUC {area.value:.3f} ({area.low:.3f} to {area.high:.3f})",
        f"AUC {limit:.3f}",
        findings.verdict(area.low <= limit),
    )


def distances(
    space: embedding.Embedding,
    devices: Integer[np.ndarray, "device head"],
    candidates: Integer[np.ndarray, "candidate head"],
) -> Float[np.ndarray, " device"]:
    """Computes the distance of each device to its nearest candidate.

    Args:
        space: The embedding that distances are taken in.
        devices: Codes of devices.
        candidates: Codes of candidates.

    Returns:
        An L1 distance of clipped embeddings, per device.
    """
    nearest = candidates[voting.nearest(space, devices, candidates)]
    apart = np.abs(
        space.embed(devices).astype(np.int64) - space.embed(nearest).astype(np.int64)
    )
    return np.minimum(apart, space.caps).sum(axis=1).astype(np.float64)
