"""Pools of devices that a model draws variable by variable, and views of their rows."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import schemas
from teledp_jax.marginals import row_codes, statistics

Codes = Integer[np.ndarray, " row"]


class Pool:
    """What has been drawn of some devices: rows lie device by device.

    Attributes:
        schema: The public schema.
        count: Number of devices.
        num_rows: Rows of each device, by table.
        codes: `[row, column]`, by table.
        owner: Device of each row, by table.
        start: First row of each device, by table.
    """

    def __init__(self, schema: schemas.Schema, count: int) -> None:
        """Begins with a row of the anchor for each device.

        Args:
            schema: The public schema.
            count: Number of devices.
        """
        self.schema, self.count = schema, count
        self.num_rows: dict[str, Codes] = {}
        self.codes: dict[str, Integer[np.ndarray, "row column"]] = {}
        self.owner: dict[str, Codes] = {}
        self.start: dict[str, Codes] = {}
        self.set_rows(schema.anchor, np.ones(count, np.int64))

    def set_rows(self, table: schemas.Table, num_rows: Codes) -> None:
        """Makes room for the rows of a table.

        Args:
            table: The table.
            num_rows: Rows of each device.
        """
        self.num_rows[table.name] = num_rows
        self.owner[table.name] = np.repeat(np.arange(self.count), num_rows)
        self.start[table.name] = np.cumsum(num_rows) - num_rows
        shape = (int(num_rows.sum()), len(table.columns))
        self.codes[table.name] = np.zeros(shape, np.int32)

    def first(self, count: int) -> "Pool":
        """Takes the first devices.

        Args:
            count: How many, at most as many as there are.

        Returns:
            A pool of these only; what is drawn in it does not reach this one.
        """
        part = Pool(self.schema, count)
        for name, num_rows in self.num_rows.items():
            stop = int(num_rows[:count].sum())
            part.num_rows[name] = num_rows[:count]
            part.start[name] = self.start[name][:count]
            part.owner[name] = self.owner[name][:stop]
            part.codes[name] = self.codes[name][:stop].copy()
        return part

    def code(
        self, which: statistics.Variable, table: str, device: Codes, row: Codes
    ) -> Codes:
        """Finds codes of a variable, as seen from rows of a table.

        Args:
            which: The variable: of the device, or of the same row.
            table: The table that the rows are of.
            device: Device of each row.
            row: Position of each row in its table.

        Returns:
            Codes; -1 where a device lacks the table of the variable.
        """
        num_rows = self.num_rows[which.table][device]
        most = self.schema.table(which.table).max_rows
        if which.kind == "presence":
            return np.where(num_rows > 0, 0, -1)
        if which.kind == "rows":
            return row_codes.code_of(row_codes.row_starts(most), num_rows)
        if which.kind == "bucket":
            return row_codes.code_of(row_codes.bucket_starts(most), num_rows)
        codes = self.codes[which.table][:, which.column]
        if which.table == table:
            return codes[row].astype(np.int64)
        found = np.full(len(device), -1, np.int64)
        there = num_rows > 0
        found[there] = codes[self.start[which.table][device[there]]]
        return found


class Rows(NamedTuple):
    """Rows of a pool that a variable is fitted on or drawn for.

    Attributes:
        table: Their table.
        device: Device of each.
        row: Position of each in the table.
        bucket: Bucket of the number of rows of each.
        times: Rows that each stands for.
    """

    table: str
    device: Codes
    row: Codes
    bucket: Codes
    times: Float[np.ndarray, " row"]

    def take(self, index: Codes | slice) -> "Rows":
        """Takes some rows."""
        return Rows(self.table, *(part[index] for part in self[1:]))


def rows_of(pool: Pool, child: statistics.Variable, *, by_device: bool) -> Rows:
    """Lists the rows where a variable has a value.

    Args:
        pool: What has been drawn.
        child: The variable.
        by_device: Whether one row of each device stands for all of its rows.

    Returns:
        The rows; every device once for a number of rows.
    """
    if child.kind != "column":
        device = np.arange(pool.count)
        zero = np.zeros(pool.count, np.int64)
        return Rows(child.table, device, zero, zero, np.ones(pool.count))
    num_rows = pool.num_rows[child.table]
    most = pool.schema.table(child.table).max_rows
    buckets = row_codes.code_of(row_codes.bucket_starts(most), num_rows)
    if by_device:
        device = np.flatnonzero(num_rows)
        times = num_rows[device].astype(np.float64)
        row = pool.start[child.table][device]
        return Rows(child.table, device, row, buckets[device], times)
    device = pool.owner[child.table]
    row = np.arange(len(device))
    return Rows(child.table, device, row, buckets[device], np.ones(len(device)))
