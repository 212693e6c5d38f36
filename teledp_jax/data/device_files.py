"""Device tables on disk: their columns and types, their names, and reading one column.

A device table is the file `<table>.parquet`, or a folder of that name with a file for
each part of the fleet. No database is needed here.
"""

import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import errors, schemas

ARROW_TYPES = {
    "category": pa.string(),
    "integer": pa.int64(),
    "double": pa.float64(),
}
"""Type in Arrow of each kind of column."""


def arrow_schema(schema: schemas.Schema, table: schemas.Table) -> pa.Schema:
    """Makes the Arrow schema of a device table.

    Args:
        schema: The device tables.
        table: One of them.

    Returns:
        The id column (text), then the table's columns in order.
    """
    return pa.schema(
        [
            (schema.device, pa.string()),
            *((column.name, ARROW_TYPES[column.kind]) for column in table.columns),
        ]
    )


def part_path(table: pathlib.Path, part: str) -> pathlib.Path:
    """Names the file of a part of a device table.

    Args:
        table: The device table, as `<folder>/<table>.parquet`.
        part: Name of the part, as `part-00000`; empty is the whole table.
    """
    return table / f"{part}.parquet" if part else table


def read_column(
    folder: pathlib.Path, table: str, column: str, *, part: str = ""
) -> Any:
    """Reads one column of a device table.

    Args:
        folder: Holds `<table>.parquet`, a file or a folder of parts.
        table: Name of the table.
        column: Name of the column.
        part: The one file to read of a folder, as `part-00000.parquet`; empty reads
            all.

    Returns:
        The values of all rows, as one pyarrow array.

    Raises:
        InputError: If the file is absent, damaged or lacks the column.
    """
    path = folder / f"{table}.parquet" / part
    try:
        read = pq.read_table(path, columns=[column])[column]
    except (OSError, pa.ArrowException, KeyError):
        raise errors.InputError(
            f"{path}: column {column} cannot be read; aggregate again."
        ) from None
    return read.combine_chunks()
