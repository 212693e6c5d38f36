"""Tells which devices have a table, in the one way or the other that its numbers allow.

Where a published number of devices is known by attributes, these margins are met. Where
none is, the score of a device leans on its traits as its world says.
"""

import numpy as np
from scipy import special

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts, margins, overlap, traits


def reports(fleet: traits.Fleet, table: str) -> draws.Bools:
    """Tells whether each device has a table.

    Args:
        fleet: Some devices.
        table: A name in section `tables` of the data files.

    Returns:
        One truth per device.
    """
    if table in fleet.world["presence"]:
        return _leaning(fleet, table)
    chance = margins.chances(fleet, table, coverage=fleet.coverage)
    return np.asarray(overlap.score(fleet, table) > special.ndtri(1.0 - chance))


def _leaning(fleet: traits.Fleet, table: str) -> draws.Bools:
    """Tells whether each device has a table that leans on traits."""
    section, weights = facts.section("tables")[table], fleet.world["presence"][table]
    own = traits.own_weight(fleet.world, weights)
    draw = fleet.draw(f"presence/{table}")
    score = fleet.linear(weights) + own * draw.normal("score")
    present = score > special.ndtri(1.0 - section["all"] / overlap.MILLION)
    kept = section.get("old_windows_keeps", 1.0)
    old = fleet.is_one_of("os", ["Win7", "Win8", "Win8.1"])
    return np.asarray(present & (~old | draw.chance("old windows", kept)))
