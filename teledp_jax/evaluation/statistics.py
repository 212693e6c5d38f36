"""`statistics.csv`: each column of each label, beside the real one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from teledp_jax import schemas
from teledp_jax.evaluation import columns, metrics

PERCENTILES = (1, 5, 25, 75, 95, 99)
COLUMNS = (
    "label", "table", "column", "count", "mean", "median", "variance",
    *(f"p{percent}" for percent in PERCENTILES),
    "share_absent", "share_zero", "num_values", "top_share", "total_variation",
)  # fmt: skip

Shares = dict[Any, float]
"""Number of rows of each category, or of each public bin."""


def describe(
    label: str,
    table: schemas.Table,
    rows: columns.Rows,
    real: Mapping[str, Shares],
    *,
    num_devices: int,
) -> tuple[list[dict[str, Any]], dict[str, Shares]]:
    """Computes one row per column.

    `count` is the number of values, `share_absent` the share of devices without any,
    `share_zero` the share of values that are 0, `top_share` the share of the most
    common category, `total_variation` the distance to the real shares of categories or
    public bins.

    Args:
        label: Whose table it is.
        table: Its schema.
        rows: The table.
        real: What this found of the real table; empty if this is the real one.
        num_devices: Number of devices of the label.

    Returns:
        The rows, and the numbers of rows by category or public bin of each column.
    """
    result, found = [], dict[str, Shares]()
    for column in table.columns:
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {"label": label, "table": table.name, "column": column.name}
        if column.is_number:
            values = rows.numbers[column.name]
            valid = ~np.isnan(values)
            shares = _bins(column, values[valid])
            row |= _number(values[valid])
        else:
            category = rows.categories[column.name]
            valid = category.codes >= 0
            shares = _values(category)
            row |= _category(shares)
        found[column.name] = shares
        row["count"] = int(valid.sum())
        if num_devices:
            row["share_absent"] = 1 - rows.num_devices(valid) / num_devices
        row["total_variation"] = metrics.total_variation(
            real.get(column.name, shares), shares
        )
        result.append(row)
    return result, found


def _number(values: Float[np.ndarray, " value"]) -> dict[str, Any]:
    """Moments and percentiles; nothing of no values."""
    if not values.size:
        return {}
    points = np.percentile(values, (50, *PERCENTILES))
    names = ("median", *(f"p{percent}" for percent in PERCENTILES))
    return {
        "mean": float(values.mean()),
        "variance": float(values.var()),
        "share_zero": float((values == 0).mean()),
        **dict(zip(names, map(float, points), strict=True)),
    }


def _category(shares: Shares) -> dict[str, Any]:
    """Number of values seen, and the share of the most common."""
    if not shares:
        return {"num_values": 0}
    total = sum(shares.values())
    return {"num_values": len(shares), "top_share": max(shares.values()) / total}


def _bins(column: schemas.Column, values: Float[np.ndarray, " value"]) -> Shares:
    """Number of values in each public bin; zero has its own."""
    bins = np.searchsorted(column.edges, values, side="right") - 1
    codes = np.clip(bins, 0, column.num_bins - 1) + column.first_bin
    if column.has_zero:
        codes = np.where(values == 0, schemas.ZERO, codes)
    return {code: float(n) for code, n in enumerate(np.bincount(codes)) if n}


def _values(category: columns.Categories) -> Shares:
    """Number of rows of each category."""
    known = category.codes[category.codes >= 0]
    counts = np.bincount(known, minlength=len(category.values))
    return {
        name: float(n) for name, n in zip(category.values, counts, strict=True) if n
    }
