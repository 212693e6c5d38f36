"""Device tables to integer codes: clamp, cap, and nothing that looks across devices."""

import pathlib
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from jaxtyping import Float, Integer

from teledp_jax import arrays, errors, schemas
from teledp_jax.data import quality

RULES = (
    "unknown_text", "not_finite", "negative", "clamped_low", "clamped_high",
    "second_row", "over_cap", "unknown_device",
)  # fmt: skip
"""Rules that `encode` counts."""

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

    A device keeps at most `max_rows` rows of a table: those with the largest
    `cap_by`, then with the largest codes, a rule that looks at that device alone. Its
    rows are ordered by falling codes, that of `cap_by` first.

    Args:
        schema: The device tables.
        folder: Holds `<table>.parquet` for each of them, a file or a folder of parts.
        part: The one part to read, as `part-00000.parquet`; empty reads all.

    Returns:
        The arrays and the counts for `write_quality`.

    Raises:
        InputError: If a file is absent, damaged or lacks a column.
    """
    ids = device_ids(schema, folder, part=part)
    devices, counts = {}, []
    for table in schema.tables:
        device = device_positions(schema, folder, table, ids, part=part)
        codes, rank, found = _encode_rows(folder, table, len(device), part)
        known = device >= 0
        placed, dropped = _place(
            table, len(ids), device[known], codes[known], rank[known]
        )
        devices[table.name] = placed
        rule = "over_cap" if table.role == "entity" else "second_row"
        counts += found
        counts += [
            quality.Count(table.name, schema.device, rule, dropped),
            quality.Count(
                table.name, schema.device, "unknown_device", int((~known).sum())
            ),
        ]
    arrays.check(schema, devices)
    return Encoded(devices, counts)


def write_quality(path: pathlib.Path, counts: list[quality.Count]) -> None:
    """Writes the counts beside those of earlier stages."""
    quality.record(path, counts, rules=RULES)


def device_ids(schema: schemas.Schema, folder: pathlib.Path, *, part: str = "") -> Any:
    """Ids of the anchor's devices in order, each once, as a pyarrow array.

    Raises:
        InputError: If the file is absent, damaged or lacks the column.
    """
    ids = read_column(folder, schema.anchor.name, schema.device, part=part)
    if len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        return ids
    ids = pc.unique(ids)
    return ids.take(pc.array_sort_indices(ids))


def device_positions(
    schema: schemas.Schema,
    folder: pathlib.Path,
    table: schemas.Table,
    ids: Any,
    *,
    part: str = "",
) -> Integer[np.ndarray, " row"]:
    """Position in `ids` of each row's device, -1 where the anchor lacks it.

    Raises:
        InputError: If the file is absent, damaged or lacks the id column.
    """
    own = read_column(folder, table.name, schema.device, part=part)
    # The anchor's own ids, where in order, need no look-up.
    index = (
        pa.array(np.arange(len(ids)))
        if table.role == "anchor" and len(own) == len(ids) and own.equals(ids)
        else pc.fill_null(pc.index_in(own, value_set=ids), -1)
    )
    return np.asarray(index.to_numpy()).astype(np.int64)


def read_column(
    folder: pathlib.Path, table: str, column: str, *, part: str = ""
) -> Any:
    """One column of a device table, as one pyarrow array.

    Raises:
        InputError: If the file is absent, damaged or lacks the column.
    """
    path = folder / f"{table}.parquet" / part
    try:
        read = pa.parquet.read_table(path, columns=[column])[column]
    except (OSError, pa.ArrowException, KeyError):
        raise errors.InputError(
            f"{path}: column {column} cannot be read; aggregate again."
        ) from None
    return read.combine_chunks()


def _encode_rows(
    folder: pathlib.Path, table: schemas.Table, num_rows: int, part: str
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
        values = read_column(folder, table.name, column.name, part=part)
        if column.is_number:
            numbers = values.cast(pa.float64(), safe=False).to_numpy(
                zero_copy_only=False
            )
            codes[:, index], found = number_codes(column, numbers)
            found["not_finite"] -= values.null_count
            if column.name == table.cap_by:
                rank = np.where(codes[:, index] == schemas.ABSENT, np.nan, numbers)
        else:
            codes[:, index], found = _text_codes(column, values)
            if column.name == table.cap_by:
                rank = codes[:, index].astype(np.float64)
        counts += [
            quality.Count(table.name, column.name, rule, count)
            for rule, count in found.items()
        ]
    return codes, rank, counts


def number_codes(
    column: schemas.Column, values: Float[np.ndarray, " row"]
) -> tuple[Integer[np.ndarray, " row"], dict[str, int]]:
    """Codes of numbers, and how many values each rule touched.

    Args:
        column: A number column.
        values: Values; NaN where there is none.

    Returns:
        `column.code_of` of each value, and counts by rule; NaN counts as not finite.
    """
    edges = np.asarray(column.edges)
    low, high = column.bounds
    finite = np.isfinite(values)
    values = np.where(finite, values, edges[0])
    negative = (values < 0) & (low >= 0)
    zero = (values == 0) & column.has_zero
    index = np.searchsorted(edges, values, side="right") - 1
    codes = column.first_bin + np.clip(index, 0, column.num_bins - 1)
    codes[zero] = schemas.ZERO
    codes[~finite | negative] = schemas.ABSENT
    counts = {
        "not_finite": ~finite,
        "negative": negative,
        "clamped_low": (values < low) & ~zero & ~negative,
        "clamped_high": values > high,
    }
    return codes, {rule: int(touched.sum()) for rule, touched in counts.items()}


def _text_codes(
    column: schemas.Column, values: Any
) -> tuple[Integer[np.ndarray, " row"], dict[str, int]]:
    """Codes of texts, and how many are outside of the vocabulary."""
    vocabulary = pa.array(column.categories, values.type)
    index = pc.fill_null(pc.index_in(values, value_set=vocabulary), -1)
    codes = np.asarray(index.to_numpy()) + 1
    unknown = (codes == 0) & np.asarray(values.is_valid())
    if column.other is not None:
        codes = np.where(unknown, 1 + column.categories.index(column.other), codes)
    return codes, {"unknown_text": int(unknown.sum())}


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
    kept = device[order]
    position = _position(kept)
    shape = (num_devices, table.max_rows)
    placed = np.zeros((*shape, len(table.columns)), codes.dtype)
    mask = np.zeros(shape, np.bool_)
    placed[kept, position] = codes[order]
    mask[kept, position] = True
    return arrays.TableArrays(placed, mask), len(device) - len(order)


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
