"""Neighbouring sources: all raw rows of one device in or out, and odd ones in."""

import datetime
import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax.data import definition, rawfiles

_ODD: dict[str, tuple[Any, ...]] = {
    "VARCHAR": ("", "\0", "Other", "x" * 5000, "'\"; --", None),
    "DOUBLE": (float("nan"), float("inf"), -1e300, 1e300, 5e-324, None),
    "FLOAT": (float("nan"), float("inf"), -1e30, 1e30, None),
    "TIMESTAMP": (
        datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31), None,
    ),
}  # fmt: skip
_LARGEST = {"SMALLINT": 2**15 - 1, "INTEGER": 2**31 - 1, "BIGINT": 2**62}


def write_without(
    suite: definition.Suite,
    source: pathlib.Path,
    folder: pathlib.Path,
    device: str,
) -> None:
    """Copies raw files without the rows of one device.

    Args:
        suite: The suite.
        source: Folder of its raw files.
        folder: Gets the copies.
        device: Id of the device.
    """
    for name, files in rawfiles.present(suite, source).items():
        table = suite.sources[name]
        for file in files:
            copy = folder / pathlib.Path(str(file)).relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            rows = pq.read_table(file, partitioning=None)
            if table.device is not None:
                ids = rows[table.device]
                rows = rows.filter(pc.fill_null(pc.not_equal(ids, device), True))
            pq.write_table(rows, copy)


def add_odd(
    suite: definition.Suite, folder: pathlib.Path, device: str, *, num_rows: int
) -> None:
    """Adds rows of a device that hold what no other one does, to every raw table.

    Its rows have extreme values, each with names of its own. They go to files of their
    own, which are read first.

    Args:
        suite: The suite.
        folder: The raw files.
        device: Id of the device.
        num_rows: Rows of each table.
    """
    for name, files in rawfiles.present(suite, folder).items():
        table = suite.sources[name]
        if table.device is None:
            continue
        schema = pq.read_schema(files[0])
        columns = {
            column: pa.array(
                [device] * num_rows
                if column == table.device
                else _values(kind, num_rows),
                schema.field(column).type,
            )
            for column, kind in table.types.items()
        }
        pq.write_table(pa.table(columns), files[0].parent / "0 odd.parquet")


def _values(kind: str, num_rows: int) -> list[Any]:
    """Odd values of a type, in turn; texts also of their own."""
    odd = _ODD.get(kind)
    if odd is None:
        most = _LARGEST.get(kind)
        odd = (None,) if most is None else (most, -most, 0, None)
    values = [odd[row % len(odd)] for row in range(num_rows)]
    if kind == "VARCHAR":
        for row in np.flatnonzero(np.arange(num_rows) % len(odd) == 0):
            values[row] = f"its own {row}"
    return values
