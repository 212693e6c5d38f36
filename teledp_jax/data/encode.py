"""Device tables to integer codes: clamp, cap, and nothing that looks across devices."""

import functools
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Integer

from teledp_jax import arrays, schemas
from teledp_jax.data import coding, device_files, holding, quality

RULES = (
    *coding.RULES, "second_row", "over_cap", "unknown_device", "breaks_constraint",
)  # fmt: skip
"""Rules that `encode` counts."""

Read = Callable[[str, str], Any]
"""Reads a column: from the names of table and column to a pyarrow array."""

_PACKED = 2**62  # mixed-radix sort keys stay below this, inside of int64


class Encoded(NamedTuple):
    """The arrays of a fleet, and what making them changed.

    Attributes:
        devices: The arrays, devices in the order of their ids.
        counts: How many values and rows each rule touched. Private.
    """

    devices: arrays.DeviceArrays
    counts: list[quality.Count]


def encode(schema: schemas.Schema, folder: pathlib.Path, *, part: str = "") -> Encoded:
    """Reads device tables and makes arrays of them.

    Args:
        schema: The device tables.
        folder: Holds `<table>.parquet` for each of them, a file or a folder of parts.
        part: Name of the one part to read, as `part-00000`; empty reads all.

    Returns:
        The arrays and the counts for `write_quality`.

    Raises:
        InputError: If a file is absent, damaged or lacks a column.
    """
    read = functools.partial(device_files.read_column, folder, part=part)
    return encode_columns(schema, read)


def encode_columns(schema: schemas.Schema, read: Read) -> Encoded:
    """Makes arrays of device tables, wherever their columns lie.

    A device keeps at most `max_rows` rows of a table: those with the largest
    `cap_by`, then with the largest codes, a rule that looks at that device only. Its
    rows are ordered by falling codes, that of `cap_by` first.

    Args:
        schema: The device tables.
        read: Gives texts for the id column and for categories, numbers otherwise.

    Returns:
        The arrays and what making them changed.
    """
    ids = device_ids(schema, read)
    devices, counts = {}, []
    for table in schema.tables:
        device = device_positions(schema, read, table, ids)
        codes, rank, found = _encode_rows(table, read, len(device))
        known = device >= 0
        placed, dropped = _place(
            table, len(ids), device[known], codes[known], rank[known]
        )
        devices[table.name] = placed
        rule = "over_cap" if table.role == "entity" else "second_row"
        counts += found + _broken(table, read)
        counts += [
            quality.Count(table.name, schema.device, rule, dropped),
            quality.Count(
                table.name, schema.device, "unknown_device", int((~known).sum())
            ),
        ]
    arrays.check(schema, devices)
    return Encoded(devices, counts)


def write_quality(path: pathlib.Path, counts: list[quality.Count]) -> None:
    """Writes the counts beside those of earlier stages.

    Args:
        path: The run's `private/quality.csv`.
        counts: What `encode` counted.
    """
    quality.record(path, counts, rules=RULES)


def device_ids(schema: schemas.Schema, read: Read) -> Any:
    """Reads the ids of the anchor's devices.

    Args:
        schema: The device tables.
        read: Reads a column.

    Returns:
        The ids in order, each once, as a pyarrow array.
    """
    ids = read(schema.anchor.name, schema.device)
    if len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        return ids
    ids = pc.unique(ids)
    return ids.take(pc.array_sort_indices(ids))


def device_positions(
    schema: schemas.Schema, read: Read, table: schemas.Table, ids: Any
) -> Integer[np.ndarray, " row"]:
    """Finds the device of each row of a table.

    Args:
        schema: The device tables.
        read: Reads a column.
        table: The table.
        ids: What `device_ids` returned.

    Returns:
        Position in `ids` of each row's device, -1 where the anchor lacks it.
    """
    own = read(table.name, schema.device)
    # The anchor's own ids, where in order, need no look-up.
    index = (
        pa.array(np.arange(len(ids)))
        if table.role == "anchor" and len(own) == len(ids) and own.equals(ids)
        else pc.fill_null(pc.index_in(own, value_set=ids), -1)
    )
    return np.asarray(index.to_numpy()).astype(np.int64)


def _encode_rows(
    table: schemas.Table, read: Read, num_rows: int
) -> tuple[
    Integer[np.ndarray, "row column"],
    Float[np.ndarray, " row"],
    list[quality.Count],
]:
    """Codes of a table's rows, the number that ranks them, and counts by rule."""
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    codes = np.zeros((num_rows, len(table.columns)), dtype)
    rank = np.zeros(num_rows)
    counts = []
    for index, column in enumerate(table.columns):
        values = read(table.name, column.name)
        if column.is_number:
            numbers = values.cast(pa.float64(), safe=False).to_numpy(
                zero_copy_only=False
            )
            codes[:, index], found = coding.of_numbers(column, numbers)
            found["not_finite"] -= values.null_count
            if column.name == table.cap_by:
                rank = np.where(codes[:, index] == schemas.ABSENT, np.nan, numbers)
        else:
            codes[:, index], found = coding.of_texts(column, values)
            if column.name == table.cap_by:
                rank = codes[:, index].astype(np.float64)
        counts += [
            quality.Count(table.name, column.name, rule, count)
            for rule, count in found.items()
        ]
    return codes, rank, counts


def _broken(table: schemas.Table, read: Read) -> list[quality.Count]:
    """Counts the rows that break a constraint of their table; they are used as is."""
    if not table.constraints:
        return []
    names = {name for one in table.constraints for name in one.names}
    columns = {name: read(table.name, name) for name in names}
    return [
        quality.Count(table.name, constraint.columns[0], "breaks_constraint", count)
        for constraint, count in zip(
            table.constraints, holding.broken(table, columns), strict=True
        )
    ]


def _place(
    table: schemas.Table,
    num_devices: int,
    device: Integer[np.ndarray, " row"],
    codes: Integer[np.ndarray, "row column"],
    rank: Float[np.ndarray, " row"],
) -> tuple[arrays.TableArrays, int]:
    """Puts rows at their devices, and counts those beyond the cap."""
    order = np.arange(len(device))
    over = np.bincount(device, minlength=num_devices)[device] > table.max_rows
    if over.any():
        crowd = np.flatnonzero(over)
        keys = (*_packed(table, codes[crowd]), -rank[crowd], device[crowd])
        crowd = crowd[np.lexsort(keys)]
        crowd = crowd[_position(device[crowd]) < table.max_rows]
        order = np.concatenate([np.flatnonzero(~over), crowd])
    order = order[np.lexsort((*_packed(table, codes[order]), device[order]))]
    counts = np.bincount(device[order], minlength=num_devices)
    placed = arrays.TableArrays(codes[order], arrays.edges(counts))
    return placed, len(device) - len(order)


def _packed(
    table: schemas.Table, codes: Integer[np.ndarray, "row column"]
) -> list[Integer[np.ndarray, " row"]]:
    """Few keys for `np.lexsort` that order rows by falling codes, `cap_by` first."""
    columns = sorted(
        enumerate(table.columns), key=lambda item: item[1].name == table.cap_by
    )
    size, key, keys = 1, np.zeros(len(codes), np.int64), []
    for index, column in columns:
        if size * column.num_codes >= _PACKED:
            keys.append(key)
            size, key = 1, np.zeros(len(codes), np.int64)
        key = key - size * codes[:, index].astype(np.int64)
        size *= column.num_codes
    return [*keys, key]


def _position(device: Integer[np.ndarray, " row"]) -> Integer[np.ndarray, " row"]:
    """Number of each row among its device's, where rows are ordered by device."""
    starts = np.flatnonzero(np.diff(device, prepend=-1))
    lengths = np.diff(starts, append=len(device))
    return np.arange(len(device)) - np.repeat(starts, lengths)
