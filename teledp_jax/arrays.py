"""Devices as integer codes: the pytree that every method sees."""

import functools
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Integer

from teledp_jax import schemas

Array = jax.Array | np.ndarray


class TableArrays(NamedTuple):
    """One table of every device: all its rows, those of a device one after another.

    Attributes:
        codes: `[row, column]`, the smallest unsigned integers that hold the domain.
        offsets: `[device + 1]`, int64: the rows of device i are those from
            `offsets[i]` to `offsets[i + 1]`; the first is 0, the last the number of
            rows.
    """

    codes: Integer[Array, "row column"]
    offsets: Integer[Array, " edge"]


class PaddedTable(NamedTuple):
    """The same with a place for as many rows in every device: fixed shapes.

    Attributes:
        codes: `[device, row, column]`. Rows that do not exist hold zeros.
        mask: `[device, row]`, True where the row exists. Rows that exist come first.
    """

    codes: Integer[np.ndarray, "device row column"]
    mask: Bool[np.ndarray, "device row"]


DeviceArrays = dict[str, TableArrays]
"""One `TableArrays` a table; index i of each is all that device i ever sent."""


def num_devices(devices: DeviceArrays) -> int:
    """Counts the devices in the arrays.

    Args:
        devices: The arrays.

    Returns:
        The exact number. Private, if the devices are.
    """
    return next(iter(devices.values())).offsets.shape[0] - 1


def num_rows(table: TableArrays) -> Integer[np.ndarray, " device"]:
    """Counts the rows of each device.

    Args:
        table: A table of the devices.

    Returns:
        Numbers of rows, int64. Private, if the devices are.
    """
    return np.diff(np.asarray(table.offsets))


def owners(table: TableArrays) -> Integer[np.ndarray, " row"]:
    """Finds the device of each row.

    Args:
        table: A table of the devices.

    Returns:
        The index of the device, in rising order.
    """
    counts = num_rows(table)
    return np.repeat(np.arange(len(counts)), counts)


def rows_at(
    table: TableArrays, row: Integer[np.ndarray, " device"]
) -> Integer[np.ndarray, "device column"]:
    """Picks one row of each device.

    Args:
        table: A table of the devices.
        row: Which of its rows each device shows.

    Returns:
        Codes of that row; zeros where the device does not have it.
    """
    codes, offsets = (np.asarray(part) for part in table)
    exists = row < num_rows(table)
    picked = np.zeros((len(row), codes.shape[1]), codes.dtype)
    picked[exists] = codes[offsets[:-1][exists] + row[exists]]
    return picked


def padded(table: TableArrays, max_rows: int) -> PaddedTable:
    """Gives every device a place for the same number of rows.

    Args:
        table: A table of the devices.
        max_rows: Number of places; of a device with more rows, the first are kept.

    Returns:
        Codes and mask, `[device, max_rows, column]` and `[device, max_rows]`.
    """
    mask = np.arange(max_rows)[None, :] < num_rows(table)[:, None]
    codes = np.asarray(_first(table, max_rows).codes)
    placed = np.zeros((*mask.shape, codes.shape[1]), codes.dtype)
    placed[mask] = codes
    return PaddedTable(placed, mask)


def from_padded(
    codes: Integer[Array, "device row column"], mask: Bool[Array, "device row"]
) -> TableArrays:
    """Makes a table of the rows that exist in padded ones.

    Args:
        codes: Codes of all places.
        mask: Which of them hold a row.

    Returns:
        The table, rows in the order of their places.
    """
    mask = np.asarray(mask)
    return TableArrays(np.asarray(codes)[mask], edges(mask.sum(axis=1)))


def edges(num_rows: Integer[np.ndarray, " device"]) -> Integer[np.ndarray, " edge"]:
    """Computes offsets of devices with so many rows.

    Args:
        num_rows: Of each device.

    Returns:
        Where the rows of each device begin, and where the last ends; int64.
    """
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(num_rows, dtype=np.int64)])


def _first(table: TableArrays, max_rows: int) -> TableArrays:
    """The first rows of each device."""
    counts = num_rows(table)
    if not len(counts) or counts.max() <= max_rows:
        return table
    codes, offsets = (np.asarray(part) for part in table)
    position = np.arange(len(codes)) - np.repeat(offsets[:-1], counts)
    kept = np.minimum(counts, max_rows)
    return TableArrays(codes[position < max_rows], edges(kept))


def code_dtype(max_codes: int) -> np.dtype:
    """Finds the smallest unsigned dtype that holds a number of codes.

    Args:
        max_codes: Size of the largest domain.
    """
    return np.dtype(np.min_scalar_type(max(max_codes - 1, 0)))


def check(schema: schemas.Schema, devices: DeviceArrays) -> None:
    """Asserts the bounds that the privacy analysis rests on.

    Args:
        schema: The device tables.
        devices: The arrays.

    Raises:
        ValueError: If a shape, a code or a number of rows is outside of what the schema
            states.
    """
    count = num_devices(devices)
    for table in schema.tables:
        codes, offsets = (np.asarray(part) for part in devices[table.name])
        expected = (int(offsets[-1]), len(table.columns))
        if codes.shape != expected or offsets.shape != (count + 1,):
            raise ValueError(
                f"Table {table.name}: {codes.shape=} and {offsets.shape=}, expected "
                f"{expected} and {(count + 1,)}."
            )
        limits = np.array([column.num_codes for column in table.columns])
        if len(codes) and (codes.max(axis=0) >= limits).any():
            raise ValueError(f"Table {table.name}: a code is outside of its domain.")
        counts = np.diff(offsets)
        if offsets[0] != 0 or (counts < 0).any():
            raise ValueError(f"Table {table.name}: offsets must rise from 0.")
        if (counts > table.max_rows).any():
            raise ValueError(
                f"Table {table.name}: a device has more than {table.max_rows} rows."
            )
        if table.role == "anchor" and (counts != 1).any():
            raise ValueError(
                f"Table {table.name}: the anchor has a row for each device."
            )


def narrow(schema: schemas.Schema, devices: DeviceArrays) -> DeviceArrays:
    """Keeps of each device as many rows as a schema allows, the first ones, and checks.

    Which rows are kept depends on the rows of that device only: `data.encode` puts
    those with the largest `cap_by` first.

    Args:
        schema: The device tables, perhaps narrowed; other tables are left out.
        devices: The arrays.

    Returns:
        Arrays within the bounds of the schema.

    Raises:
        ValueError: If something else is outside of what the schema states.
    """
    kept = {
        table.name: _first(devices[table.name], table.max_rows)
        for table in schema.tables
    }
    check(schema, kept)
    return kept


def take(
    devices: DeviceArrays, index: Integer[Array, " drawn"] | slice
) -> DeviceArrays:
    """Takes some devices.

    Args:
        devices: The arrays.
        index: Positions of devices, in the order wanted, or a slice.

    Returns:
        The arrays of these devices.
    """
    return {name: _take(table, index) for name, table in devices.items()}


def _take(table: TableArrays, index: Array | slice) -> TableArrays:
    """Some devices of one table; those of a slice without a gap are not copied."""
    offsets = np.asarray(table.offsets)
    if isinstance(index, slice):
        start, stop, step = index.indices(len(offsets) - 1)
        if step == 1:
            part = offsets[start : max(start, stop) + 1]
            return TableArrays(table.codes[part[0] : part[-1]], part - part[0])
        index = np.arange(start, stop, step)
    index = np.asarray(index)
    taken = edges(num_rows(table)[index])
    shift = np.repeat(offsets[:-1][index] - taken[:-1], np.diff(taken))
    return TableArrays(np.asarray(table.codes)[shift + np.arange(taken[-1])], taken)


def concatenate(parts: list[DeviceArrays]) -> DeviceArrays:
    """Joins parts of a fleet.

    Args:
        parts: Arrays of the same tables, one part at least.

    Returns:
        All devices of the parts, in order.
    """
    joined = {}
    for name in parts[0]:
        counts = [num_rows(part[name]) for part in parts]
        codes = [np.asarray(part[name].codes) for part in parts]
        joined[name] = TableArrays(np.concatenate(codes), edges(np.concatenate(counts)))
    return joined


def flatten(
    schema: schemas.Schema, devices: DeviceArrays
) -> Integer[np.ndarray, "device head"]:
    """Writes each device as one row of codes.

    Args:
        schema: The device tables.
        devices: The arrays.

    Returns:
        Codes whose columns are `schema.heads`; 0 where a row does not exist.
    """
    count = num_devices(devices)
    dtype = code_dtype(max(head.num_codes for head in schema.heads))
    parts = []
    for table in schema.tables:
        if table.role != "anchor":
            parts.append(num_rows(devices[table.name])[:, None].astype(dtype))
        codes = padded(devices[table.name], table.max_rows).codes
        width = table.max_rows * len(table.columns)
        parts.append(codes.reshape(count, width).astype(dtype))
    return np.concatenate(parts, axis=1)


def unflatten(
    schema: schemas.Schema, codes: Integer[Array, "device head"]
) -> DeviceArrays:
    """Makes arrays of what `flatten` wrote.

    Args:
        schema: The device tables.
        codes: Rows of codes whose columns are `schema.heads`.

    Returns:
        The arrays; codes of rows beyond a table's number of rows are dropped.
    """
    codes = np.asarray(codes)
    devices, start = {}, 0
    for table in schema.tables:
        num_columns = len(table.columns)
        if table.role == "anchor":
            counts = np.ones(len(codes), np.int32)
        else:
            counts, start = codes[:, start].astype(np.int32), start + 1
        stop = start + table.max_rows * num_columns
        rows = codes[:, start:stop].reshape(len(codes), table.max_rows, num_columns)
        mask = np.arange(table.max_rows)[None, :] < counts[:, None]
        dtype = code_dtype(max(column.num_codes for column in table.columns))
        devices[table.name] = from_padded(rows.astype(dtype), mask)
        start = stop
    return devices


@functools.lru_cache(maxsize=32)
def _existence(schema: schemas.Schema) -> tuple[np.ndarray, np.ndarray]:
    """For each head: index of its table's row-count head (-1: none), and its row."""
    owner, latest = [], -1
    for index, head in enumerate(schema.heads):
        latest = index if head.column is None else latest
        is_own = head.column is None or schema.table(head.table).role == "anchor"
        owner.append(-1 if is_own else latest)
    return np.array(owner), np.array([head.row for head in schema.heads])


def exists(
    schema: schemas.Schema, codes: Integer[np.ndarray, "device head"]
) -> Bool[np.ndarray, "device head"]:
    """Tells where a flattened record has a value: the row of that head exists.

    Args:
        schema: The device tables.
        codes: What `flatten` returned.

    Returns:
        True for heads of rows that exist, and for numbers of rows.
    """
    owner, row = _existence(schema)
    return (owner < 0) | (codes[:, owner].astype(np.int32) > row)
