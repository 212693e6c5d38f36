"""Writes device tables from a database: the holdout apart, rows in a total order."""

import dataclasses
import pathlib
from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import ColumnExpression

from teledp_jax import runs, schemas
from teledp_jax.data import device_files, warehouse

_MANTISSA_BITS = 40  # of a double's 52: 12 significant digits


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reduced:
    """Device tables, as two folders of one Parquet file per table.

    Attributes:
        real: Of the devices that methods may see.
        holdout: Of the holdout's devices.
    """

    real: pathlib.Path
    holdout: pathlib.Path


def write_parts(
    rows: duckdb.DuckDBPyRelation,
    schema: schemas.Schema,
    table: schemas.Table,
    reduced: Reduced,
    *,
    holdout: float,
    in_order: bool = True,
) -> None:
    """Writes the holdout's rows and the others.

    Args:
        rows: Rows of the table, in the columns that the schema states.
        schema: The device tables.
        table: One of them.
        reduced: Where the two files go.
        holdout: Share of the devices to set aside, by a hash of the id.
        in_order: Whether in the order of the device tables: not if `merge` follows.
    """
    aside = warehouse.hashed_below(schema.device, holdout, salt="holdout")
    columns = device_files.arrow_schema(schema, table)
    for folder, part in ((reduced.holdout, aside), (reduced.real, ~aside)):
        own, path = rows.filter(part), folder / f"{table.name}.parquet"
        if in_order:
            _write(own.sort(*_order(schema, table)), columns, path)
        else:  # digits stay, for they decide the order
            _write(own, columns, path, is_last=False)


def _order(schema: schemas.Schema, table: schemas.Table) -> list[duckdb.Expression]:
    """What the rows of a device table are ordered by."""
    order = [ColumnExpression(schema.device)]
    if table.role == "entity":
        order += [ColumnExpression(column.name) for column in table.columns]
    return order


def merge(
    connection: duckdb.DuckDBPyConnection,
    schema: schemas.Schema,
    table: schemas.Table,
    files: Sequence[pathlib.Path],
    path: pathlib.Path,
) -> None:
    """Merges the files of parts of the devices into the file that one part would give.

    Args:
        connection: May read the files.
        schema: The device tables.
        table: One of them.
        files: What `write_parts` wrote in any order; each device is in one of them
            only.
        path: Where the table goes.
    """
    columns = device_files.arrow_schema(schema, table)
    rows = warehouse.read_files(connection, files)
    _write(rows.sort(*_order(schema, table)), columns, path)


def _write(
    rows: duckdb.DuckDBPyRelation,
    columns: pa.Schema,
    path: pathlib.Path,
    *,
    is_last: bool = True,
) -> None:
    """Writes rows as they come to one file, which nothing sorts again if `is_last`."""
    with runs.atomic(path) as temporary:
        with pq.ParquetWriter(temporary, columns) as writer:
            for batch in rows.to_arrow_reader():
                own = batch.cast(columns)
                writer.write_batch(_steady(own) if is_last else own)


def write_empty(schema: schemas.Schema, table: schemas.Table, reduced: Reduced) -> None:
    """Writes a device table without rows.

    Args:
        schema: The device tables.
        table: One of them.
        reduced: Where the two files go.
    """
    empty = device_files.arrow_schema(schema, table).empty_table()
    for folder in (reduced.holdout, reduced.real):
        with runs.atomic(folder / f"{table.name}.parquet") as temporary:
            pq.write_table(empty, temporary)


def _steady(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Doubles to 12 significant digits: the order of a sum over threads shows in more.

    What is computed from the tables, and a run that was killed and resumed, is then the
    same to the last digit.
    """
    for index, field in enumerate(batch.schema):
        if pa.types.is_floating(field.type):
            values = batch.column(index).to_numpy(zero_copy_only=False)
            # value = mantissa * 2^exponent, 0.5 <= |mantissa| < 1
            mantissa, exponent = np.frexp(values)
            scale = 2.0**_MANTISSA_BITS
            steady = np.ldexp(np.round(mantissa * scale) / scale, exponent)
            column = pa.array(steady, field.type, mask=np.isnan(values))
            batch = batch.set_column(index, field, column)
    return batch
