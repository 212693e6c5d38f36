"""Device tables on disk: their columns and types, their names, and reading one column.

A device table is the file `<table>.parquet`, or a folder of that name with a file for
each part of the fleet. No database is needed here.
"""

import contextlib
import pathlib
from collections.abc import Iterator, Sequence
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


def names(schema: schemas.Schema, table: schemas.Table) -> list[str]:
    """Names the columns of a device table, that of the ids first.

    Args:
        schema: The device tables.
        table: One of them.
    """
    return [schema.device, *(column.name for column in table.columns)]


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[pq.ParquetFile]:
    """Opens a file of a device table.

    Args:
        path: The file.

    Raises:
        InputError: If it is absent or damaged, or what is read of it is.
    """
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException, KeyError):
        raise errors.InputError(f"{path}: cannot be read; aggregate again.") from None


def read_table(
    folder: pathlib.Path, table: str, columns: Sequence[str], *, part: str = ""
) -> pa.Table:
    """Reads some columns of a device table.

    Args:
        folder: Holds `<table>.parquet`, a file or a folder of parts.
        table: Name of the table.
        columns: Names of the columns.
        part: Name of the one part to read, as `part-00000`; empty reads all.

    Returns:
        The rows, with these columns.

    Raises:
        InputError: If the file is absent, damaged or lacks a column.
    """
    path = part_path(folder / f"{table}.parquet", part)
    try:
        return pq.read_table(path, columns=list(columns)).select(list(columns))
    except (OSError, pa.ArrowException, KeyError):
        lacking = ", ".join(_lacking(path, columns))
        raise errors.InputError(
            f"{path}: column {lacking} cannot be read; aggregate again."
        ) from None


def _lacking(path: pathlib.Path, columns: Sequence[str]) -> Sequence[str]:
    """The columns that a table lacks; all, if that cannot be told."""
    try:
        known = pq.ParquetDataset(path).schema.names
    except (OSError, pa.ArrowException):
        return columns
    return [name for name in columns if name not in known] or columns


def read_column(
    folder: pathlib.Path, table: str, column: str, *, part: str = ""
) -> Any:
    """Reads one column of a device table, as one pyarrow array.

    Args:
        folder: Holds `<table>.parquet`, a file or a folder of parts.
        table: Name of the table.
        column: Name of the column.
        part: Name of the one part to read, as `part-00000`; empty reads all.

    Raises:
        InputError: If the file is absent, damaged or lacks the column.
    """
    return read_table(folder, table, [column], part=part)[column].combine_chunks()
