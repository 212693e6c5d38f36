"""Makes simulated fleets, and reads what a table writes of them."""

import numpy as np

from teledp_jax.suites import columns
from teledp_jax.suites.dca import facts, sysinfo, traits

NUM_DEVICES = 8_000
COVERAGE = 10.0


def make_fleet(
    num_devices: int, *, coverage: float = 1.0, seed: int = 4, world: str = "a"
) -> traits.Fleet:
    return traits.make_fleet(
        seed=seed,
        ids=np.arange(num_devices),
        world=facts.world_named(world),
        coverage=coverage,
    )


def rows_of(fleet: traits.Fleet, table) -> tuple[columns.Columns, np.ndarray]:
    rows = table(fleet, sysinfo.guids(fleet))
    return rows, rows["guid"].indices.to_numpy().astype(np.int64)


def texts(rows: columns.Columns, name: str) -> np.ndarray:
    """A text column, whose values are few, as an array of text."""
    values = np.array([str(value) for value in rows[name].dictionary.to_pylist()])
    return values[rows[name].indices.to_numpy(zero_copy_only=False)]


def num_rows(fleet: traits.Fleet, table) -> np.ndarray:
    """Rows of each device."""
    _, device = rows_of(fleet, table)
    return np.bincount(device, minlength=len(fleet.ids))
