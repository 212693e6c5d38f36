"""Devices as integer codes: the pytree that every method sees."""

import functools
import pathlib
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Integer

from teledp_jax import schemas

Array = jax.Array | np.ndarray


class TableArrays(NamedTuple):
    """One table of every device.

    Attributes:
        codes: `[device, row, column]`, the smallest unsigned integers that hold the
            domain. Rows that do not exist hold zeros.
        mask: `[device, row]`, True where the row exists. Rows that exist come first.
    """

    codes: Integer[Array, "device row column"]
    mask: Bool[Array, "device row"]


DeviceArrays = dict[str, TableArrays]
"""One `TableArrays` a table; index i of axis 0 is all that device i ever sent."""


def num_devices(devices: DeviceArrays) -> int:
    """Counts the devices in the arrays.

    Args:
        devices: The arrays.

    Returns:
        The exact number. Private, if the devices are.
    """
    return next(iter(devices.values())).mask.shape[0]


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
        ValueError: If a shape, a code or a mask is outside of what the schema states.
    """
    count = num_devices(devices)
    for table in schema.tables:
        codes, mask = devices[table.name]
        expected = (count, table.max_rows, len(table.columns))
        if codes.shape != expected or mask.shape != expected[:2]:
            raise ValueError(f"Table {table.name}: {codes.shape=}, {expected=}.")
        limits = np.array([column.num_codes for column in table.columns])
        if count and (np.asarray(codes).max(axis=(0, 1)) >= limits).any():
            raise ValueError(f"Table {table.name}: a code is outside of its domain.")
        mask = np.asarray(mask)
        if (mask[:, 1:] & ~mask[:, :-1]).any():
            raise ValueError(f"Table {table.name}: rows that exist must come first.")
        if table.role == "anchor" and not mask.all():
            raise ValueError(
                f"Table {table.name}: the anchor has a row for each device."
            )


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
    return {
        name: TableArrays(table.codes[index], table.mask[index])
        for name, table in devices.items()
    }


def concatenate(parts: list[DeviceArrays]) -> DeviceArrays:
    """Joins parts of a fleet.

    Args:
        parts: Arrays of the same tables, one part at least.

    Returns:
        All devices of the parts, in order.
    """
    return {
        name: TableArrays(
            *(
                np.concatenate([np.asarray(part[name][i]) for part in parts])
                for i in (0, 1)
            )
        )
        for name in parts[0]
    }


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
        codes, mask = (np.asarray(array) for array in devices[table.name])
        if table.role != "anchor":
            parts.append(mask.sum(axis=1, keepdims=True).astype(dtype))
        codes = np.where(mask[..., None], codes, 0)
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
            num_rows = np.ones(len(codes), np.int32)
        else:
            num_rows, start = codes[:, start].astype(np.int32), start + 1
        stop = start + table.max_rows * num_columns
        rows = codes[:, start:stop].reshape(len(codes), table.max_rows, num_columns)
        mask = np.arange(table.max_rows)[None, :] < num_rows[:, None]
        dtype = code_dtype(max(column.num_codes for column in table.columns))
        devices[table.name] = TableArrays(
            np.where(mask[..., None], rows, 0).astype(dtype), mask
        )
        start = stop
    return devices


@functools.lru_cache(maxsize=32)
def _existence(schema: schemas.Schema) -> tuple[np.ndarray, np.ndarray]:
    """For each head: index of its table's row-count head (-1: none), and its row."""
    owner, latest = [], -1
    for index, head in enumerate(schema.heads):
        if head.column is None:
            latest = index
            owner.append(-1)
        else:
            owner.append(-1 if schema.table(head.table).role == "anchor" else latest)
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


def save(folder: pathlib.Path, devices: DeviceArrays) -> None:
    """Writes arrays to a folder as `<table>.codes.npy` and `<table>.mask.npy`.

    A fleet may lie in parts: a folder of folders `part-00000`, `part-00001`, ...,
    each written by `save`; its devices are those of the parts, one after another.

    Args:
        folder: The folder; made if absent.
        devices: The arrays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in devices.items():
        for part, array in zip(("codes", "mask"), table, strict=True):
            path = folder / f"{name}.{part}.npy"
            np.save(path, np.asarray(array), allow_pickle=False)


def load(folder: pathlib.Path, schema: schemas.Schema) -> DeviceArrays:
    """Reads what `save` wrote, whole or in parts, and checks it.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.

    Returns:
        The arrays of all devices.

    Raises:
        ValueError: If a bound of the schema does not hold.
    """
    devices = concatenate([_open(part, schema) for part in _parts(folder)])
    check(schema, devices)
    return devices


def load_range(
    folder: pathlib.Path, schema: schemas.Schema, start: int, stop: int
) -> DeviceArrays:
    """Reads the devices `start` to `stop` of `load`, and no other, and checks them.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.
        start: Index of the first device.
        stop: Index after the last; cut to the number of devices.

    Returns:
        The arrays of these devices.

    Raises:
        ValueError: If a bound of the schema does not hold.
    """
    drawn: list[DeviceArrays] = []
    offset = 0
    for part in _parts(folder):
        devices = _open(part, schema)
        count = num_devices(devices)
        low, high = (min(max(edge - offset, 0), count) for edge in (start, stop))
        if low < high or not drawn:
            drawn.append(take(devices, slice(low, high)))
        offset += count
    devices = concatenate(drawn)
    check(schema, devices)
    return devices


def stored_devices(folder: pathlib.Path, schema: schemas.Schema) -> int:
    """Counts the devices that `load` would give, by the files' heads only.

    Args:
        folder: What `save` wrote, whole or in parts.
        schema: The device tables.
    """
    return sum(num_devices(_open(part, schema)) for part in _parts(folder))


def _parts(folder: pathlib.Path) -> list[pathlib.Path]:
    """Folders that `save` wrote: `part-00000`, ... in order, or `folder` itself."""
    return sorted(folder.glob("part-*")) or [folder]


def _open(folder: pathlib.Path, schema: schemas.Schema) -> DeviceArrays:
    """What `save` wrote to one folder, mapped: only what is looked at is read."""
    return {
        table.name: TableArrays(
            *(
                np.load(
                    folder / f"{table.name}.{part}.npy",
                    mmap_mode="r",
                    allow_pickle=False,
                )
                for part in ("codes", "mask")
            )
        )
        for table in schema.tables
    }
