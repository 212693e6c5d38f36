"""A fleet as one relation: one record a device, one code an attribute.

Anchor columns are attributes as they are. A group table adds its presence, and its
columns with one code more, the last, for devices without a row. An entity table adds
its number of rows, and the columns of one of the device's rows, drawn uniformly
whatever they hold, again with a code for devices without any. So each device is one
record, and one that joins adds one to one cell of each marginal: over all tables its
contribution to a marginal has norm 1.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, schemas
from teledp_jax.marginals import measure

Records = Integer[np.ndarray, "device attribute"]

Draw = Callable[
    [int, Records, Integer[np.ndarray, " code"] | None], Integer[np.ndarray, " device"]
]
"""Draws an attribute given the records so far, perhaps from only some codes."""


class Attribute(NamedTuple):
    """One attribute of the relation.

    Attributes:
        table: Name of its table.
        column: Position of the column in the table; -1 for the number of rows.
        num_codes: Size of its domain.
        first_ordinal: Codes from here on have an order; `num_codes` if none has.
        no_row: The code of devices without a row; -1 if there is none.
        is_detail: Whether it is a column of an entity table.
    """

    table: str
    column: int
    num_codes: int
    first_ordinal: int
    no_row: int
    is_detail: bool

    @property
    def name(self) -> str:
        """A name that no other attribute has."""
        return f"{self.table}/{self.column}"


def attributes(schema: schemas.Schema) -> tuple[Attribute, ...]:
    """Returns the attributes of a schema, table by table; public."""
    found = []
    for table in schema.tables:
        with_absence = table.role != "anchor"
        if with_absence:
            size = table.max_rows + 1
            found.append(Attribute(table.name, -1, size, 1, 0, False))
        for position, column in enumerate(table.columns):
            size = column.num_codes
            found.append(
                Attribute(
                    table=table.name,
                    column=position,
                    num_codes=size + with_absence,
                    first_ordinal=column.first_bin if column.is_number else size,
                    no_row=size if with_absence else -1,
                    is_detail=table.role == "entity",
                )
            )
    return tuple(found)


def records(
    key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    *,
    first: int = 0,
) -> Records:
    """Makes one record per device: exact, so private.

    Args:
        key: Draws the rows of entity tables, as in `measure.draw_rows`.
        schema: The public schema.
        devices: The private devices, or those of a shard.
        first: Position in the fleet of the first of them.

    Returns:
        Codes of each device, by attribute. Private.
    """
    parts = []
    rows = measure.draw_rows(key, schema, devices, first=first)
    for table in schema.tables:
        num_rows = rows.num_rows[table.name]
        drawn = arrays.rows_at(devices[table.name], rows.row[table.name])
        drawn = drawn.astype(np.int64)
        if table.role != "anchor":
            absent = np.array([column.num_codes for column in table.columns])
            drawn = np.where(num_rows[:, None] > 0, drawn, absent)
            parts.append(num_rows[:, None].astype(np.int64))
        parts.append(drawn)
    return np.concatenate(parts, axis=1)


def draw_devices(
    schema: schemas.Schema, order: Sequence[int], count: int, draw: Draw
) -> arrays.DeviceArrays:
    """Draws devices, attribute by attribute, so that tables agree with themselves.

    The attribute of a table that is drawn first says whether the table has a row; the
    others follow it. The rows of an entity table are drawn one by one, given all else
    about their device.

    Args:
        schema: The public schema.
        order: Positions of the attributes, those of entity columns the last.
        count: Number of devices.
        draw: Draws one attribute.

    Returns:
        The devices.
    """
    every = attributes(schema)
    codes = np.zeros((count, len(every)), np.int64)
    exists: dict[str, np.ndarray] = {}
    for index in order:
        if not every[index].is_detail:
            codes[:, index] = _draw_consistent(every[index], index, codes, exists, draw)
    devices = {}
    for table in schema.tables:
        own = [i for i, attribute in enumerate(every) if attribute.table == table.name]
        columns = [i for i in own if every[i].column >= 0]
        num_rows = np.ones(count, np.int64)
        if table.role != "anchor":
            num_rows = codes[:, own[0]]
        mask = np.arange(table.max_rows)[None, :] < num_rows[:, None]
        rows = codes[np.repeat(np.arange(count), num_rows)]
        if table.role == "entity":
            for index in order:
                if index in columns:
                    rows[:, index] = draw(index, rows, np.arange(every[index].no_row))
        dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
        cells = np.zeros((*mask.shape, len(columns)), dtype)
        cells[mask] = rows[:, columns]
        devices[table.name] = arrays.from_padded(sort_rows(table, cells, mask), mask)
    return devices


def _draw_consistent(
    attribute: Attribute,
    index: int,
    codes: Records,
    exists: dict[str, np.ndarray],
    draw: Draw,
) -> Integer[np.ndarray, " device"]:
    """One attribute; its table's presence is set by it or followed."""
    if attribute.no_row < 0:
        return draw(index, codes, None)
    if attribute.table not in exists:
        drawn = draw(index, codes, None)
        exists[attribute.table] = drawn != attribute.no_row
        return drawn
    present = exists[attribute.table]
    drawn = np.full(len(codes), attribute.no_row, np.int64)
    others = np.setdiff1d(np.arange(attribute.num_codes), [attribute.no_row])
    drawn[present] = draw(index, codes[present], others)
    return drawn


def sort_rows(
    table: schemas.Table,
    codes: Integer[np.ndarray, "device row column"],
    mask: np.ndarray,
) -> Integer[np.ndarray, "device row column"]:
    """Sorts rows as `encode` keeps them: largest `cap_by` first.

    Args:
        table: The public table.
        codes: Codes of each row.
        mask: `[device, row]`: which rows exist.

    Returns:
        The codes, rows that exist first.
    """
    if table.cap_by is None:
        return codes
    position = [column.name for column in table.columns].index(table.cap_by)
    rank = np.where(mask, codes[..., position].astype(np.int64), -1)
    order = np.argsort(-rank, axis=1, kind="stable")
    return np.take_along_axis(codes, order[..., None], axis=1)


def draw_rows(
    generator: np.random.Generator,
    shares: Float[np.ndarray, "context code"],
    context: Integer[np.ndarray, " drawn"],
) -> Integer[np.ndarray, " drawn"]:
    """Draws codes by the shares of their contexts, as evenly as whole numbers allow.

    Args:
        generator: Source of randomness.
        shares: Not negative; rows of zeros are taken as uniform.
        context: The row of `shares` that each code is drawn from.

    Returns:
        A code per context.
    """
    totals = shares.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, shares, 1.0)
    cumulative = np.cumsum(shares, axis=1)
    cumulative /= cumulative[:, -1:]
    shuffled = generator.permutation(len(context))
    order = shuffled[np.argsort(context[shuffled], kind="stable")]
    sizes = np.bincount(context, minlength=len(shares))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    offsets = np.repeat(generator.random(len(shares)), sizes)
    points = (np.arange(len(context)) - starts + offsets) / np.repeat(sizes, sizes)
    # One search for all contexts: each has a unit interval of its own.
    grid = (cumulative + np.arange(len(shares))[:, None]).ravel()
    found = np.searchsorted(grid, points + context[order], side="right")
    codes = np.empty(len(context), np.int64)
    codes[order] = np.clip(
        found - context[order] * shares.shape[1], 0, shares.shape[1] - 1
    )
    return codes
