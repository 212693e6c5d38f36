"""Free memory by day."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns
from teledp_jax.suites.dca import (
    amounts,
    facts,
    margins,
    presence,
    table_rows,
    traits,
    windows,
)

_TABLE = "os_memsam_avail_percent"
_MB_A_GB = 1024.0
_STEPS = range(0, 105, 5)


def os_memsam_avail_percent(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per sampled day: the less memory, the more of it is in use.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_TABLE)
    draw = fleet.draw(_TABLE)
    mean = np.full(len(fleet.ids), section["rows"] * facts.rows_share(_TABLE))
    days = amounts.counts(mean, amounts.activity(draw, "days", shape=0.5))
    days = np.minimum(days, windows.of(_TABLE).days)
    rows = table_rows.Rows(fleet, _TABLE, days * presence.reports(fleet, _TABLE))
    of = rows.device
    gb = np.array([float(size) for size in facts.attribute_values("ram")])
    size = gb[fleet.codes["ram"]]
    known = {str(key): value for key, value in section["used"].items()}
    used = fleet.by_value("ram", known, section["other_used"])
    own = 0.5 * margins.centred(fleet, "workload", "ram")
    own += np.sqrt(0.75) * draw.normal("used")
    used = used + section["spread"] * own
    full = draw.chance("over full", section["over_full"])
    percent = np.clip(used[of] + 5.0 * rows.draw.normal("used"), 3.0, 98.0)
    percent = np.where(full[of], -5.0, percent)
    samples = section["samples_per_row"] * (0.1 + 1.8 * rows.draw.uniform("samples"))
    samples = np.maximum(samples, 1.0).astype(np.int64)
    free = (100.0 - percent) / 100.0
    utc = rows.days() - fleet.offset[of]
    return {
        **table_rows.begin(fleet, _TABLE, guids, of, utc),
        "sample_count": pa.array(samples),
        "average": pa.array(np.maximum(free * size[of], 0.0) * _MB_A_GB),
        **_histogram(free * 100.0, samples),
    }


def _histogram(percent: np.ndarray, samples: np.ndarray) -> columns.Columns:
    """All samples in the bin of the day's mean, but for a few in the one below."""
    place = np.clip(np.floor(percent / 5.0) + 1, 0, 21).astype(np.int64)
    below = np.maximum(place - 1, 0)
    few = samples // 5
    bins = {f"below_{step}": number for number, step in enumerate(_STEPS)}
    bins["equal_to_greater_than_100"] = 21
    return {
        name: pa.array(
            np.where(place == number, samples - few * (below != place), 0)
            + np.where((below == number) & (below != place), few, 0)
        )
        for name, number in bins.items()
    }
