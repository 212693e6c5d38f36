"""Finds rows of real devices among released ones: what is copied is not synthetic.

The distance of a released row to its nearest real one is 0 if it is a copy, and small
if it is a copy with a little noise. Both happen by chance as well, as rows of devices
that were set aside show: they set the radius that counts as near, and how many rows
may be. Where a column has fractions, decoding draws them anew, so that few rows are
near; a table without them is judged if rows of the holdout are hardly ever near.
"""

import pathlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import scipy.spatial
from jaxtyping import Float

from teledp_jax import schemas
from teledp_jax.data import device_files
from teledp_jax.privacy import findings

COPIES = "copies"
MOST = 0.005
"""Most by which the share of near rows may exceed that among devices set aside."""

_QUANTILE, _NEARER = 0.01, 10.0
"""A row is near if it is so many times nearer than all but this share of the holdout's
rows, leaving out those that equal a real one."""

Rows = dict[tuple[object, ...], list[list[float]]]
"""Numbers of rows, by what must be equal: texts, and which numbers are there."""


def check(
    schema: schemas.Schema,
    label: str,
    *,
    released: pathlib.Path,
    real: pathlib.Path,
    holdout: pathlib.Path,
) -> list[findings.Finding]:
    """Counts near copies in each released table, beside those among the holdout.

    Args:
        schema: The device tables.
        label: What made the tables, for people.
        released: Folder of the released device tables.
        real: Of the device tables of the fleet.
        holdout: Of those of the devices that were set aside.

    Returns:
        One finding per table. A table without fractions whose rows repeat by chance is
        not judged.
    """
    return [
        _table(schema, table, label, released, real, holdout) for table in schema.tables
    ]


def _table(
    schema: schemas.Schema,
    table: schemas.Table,
    label: str,
    released: pathlib.Path,
    real: pathlib.Path,
    holdout: pathlib.Path,
) -> findings.Finding:
    """One table."""
    name = f"{label}, {table.name}"
    known, *others = (
        _rows(schema, table, folder) for folder in (real, released, holdout)
    )
    among, chance = (_distances(rows, known) for rows in others)
    radius = _radius(chance)
    near, usual = (
        (part <= radius).mean() if len(part) else 0.0 for part in (among, chance)
    )
    has_fractions = any(column.kind == "double" for column in table.columns)
    if not has_fractions and usual > MOST:
        text = f"{usual:.2%} of the holdout's rows equal one by chance"
        return findings.Finding(COPIES, name, text, "none", findings.SKIPPED)
    return findings.Finding(
        COPIES,
        name,
        f"{near:.2%} of rows within {radius:.2g}",
        f"{usual + MOST:.2%}",
        findings.verdict(bool(near <= usual + MOST)),
    )


def _radius(distances: Float[np.ndarray, " row"]) -> float:
    """How near is near, as the rows of the holdout say; 0 if they are few."""
    apart = distances[np.isfinite(distances) & (distances > 0)]
    if not len(apart):
        return 0.0
    return float(np.quantile(apart, _QUANTILE, method="lower")) / _NEARER


def _distances(rows: Rows, known: Rows) -> Float[np.ndarray, " row"]:
    """Distance of each row to the nearest known one, by the largest gap of a number.

    Numbers are in units of their range. Rows whose texts are not equal are infinitely
    far apart.
    """
    parts = [np.zeros(0)]
    for texts, numbers in rows.items():
        if texts not in known:
            parts.append(np.full(len(numbers), np.inf))
        elif not numbers[0]:
            parts.append(np.zeros(len(numbers)))
        else:
            tree = scipy.spatial.cKDTree(np.array(known[texts]))
            parts.append(tree.query(np.array(numbers), p=np.inf)[0])
    found: Float[np.ndarray, " row"] = np.concatenate(parts)
    return found


def _rows(schema: schemas.Schema, table: schemas.Table, folder: pathlib.Path) -> Rows:
    """Rows without the id of their device; only those with a fraction, if any can."""
    columns = [
        device_files.read_column(folder, table.name, column.name)
        for column in table.columns
    ]
    telling = np.zeros(len(columns[0]), bool)
    has_fractions = any(column.kind == "double" for column in table.columns)
    texts: list[Sequence[object]] = []
    numbers: list[np.ndarray] = []
    for column, values in zip(table.columns, columns, strict=True):
        if column.kind == "category":
            texts.append(values.to_pylist())
            continue
        given = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if column.kind == "double":
            telling |= np.isfinite(given) & (given != np.floor(given))
        texts.append(
            np.where(np.isfinite(given), np.sign(given), np.nan).astype(str).tolist()
        )
        numbers.append(_scaled(column, given))
    rows: Rows = {}
    for row in np.flatnonzero(telling | (not has_fractions)).tolist():
        key = tuple(part[row] for part in texts)
        rows.setdefault(key, []).append([float(part[row]) for part in numbers])
    return rows


def _scaled(
    column: schemas.Column, values: Float[np.ndarray, " row"]
) -> Float[np.ndarray, " row"]:
    """Numbers in units of the range of their column; what is none is 0."""
    low, high = column.edges[0], column.edges[-1]
    if column.scale == "log":
        sizes = np.abs(np.where(np.isfinite(values) & (values != 0), values, 1.0))
        return np.log(sizes) / np.log(high / low)
    return np.where(np.isfinite(values), values, 0.0) / (high - low)
