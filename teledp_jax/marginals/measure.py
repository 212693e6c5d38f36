"""Counts of codes that change by at most one in one cell as a device joins."""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, keys, schemas

# Where buckets of numbers of rows begin, up to the most that a table may have.
ROW_BUCKETS = (1, *(2**power + 1 for power in range(16)))


class Pooled(NamedTuple):
    """One measured vector: a column of a table, or its number of rows.

    Attributes:
        table: Name of the table.
        column: Position of the column in the table; -1 for the number of rows.
        num_buckets: Buckets of the number of rows; 1 except in entity columns.
        num_codes: Codes in each bucket; cell = bucket * num_codes + code.
    """

    table: str
    column: int
    num_buckets: int
    num_codes: int


def one_way_counts(
    schema: schemas.Schema, devices: arrays.DeviceArrays
) -> list[Integer[np.ndarray, " _"]]:
    """Counts the codes of each head of `schema.heads` over the rows that exist.

    A device that joins adds one to at most one cell of each vector. The counts are
    exact, so private.

    Args:
        schema: The public schema.
        devices: The private devices.

    Returns:
        Counts of each head. Private.
    """
    counts = []
    for head in schema.heads:
        table = devices[head.table]
        num_rows = arrays.num_rows(table)
        if head.column is None:
            values = num_rows
        else:
            places = np.asarray(table.offsets)[:-1][num_rows > head.row] + head.row
            column = schema.table(head.table).columns.index(head.column)
            values = np.asarray(table.codes)[places, column]
        counts.append(np.bincount(values, minlength=head.num_codes).astype(np.int64))
    return counts


def row_bucket(
    num_rows: Integer[np.ndarray, " device"],
) -> Integer[np.ndarray, " device"]:
    """Finds the bucket of a number of rows: 1, 2, 3 to 4, 5 to 8 and so on, from 0 up.

    Args:
        num_rows: At least 1.

    Returns:
        Buckets.
    """
    return np.searchsorted(np.array(ROW_BUCKETS), num_rows, side="right") - 1


def pooled_vectors(schema: schemas.Schema) -> tuple[Pooled, ...]:
    """Returns what `pooled_counts` measures, in order; public."""
    vectors = []
    for table in schema.tables:
        buckets = 1 + int(row_bucket(np.array([table.max_rows]))[0])
        if table.role != "anchor":
            vectors.append(Pooled(table.name, -1, 1, table.max_rows + 1))
        vectors += [
            Pooled(table.name, position, buckets, column.num_codes)
            for position, column in enumerate(table.columns)
        ]
    return tuple(vectors)


class Drawn(NamedTuple):
    """One row of each table of each device, and how many rows there are.

    Attributes:
        row: Table to the row that speaks for each device; 0 where there is none.
        num_rows: Table to the number of rows of each device.
    """

    row: dict[str, Integer[np.ndarray, " device"]]
    num_rows: dict[str, Integer[np.ndarray, " device"]]


def draw_rows(
    key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    *,
    first: int = 0,
) -> Drawn:
    """Draws a row of each table for each device, uniformly, whatever the rows hold.

    Args:
        key: A secret one (`Keys.batch`), so that the order of devices tells nothing.
        schema: The public schema.
        devices: The private devices.
        first: Position in the fleet of the first of them; the draw goes by position.

    Returns:
        The drawn row of each table and device. Private.
    """
    row, num_rows = {}, {}
    for position, table in enumerate(schema.tables):
        count = arrays.num_rows(devices[table.name])
        uniform = keys.uniforms(
            jax.random.fold_in(key, position), len(count), first=first
        )
        row[table.name] = np.maximum(
            np.minimum((uniform * count).astype(np.int64), count - 1), 0
        )
        num_rows[table.name] = count
    return Drawn(row, num_rows)


def pooled_counts(
    key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    *,
    first: int = 0,
) -> list[Integer[np.ndarray, " _"]]:
    """Counts of `pooled_vectors`, where a device brings one row of each entity table.

    The row is drawn uniformly from the device's rows, whatever they hold, and counted
    under the bucket of the number of rows; so the codes of a bucket are spread as those
    of a random row of a random device in it, and a device that joins adds one to at
    most one cell of each vector.

    Args:
        key: Draws the rows, as in `draw_rows`.
        schema: The public schema.
        devices: The private devices, or those of a shard.
        first: Position in the fleet of the first of them.

    Returns:
        Exact counts. Private.
    """
    drawn = draw_rows(key, schema, devices, first=first)
    counts = []
    for vector in pooled_vectors(schema):
        num_rows, row = drawn.num_rows[vector.table], drawn.row[vector.table]
        if vector.column < 0:
            cells = num_rows
        else:
            present = np.flatnonzero(num_rows)
            codes, offsets = (np.asarray(part) for part in devices[vector.table])
            places = offsets[present] + row[present]
            cells = codes[places, vector.column].astype(np.int64)
            cells += row_bucket(num_rows[present]) * vector.num_codes
        size = vector.num_buckets * vector.num_codes
        counts.append(np.bincount(cells, minlength=size).astype(np.int64))
    return counts


def in_order(table: schemas.Table, rows: arrays.TableArrays) -> arrays.TableArrays:
    """Makes a table with rows as `data.encode` orders them: by `cap_by`, largest first.

    Args:
        table: The public table.
        rows: The rows of each device, in any order.

    Returns:
        The table, codes in the type that they rest in.
    """
    codes = np.asarray(rows.codes)
    if table.cap_by is not None:
        position = [column.name for column in table.columns].index(table.cap_by)
        rank = -codes[:, position].astype(np.int64)
        codes = codes[np.lexsort((rank, arrays.owners(rows)))]
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    return arrays.TableArrays(codes.astype(dtype), rows.offsets)
