"""How many devices have a table of workload intel, and what makes tables overlap."""

import numpy as np

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts, traits

MILLION = 1e6


def score(fleet: traits.Fleet, table: str) -> draws.Floats:
    """Standard normal scores: the devices that have a table score highest.

    The part that tables share does not lean on the other traits, lest it move margins.
    """
    section = facts.intel("overlap")
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
    """The share of devices that have a table."""
    all_devices = facts.intel("devices")[table]["all"] / MILLION
    largest = facts.intel("overlap")["largest_coverage"]
    return max(min(all_devices * coverage, largest), 0.0)
