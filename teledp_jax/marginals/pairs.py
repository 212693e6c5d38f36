"""Two-way counts of variables of a device, which change by at most one cell each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, base, errors, schemas
from teledp_jax.marginals import measure

ROWS = "rows"  # the name of a table's number of rows, among names of columns


class Variable(NamedTuple):
    """What one half of a pair counts.

    Attributes:
        name: `table/column`, or `table/rows`.
        table: Name of its table.
        column: Position of the column; -1 for the number of rows.
        num_cells: Its codes, and one more for devices without a row.
    """

    name: str
    table: str
    column: int
    num_cells: int


class Pair(NamedTuple):
    """Two variables; the cell of a device is `first * second.num_cells + second`."""

    first: Variable
    second: Variable

    @property
    def num_cells(self) -> int:
        """Cells of the table of counts."""
        return self.first.num_cells * self.second.num_cells


def variable(schema: schemas.Schema, name: str) -> Variable:
    """The variable of a name.

    Raises:
        InputError: If the schema has none of that name.
    """
    table_name, _, column_name = name.partition("/")
    for table in schema.tables:
        if table.name != table_name:
            continue
        if column_name == ROWS and table.role != "anchor":
            return Variable(name, table.name, -1, table.max_rows + 1)
        for position, column in enumerate(table.columns):
            if column.name == column_name:
                return Variable(name, table.name, position, column.num_codes + 1)
    raise errors.InputError(
        f"pairs: suite {schema.suite} has no variable {name!r}; write table/column, "
        f"or table/{ROWS} for the number of rows of a table other than the anchor."
    )


def parse(schema: schemas.Schema, names: Sequence[Sequence[str]]) -> tuple[Pair, ...]:
    """The pairs of some names, each once.

    Raises:
        InputError: If a name is unknown or a pair is not of two variables.
    """
    pairs: dict[frozenset[str], Pair] = {}
    for both in names:
        if len(both) != 2 or both[0] == both[1]:
            raise errors.InputError(f"pairs: {both} is not two variables.")
        pair = Pair(variable(schema, both[0]), variable(schema, both[1]))
        pairs.setdefault(frozenset(both), pair)
    return tuple(pairs.values())


def public_pairs(schema: schemas.Schema) -> tuple[tuple[str, str], ...]:
    """Every column of the anchor with the number of rows of every other table."""
    return tuple(
        (f"{schema.anchor.name}/{column.name}", f"{table.name}/{ROWS}")
        for column in schema.anchor.columns
        for table in schema.tables[1:]
    )


def values(
    devices: arrays.DeviceArrays, drawn: measure.Drawn, which: Variable
) -> Integer[np.ndarray, " device"]:
    """Finds the cell of each device in a variable: a code, or the last for no row.

    Args:
        devices: The private devices.
        drawn: The row of each table that speaks for a device.
        which: A column of a table, or its number of rows.

    Returns:
        A cell per device. Private.
    """
    num_rows = drawn.num_rows[which.table]
    if which.column < 0:
        return num_rows.astype(np.int64)
    codes, offsets = (np.asarray(part) for part in devices[which.table])
    present = np.flatnonzero(num_rows)
    places = offsets[present] + drawn.row[which.table][present]
    found = np.full(len(num_rows), which.num_cells - 1, np.int64)
    found[present] = codes[places, which.column]
    return found


def cells(
    devices: arrays.DeviceArrays, drawn: measure.Drawn, pair: Pair
) -> Integer[np.ndarray, " device"]:
    """Finds the one cell of each device in a pair.

    Args:
        devices: The private devices.
        drawn: The row of each table that speaks for a device.
        pair: The pair.

    Returns:
        A cell per device, the second variable fastest. Private.
    """
    first, second = (values(devices, drawn, which) for which in pair)
    return first * pair.second.num_cells + second


def counts(
    key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    measured: Sequence[Pair],
    *,
    first: int = 0,
) -> Integer[np.ndarray, " cell"]:
    """Counts of all pairs, one after the other. Exact, so private.

    A device that joins adds one to one cell of each pair, so the L2 sensitivity is the
    root of the number of pairs. One row speaks for a device in all pairs, drawn by
    `measure.draw_rows`; key and `first` are those that it takes.

    Args:
        key: As in `measure.draw_rows`.
        schema: The public schema.
        devices: The private devices.
        measured: The pairs.
        first: As in `measure.draw_rows`.

    Returns:
        Counts of all cells of all pairs. Private.
    """
    drawn = measure.draw_rows(key, schema, devices, first=first)
    return np.concatenate(
        [
            np.bincount(cells(devices, drawn, pair), minlength=pair.num_cells)
            for pair in measured
        ]
    ).astype(np.int64)


def independent_shares(
    schema: schemas.Schema, model: base.Tree, pair: Pair
) -> Float[np.ndarray, "first second"]:
    """Computes shares of a pair if its variables depend on numbers of rows only.

    Args:
        schema: The public schema.
        model: One-way shares, from `independent.estimate`.
        pair: The pair.

    Returns:
        Shares of cells, which sum to one.
    """
    sides = [by_bucket(schema, model, which) for which in pair]
    if pair.first.table != pair.second.table or pair.first.table == schema.anchor.name:
        return np.outer(sides[0].sum(axis=0), sides[1].sum(axis=0))
    # Both columns of a row share its bucket; the bucket of no row is a cell of its own.
    weights = np.maximum(sides[0].sum(axis=1), 1e-300)
    return np.einsum("bi,bj,b->ij", sides[0], sides[1], 1 / weights)


def by_bucket(
    schema: schemas.Schema, model: base.Tree, which: Variable
) -> Float[np.ndarray, "bucket cell"]:
    """Computes shares of devices by bucket of the number of rows and cell.

    Args:
        schema: The public schema.
        model: Shares of codes by table and column.
        which: A column of a table, or its number of rows.

    Returns:
        Shares, which sum to one; the first bucket is that of no row.
    """
    shares = model[which.name]
    if which.column < 0:
        return shares
    if which.table == schema.anchor.name:
        return np.pad(shares, ((0, 0), (0, 1)))
    rows = model[f"{which.table}/{ROWS}"][0]
    bucket = measure.row_bucket(np.arange(1, len(rows)))
    present = np.bincount(bucket, rows[1:], minlength=len(shares))
    cells = np.pad(shares * present[:, None], ((1, 0), (0, 1)))
    cells[0, -1] = rows[0]
    return cells


def surplus(
    noisy: Integer[np.ndarray, " cell"],
    expected: Float[np.ndarray, "first second"],
    *,
    sigma: float,
) -> float:
    """Computes by how many devices a pair departs from a model, beyond noise.

    The L1 distance less its mean under the noise alone; not above zero where the pair
    shows nothing.

    Args:
        noisy: Noisy counts of the pair's cells.
        expected: Counts of the model.
        sigma: Standard deviation of the noise of a count.

    Returns:
        The surplus, in devices.

    References:
        McKenna et al. 2022 (arXiv:2201.12677), the quality score of AIM.
    """
    noise = (2 / np.pi) ** 0.5 * sigma * len(noisy)
    return float(np.abs(noisy - expected.ravel()).sum() - noise)
