"""Draws which of many things each device has, by published shares of devices."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from teledp_jax.suites import draws
from teledp_jax.suites.dca import traits


def owned(
    fleet: traits.Fleet,
    purpose: str,
    devices: draws.Ints,
    shares: draws.Floats,
    weights: Sequence[Mapping[str, float]],
) -> tuple[draws.Ints, draws.Ints]:
    """Draws the things that devices have.

    A thing leans on traits with `weights` and keeps its share of devices.

    Args:
        fleet: Some devices.
        purpose: A name for these draws.
        devices: Places of the devices that may have things, in order.
        shares: Of devices that have each thing: one row for all, or one per device.
        weights: Of traits, for each thing.

    Returns:
        The device and the thing of each pair, in the order of devices.
    """
    num_things = shares.shape[1]
    own = draws.Draws(
        fleet.seed,
        purpose,
        np.repeat(fleet.ids[devices], num_things),
        np.tile(np.arange(num_things), len(devices)),
    )
    score = own.normal("has").reshape(len(devices), num_things)
    kinds = [tuple(weight.items()) for weight in weights]
    for kind in set(kinds) - {()}:
        things = [thing for thing, other in enumerate(kinds) if other == kind]
        own_weight = traits.own_weight(fleet.world, dict(kind))
        leaning = fleet.linear(dict(kind))[devices]
        score[:, things] = own_weight * score[:, things] + leaning[:, None]
    place, thing = np.nonzero(score > special.ndtri(1.0 - np.clip(shares, 0.0, 1.0)))
    return devices[place], thing
