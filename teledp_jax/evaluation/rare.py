"""`rare_events.csv`: does what few devices report survive?"""

from typing import Any

import numpy as np
from jaxtyping import Integer

from teledp_jax import schemas
from teledp_jax.evaluation import columns

COLUMNS = (
    "label", "table", "column", "value", "real_share", "synthetic_share", "ratio",
)  # fmt: skip
LARGEST_SHARE = 0.05  # of the real devices
FEWEST_DEVICES = 20  # fewer cannot be told from noise
_ROWS = 2**20  # that are counted at once, and those of one more device
ANY_ROW = "any row"
NOT_ZERO = "not zero"

Event = tuple[str, str]
"""A column (empty: the table itself) and a value in words."""


def count_events(table: schemas.Table, rows: columns.Rows) -> dict[Event, int]:
    """Counts the devices with each event.

    Events are: a device has a row in the table, has a category in some row, has a
    number other than zero in some row.
    """
    counts: dict[Event, int] = {}
    if table.role != "anchor":
        counts["", ANY_ROW] = len(rows.ids)
    for name, values in rows.numbers.items():
        chosen = ~np.isnan(values) & (values != 0)
        counts[name, NOT_ZERO] = rows.num_devices(chosen)
    for name, category in rows.categories.items():
        devices = _devices_of(category, rows.device)
        for value, count in zip(category.values, devices, strict=True):
            counts[name, value] = int(count)
    return counts


def _devices_of(
    category: columns.Categories, device: Integer[np.ndarray, " row"]
) -> Integer[np.ndarray, " value"]:
    """Number of devices with each category, counted over some rows at a time."""
    width = len(category.values)
    found = np.zeros(width, np.int64)
    ordered = bool((np.diff(device) >= 0).all())
    start = 0
    while start < len(device):
        stop = len(device)
        if ordered and start + _ROWS < stop:  # all rows of a device at once
            stop = int(np.searchsorted(device, device[start + _ROWS], side="right"))
        codes = category.codes[start:stop].astype(np.int64)
        known = codes >= 0
        pairs = np.unique(
            device[start:stop].astype(np.int64)[known] * width + codes[known]
        )
        found += np.bincount(pairs % max(width, 1), minlength=width)
        start = stop
    return found


def compare(
    label: str,
    table: schemas.Table,
    real: dict[Event, int],
    synthetic: dict[Event, int],
    *,
    num_real: int,
    num_synthetic: int,
) -> list[dict[str, Any]]:
    """Finds one row per event that at least 20 but under 5 % of the real devices have.

    Args:
        label: Whose events they are.
        table: The table.
        real: Number of real devices with each event.
        synthetic: Number of the label's devices with each event.
        num_real: Number of real devices.
        num_synthetic: Number of the label's devices.
    """
    result = []
    for (column, value), count in sorted(real.items()):
        if not FEWEST_DEVICES <= count < LARGEST_SHARE * num_real:
            continue
        share = count / num_real
        own = synthetic.get((column, value), 0) / max(num_synthetic, 1)
        result.append(
            {
                "label": label,
                "table": table.name,
                "column": column,
                "value": value,
                "real_share": share,
                "synthetic_share": own,
                "ratio": own / share,
            }
        )
    return result
