"""Finds rows of real devices among released ones: what is copied is not synthetic.

The distance of a released row to its nearest real one is 0 if it is a copy. That
happens by chance as well where a table holds few values, as rows of devices that were
set aside show. Where a column has fractions it does not: decoding draws them anew.
"""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from teledp_jax import schemas
from teledp_jax.data import device_files
from teledp_jax.privacy import findings

COPIES = "copies"
MOST = 0.005
"""Most by which the share of copies may exceed that among devices set aside."""


def check(
    schema: schemas.Schema,
    label: str,
    *,
    released: pathlib.Path,
    real: pathlib.Path,
    holdout: pathlib.Path,
) -> list[findings.Finding]:
    """Counts copies in each released table, beside those among the holdout.

    Args:
        schema: The device tables.
        label: What made the tables, for people.
        released: Folder of the released device tables.
        real: Of the device tables of the fleet.
        holdout: Of those of the devices that were set aside.

    Returns:
        One finding per table. A table without fractions is not judged: its rows repeat
        by chance.
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
    fractions = [column for column in table.columns if column.kind == "double"]
    if not fractions:
        text = "no fractions"
        return findings.Finding(COPIES, name, text, "none", findings.SKIPPED)
    known = set(_rows(schema, table, real))
    among, chance = (
        _share([row in known for row in _rows(schema, table, folder)])
        for folder in (released, holdout)
    )
    return findings.Finding(
        COPIES,
        name,
        f"{among:.2%} of rows",
        f"{chance + MOST:.2%}",
        findings.verdict(among <= chance + MOST),
    )


def _share(hits: list[bool]) -> float:
    """The share of hits; 0 of nothing."""
    return sum(hits) / max(len(hits), 1)


def _rows(
    schema: schemas.Schema, table: schemas.Table, folder: pathlib.Path
) -> list[tuple[object, ...]]:
    """Rows that hold a fraction, without the id of their device."""
    columns = [
        device_files.read_column(folder, table.name, column.name)
        for column in table.columns
    ]
    telling = np.zeros(len(columns[0]), bool)
    for column, values in zip(table.columns, columns, strict=True):
        if column.kind == "double":
            telling |= _is_fraction(values)
    kept = pa.array(telling)
    return list(
        zip(*(values.filter(kept).to_pylist() for values in columns), strict=True)
    )


def _is_fraction(values: pa.Array) -> Bool[np.ndarray, " row"]:
    """Whether each value is no whole number, and so none of a bound or of zero."""
    numbers = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False)
    finite = np.where(np.isfinite(numbers), numbers, 0.0)
    found: np.ndarray = finite != np.floor(finite)
    return found
