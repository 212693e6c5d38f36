"""Scores devices by how much they report, so that their tables overlap."""

import numpy as np

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts, traits

MILLION = 1e6


def score(fleet: traits.Fleet, table: str) -> draws.Floats:
    """Scores devices for a table: those that have it score highest.

    The part that tables share does not lean on the other traits: it would move margins.

    Args:
        fleet: Some devices.
        table: Name of the table.

    Returns:
        A standard normal score per device.
    """
    section = facts.section("overlap")
    latent = fleet.draw("traits").normal("reporting")
    weight = section["reporting"] * (table not in section["within_another"])
    total = weight * latent
    own = 1.0 - weight**2
    if table in section["in_partition"]:
        total = total + section["partition"] * fleet.draw("partition").normal("file")
        own -= section["partition"] ** 2
    return np.asarray(
        total + np.sqrt(own) * fleet.draw(f"members/{table}").normal("own")
    )


def share(table: str, coverage: float) -> float:
    """Computes the share of devices that have a table.

    Args:
        table: A name in section `tables`.
        coverage: Factor on the published share; none exceeds `largest_coverage`.
    """
    all_devices = facts.section("tables")[table]["all"] / MILLION
    largest = facts.section("overlap")["largest_coverage"]
    return max(min(all_devices * coverage, largest), 0.0)
