"""Holds decoded rows to the public constraints of their table.

What headers state is public, so holding synthetic rows to it costs no budget. Each row
is mended by itself, but for what a whole table must agree on: there the synthetic rows
themselves decide. Where it can be, a value stays in its bin.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Integer

from teledp_jax import schemas

Columns = dict[str, Any]
"""Decoded values by column, as pyarrow arrays of equal length."""

_CLOSE = 1e-6  # relative error of a sum that holds


def hold(table: schemas.Table, columns: Columns, rng: np.random.Generator) -> Columns:
    """Changes values of rows that break a constraint.

    Args:
        table: The public table.
        columns: Its decoded values.
        rng: Draws a listed combination for rows that have none.

    Returns:
        The values, which keep every constraint of the table.
    """
    held = dict(columns)
    for constraint in table.constraints:
        if constraint.kind == "combinations":
            held |= _combined(constraint, held, rng)
        elif constraint.kind == "determines":
            held |= _determined(constraint, held)
        elif constraint.kind == "sum":
            held |= _summed(table, constraint, held)
    return held | _ordered(table, held)


def broken(table: schemas.Table, columns: Mapping[str, Any]) -> list[int]:
    """Counts the rows that break each constraint of a table.

    Args:
        table: The public table.
        columns: Values by column, as pyarrow arrays.

    Returns:
        A number of rows for each of `table.constraints`.
    """
    return [int(_breaks(constraint, columns).sum()) for constraint in table.constraints]


def _breaks(
    constraint: schemas.Constraint, columns: Mapping[str, Any]
) -> Bool[np.ndarray, " row"]:
    """Which rows break a constraint."""
    names = constraint.columns
    if constraint.kind == "at_most":
        less, more = (_numbers(columns[name]) for name in names)
        return less > more
    if constraint.kind == "sum":
        total = sum(np.nan_to_num(_numbers(columns[name])) for name in names)
        if isinstance(constraint.total, str):
            aim = _numbers(columns[constraint.total])
        else:
            aim = np.where(total == 0, 0.0, float(constraint.total))
        return np.abs(total - aim) > _CLOSE * np.maximum(np.abs(aim), 1.0)
    place, cells = _cells(columns, names)
    if constraint.kind == "combinations":
        listed = set(constraint.values)
        return np.array([None not in c and c not in listed for c in cells], bool)[place]
    usual = _usual(cells, np.bincount(place, minlength=len(cells)))
    wrong = [cell[0] is not None and cell[1:] != usual[cell[0]] for cell in cells]
    return np.array(wrong, bool)[place]


def _cells(
    columns: Mapping[str, Any], names: tuple[str, ...]
) -> tuple[Integer[np.ndarray, " row"], list[tuple[Any, ...]]]:
    """The cell of each row, and the values of each cell: those that occur."""
    key = np.zeros(len(columns[names[0]]), np.int64)
    cells: list[tuple[Any, ...]] = [()]
    for name in names:
        coded = columns[name].dictionary_encode(null_encoding="encode")
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        texts = coded.dictionary.to_pylist()
        size = max(len(texts), 1)
        found = key * size + coded.indices.to_numpy(zero_copy_only=False)
        # Cells stay few, as only those that occur are numbered.
        kept, key = np.unique(found, return_inverse=True)
        cells = [(*cells[cell // size], texts[cell % size]) for cell in kept]
    return key, cells


def _numbers(values: Any) -> Float[np.ndarray, " row"]:
    """Numbers of a pyarrow array, NaN where there is none."""
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.array(numbers, np.float64)


def _array(like: Any, numbers: Float[np.ndarray, " row"]) -> Any:
    """Numbers as a pyarrow array of the type of another one; NaN is absent."""
    lacking = np.isnan(numbers)
    if pa.types.is_integer(like.type):
        return pa.array(np.where(lacking, 0, numbers).astype(np.int64), mask=lacking)
    return pa.array(numbers, mask=lacking)


def _ordered(table: schemas.Table, columns: Columns) -> Columns:
    """Values that keep all `at_most`: inside of their bins first, then by lowering."""
    pairs = [c.columns for c in table.constraints if c.kind == "at_most"]
    numbers = {name: _numbers(columns[name]) for pair in pairs for name in pair}
    for less, more in pairs:
        low, _ = _bin(table.column(less), numbers[less])
        _, high = _bin(table.column(more), numbers[more])
        bad = numbers[less] > numbers[more]
        raised = np.minimum(np.maximum(numbers[more], low), high)
        numbers[more] = np.where(bad, raised, numbers[more])
    for _ in pairs:  # a chain of n is held after n passes
        for less, more in pairs:
            bad = numbers[less] > numbers[more]
            numbers[less] = np.where(bad, numbers[more], numbers[less])
    return {name: _array(columns[name], found) for name, found in numbers.items()}


def _bin(
    column: schemas.Column, numbers: Float[np.ndarray, " row"]
) -> tuple[Float[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """Least and greatest value of the bin of each number; zero is its own bin."""
    edges = np.asarray(column.edges, np.float64)
    index = np.clip(
        np.searchsorted(edges, np.nan_to_num(numbers), side="right") - 1,
        0,
        column.num_bins - 1,
    )
    tops = edges[1:] - 1 if column.kind == "integer" else np.nextafter(edges[1:], 0)
    zero = column.has_zero & (numbers == 0)
    return np.where(zero, 0.0, edges[index]), np.where(zero, 0.0, tops[index])


def _summed(
    table: schemas.Table, constraint: schemas.Constraint, columns: Columns
) -> Columns:
    """Parts scaled to a total that is a number, or the total that parts give."""
    parts = {name: _numbers(columns[name]) for name in constraint.columns}
    total = np.sum([np.nan_to_num(part) for part in parts.values()], axis=0)
    if isinstance(constraint.total, str):
        return {constraint.total: _array(columns[constraint.total], total)}
    # A row without any part keeps its zeros.
    scale = np.where(
        total > 0, float(constraint.total) / np.where(total > 0, total, 1), 1
    )
    return {name: _array(columns[name], part * scale) for name, part in parts.items()}


def _usual(
    cells: list[tuple[Any, ...]], counts: Integer[np.ndarray, " cell"]
) -> dict[Any, tuple[Any, ...]]:
    """For each first value the most frequent rest; of equals the first in order."""
    best: dict[Any, tuple[Any, ...]] = {}
    order = sorted(range(len(cells)), key=lambda i: (-counts[i], str(cells[i])))
    for index in order:
        first, *rest = cells[index]
        best.setdefault(first, tuple(rest))
    return best


def _determined(constraint: schemas.Constraint, columns: Columns) -> Columns:
    """Columns that follow from the first one, by what most rows say."""
    place, cells = _cells(columns, constraint.columns)
    usual = _usual(cells, np.bincount(place, minlength=len(cells)))
    rest = [cell[1:] if cell[0] is None else usual[cell[0]] for cell in cells]
    return {
        name: pa.array([own[index] for own in rest], columns[name].type).take(
            pa.array(place)
        )
        for index, name in enumerate(constraint.columns[1:])
    }


def _combined(
    constraint: schemas.Constraint, columns: Columns, rng: np.random.Generator
) -> Columns:
    """Combinations that are listed, drawn as the synthetic rows have them.

    A row keeps as many of its leading values as some listed combination has.
    """
    names, listed = constraint.columns, constraint.values
    place, cells = _cells(columns, names)
    counts = dict(zip(cells, np.bincount(place, minlength=len(cells)), strict=True))
    # One more for all of them, so that one that no row has can be drawn.
    shares = np.array([counts.get(value, 0) + 1 / len(listed) for value in listed])
    chosen = np.full(len(place), -1)
    for cell, values in enumerate(cells):
        if None in values or values in listed:
            continue
        rows = np.flatnonzero(place == cell)
        fits = _fitting(values, listed)
        chosen[rows] = rng.choice(fits, len(rows), p=shares[fits] / shares[fits].sum())
    return {
        name: pc.if_else(
            pa.array(chosen < 0),
            columns[name],
            pa.array([value[index] for value in listed], columns[name].type).take(
                pa.array(np.maximum(chosen, 0))
            ),
        )
        for index, name in enumerate(names)
    }


def _fitting(values: tuple[Any, ...], listed: tuple[tuple[Any, ...], ...]) -> list[int]:
    """The listed combinations that agree with as many leading values as any does."""
    for length in range(len(values) - 1, 0, -1):
        fits = [i for i, own in enumerate(listed) if own[:length] == values[:length]]
        if fits:
            return fits
    return list(range(len(listed)))
