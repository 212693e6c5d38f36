"""Integer codes back to device tables: values drawn inside of their bins."""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float, Integer

from teledp_jax import arrays, runs, schemas
from teledp_jax.data import device_files, holding

MEAN = "device"  # what ids of `tables_of_means` begin with
_LEVELS = 64  # quantiles that the mean of a bin is taken over
_NumbersFn = Callable[
    [schemas.Table, schemas.Column, Integer[np.ndarray, " row"]],
    Float[np.ndarray, " row"],
]
"""Gives a value for each bin of a column of a table."""


def decode(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    rng: np.random.Generator,
    folder: pathlib.Path,
    *,
    part: str = "",
) -> None:
    """Writes device tables with fresh ids, which encode to the same codes.

    Args:
        schema: The device tables.
        devices: The arrays.
        rng: Draws inside of bins.
        folder: Gets `<table>.parquet` for each table.
        part: Name of the part of a larger fleet that these are, as `part-00000`; empty
            is a fleet of its own.
    """
    kind = f"synthetic-{part}" if part else "synthetic"
    for name, rows in tables(schema, devices, rng, kind=kind):
        path = device_files.part_path(folder / f"{name}.parquet", part)
        with runs.atomic(path) as temporary:
            pq.write_table(rows, temporary, compression="zstd")


def tables(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    rng: np.random.Generator,
    *,
    kind: str = "synthetic",
) -> Iterator[tuple[str, pa.Table]]:
    """Makes device tables with fresh ids, which encode to the same codes.

    Inside a bin the density is linear, on a linear or log scale as the column's; its
    slope follows the masses of the neighbouring bins in the arrays themselves, so that
    sums and means survive and nothing but the arrays is looked at. Rows keep the
    constraints that headers state, even if a value must leave its bin for that.

    Args:
        schema: The device tables.
        devices: The arrays.
        rng: Draws inside of bins.
        kind: What ids begin with.

    Yields:
        Name and rows of each device table, in the columns and types of
        `device_files.arrow_schema`, ordered by device.
    """

    def numbers(
        table: schemas.Table, column: schemas.Column, bins: Integer[np.ndarray, " row"]
    ) -> Float[np.ndarray, " row"]:
        """A value inside of each bin."""
        return draw(column, bins, rng)

    for table, columns in _columns(schema, devices, numbers, kind=kind):
        held = _held(table, columns[1:], rng)
        arrow_schema = device_files.arrow_schema(schema, table)
        yield table.name, pa.table([columns[0], *held], schema=arrow_schema)


def means(
    schema: schemas.Schema, devices: arrays.DeviceArrays
) -> dict[tuple[str, str], Float[np.ndarray, " bin"]]:
    """Finds the mean of what `tables` draws inside of each bin.

    Args:
        schema: The device tables.
        devices: The arrays, whose masses shape the density.

    Returns:
        Table and column to the means of the column's bins.
    """
    return {
        (table.name, column.name): bin_means(column, _masses(table, column, devices))
        for table in schema.tables
        for column in table.columns
        if column.is_number
    }


def tables_of_means(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    means: Mapping[tuple[str, str], Float[np.ndarray, " bin"]],
) -> Iterator[tuple[str, pa.Table]]:
    """Makes device tables in which each number is the mean of its bin.

    A device's rows follow from its own codes only, without a draw: so one device more
    changes no row of another one. Constraints of a table need not hold for means.

    Args:
        schema: The device tables.
        devices: The arrays.
        means: What `means` returned for public devices.

    Yields:
        Name and rows of each device table, as `tables` does; an id ends with the
        position of its device, from 1.
    """

    def numbers(
        table: schemas.Table, column: schemas.Column, bins: Integer[np.ndarray, " row"]
    ) -> Float[np.ndarray, " row"]:
        """The mean of each bin."""
        return means[table.name, column.name][bins]

    for table, columns in _columns(schema, devices, numbers, kind=MEAN):
        arrow_schema = device_files.arrow_schema(schema, table)
        yield table.name, pa.table(columns, schema=arrow_schema)


def _masses(
    table: schemas.Table, column: schemas.Column, devices: arrays.DeviceArrays
) -> Integer[np.ndarray, " bin"]:
    """Rows of devices in each bin of a number column."""
    position = [own.name for own in table.columns].index(column.name)
    codes = np.asarray(devices[table.name].codes)[:, position]
    bins = codes.astype(np.int64) - column.first_bin
    return np.bincount(bins[bins >= 0], minlength=column.num_bins)


def _columns(
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    numbers: _NumbersFn,
    *,
    kind: str,
) -> Iterator[tuple[schemas.Table, list[Any]]]:
    """Ids and columns of tables whose numbers a function gives for their bins."""
    count = arrays.num_devices(devices)
    ids = pa.array([f"{kind}-{index:07d}" for index in range(1, count + 1)])
    for table in schema.tables:
        rows = np.asarray(devices[table.name].codes)
        columns = [ids.take(pa.array(arrays.owners(devices[table.name])))]
        for index, column in enumerate(table.columns):
            own = rows[:, index].astype(np.int64)
            columns.append(
                _numbers(table, column, own, numbers)
                if column.is_number
                else _texts(column, own)
            )
        yield table, columns


def _held(
    table: schemas.Table, columns: list[Any], rng: np.random.Generator
) -> list[Any]:
    """Columns whose rows keep the table's constraints; it says so if they do not."""
    if not table.constraints:
        return columns
    names = [column.name for column in table.columns]
    held = holding.hold(table, dict(zip(names, columns, strict=True)), rng)
    if any(broken := holding.broken(table, held)):
        raise ValueError(f"Table {table.name}: {broken=} of {table.constraints}.")
    return list(held.values())


def _texts(column: schemas.Column, codes: Integer[np.ndarray, " row"]) -> Any:
    """Categories of codes, as a pyarrow array."""
    vocabulary = pa.array(column.categories, pa.string())
    return vocabulary.take(pa.array(codes - 1, mask=codes == schemas.ABSENT))


def _numbers(
    table: schemas.Table,
    column: schemas.Column,
    codes: Integer[np.ndarray, " row"],
    numbers: _NumbersFn,
) -> Any:
    """Numbers of codes, as a pyarrow array."""
    bins = codes - column.first_bin
    inside = bins >= 0
    values = np.zeros(len(codes))
    values[inside] = numbers(table, column, bins[inside])
    absent = codes == schemas.ABSENT
    if column.kind == "integer":
        return pa.array(values.astype(np.int64), mask=absent)
    return pa.array(values, mask=absent)


def draw(
    column: schemas.Column,
    bins: Integer[np.ndarray, " row"],
    rng: np.random.Generator,
) -> Float[np.ndarray, " row"]:
    """Draws a value inside of each given bin.

    Args:
        column: A number column.
        bins: Index of the bin of each value; their masses shape the density.
        rng: The draws.

    Returns:
        The values, in the column's unit; whole for integers.
    """
    masses = np.bincount(bins, minlength=column.num_bins)
    return _inside(column, masses, bins, rng.random(len(bins)))


def bin_means(
    column: schemas.Column, masses: Integer[np.ndarray, " bin"]
) -> Float[np.ndarray, " bin"]:
    """Finds the mean of what `draw` draws in each bin.

    Args:
        column: A number column.
        masses: Of the bins; they shape the density.

    Returns:
        The means, in the column's unit; the nearest whole numbers for integers.
    """
    levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
    bins = np.repeat(np.arange(column.num_bins), _LEVELS)
    values = _inside(column, masses, bins, np.tile(levels, column.num_bins))
    means = values.reshape(column.num_bins, _LEVELS).mean(axis=1)
    return np.round(means) if column.kind == "integer" else means


def _inside(
    column: schemas.Column,
    masses: Integer[np.ndarray, " bin"],
    bins: Integer[np.ndarray, " row"],
    level: Float[np.ndarray, " row"],
) -> Float[np.ndarray, " row"]:
    """The quantile of each given bin at a level between 0 and 1."""
    edges = np.asarray(column.edges, np.float64)
    lows, highs = edges[:-1].copy(), edges[1:]
    if column.has_zero and column.kind == "integer":
        # Zero has its own code, so a bin that begins at zero holds what comes after.
        lows = np.where((lows == 0) & (highs > 1), 1.0, lows)
    forward = np.log if column.scale == "log" else np.asarray
    starts, stops = forward(lows), forward(highs)
    slopes = _slopes(masses, starts, stops)
    share = _linear_quantile(slopes[bins], level)
    values = starts[bins] + share * (stops - starts)[bins]
    if column.scale == "log":
        values = np.exp(values)
    if column.kind == "integer":
        return np.clip(np.floor(values), lows[bins], highs[bins] - 1)
    if column.has_zero:
        lows = np.where(lows == 0, np.nextafter(0, 1), lows)
    return np.clip(values, lows[bins], np.nextafter(highs, lows)[bins])


def _slopes(
    masses: Integer[np.ndarray, " bin"],
    starts: Float[np.ndarray, " bin"],
    stops: Float[np.ndarray, " bin"],
) -> Float[np.ndarray, " bin"]:
    """Relative change of density across each bin, in [-2, 2], from its neighbours."""
    if len(masses) < 2:
        return np.zeros(len(masses))
    # Density of bin i is mass / width; its derivative by central differences.
    widths = stops - starts
    heights = masses / widths
    rates = np.gradient(heights, (starts + stops) / 2)
    relative = np.zeros(len(masses))
    np.divide(rates * widths, heights, out=relative, where=heights > 0)
    return np.clip(relative, -2.0, 2.0)


def _linear_quantile(
    slope: Float[np.ndarray, " row"], level: Float[np.ndarray, " row"]
) -> Float[np.ndarray, " row"]:
    """Quantile of the density `1 + slope * (t - 1/2)` on [0, 1]."""
    # The distribution function is start * t + slope * t^2 / 2; its inverse is written
    # so that a slope of zero divides nothing by zero.
    start = 1 - slope / 2
    root = np.sqrt(start**2 + 2 * slope * level)
    return 2 * level / np.maximum(start + root, np.finfo(np.float64).tiny)
