"""Conditions on synthetic devices: which codes each one allows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from teledp_jax import arrays, errors, schemas

Where = Mapping[str, Any]
"""By column of the anchor, or `table.column`: a text, a list of texts, a number, or a
range `(low, high)` of numbers, either of which may be None."""


class Condition(NamedTuple):
    """What a device must have.

    Attributes:
        table: A table of which it has a row
        column: with a code, in this place of the table,
        allowed: for which this is true.
    """

    table: str
    column: int
    allowed: Bool[np.ndarray, " code"]


def read(schema: schemas.Schema, where: Where) -> tuple[Condition, ...]:
    """Reads conditions.

    Args:
        schema: The device tables.
        where: The conditions; a device must meet all of them.

    Returns:
        The same over codes.

    Raises:
        InputError: If a name is unknown, a text is no public value, or no bin lies
            inside a range.
    """
    return tuple(_condition(schema, name, value) for name, value in where.items())


def read_texts(schema: schemas.Schema, texts: Sequence[str]) -> Where:
    """Reads conditions from texts.

    Args:
        schema: The device tables, which tell numbers from texts.
        texts: Of the command line, each as `os=Windows` or `ram_gb=8:16`.

    Returns:
        The conditions, for `Fitted.sample`.

    Raises:
        InputError: If a text is no condition.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, is_stated, value = text.partition("=")
        if not is_stated or not name:
            raise errors.InputError(f"--where={text}: expected NAME=VALUE.")
        found.setdefault(name, []).append(value)
    numbers = {
        f"{table.name}.{column.name}"
        for table in schema.tables
        for column in table.columns
        if column.is_number
    }
    where: dict[str, object] = {}
    for name, stated in found.items():
        whole = name if "." in name else f"{schema.anchor.name}.{name}"
        where[name] = _range(name, stated) if whole in numbers else stated
    return where


def holds(
    conditions: Sequence[Condition], devices: arrays.DeviceArrays
) -> Bool[np.ndarray, " device"]:
    """Tells which devices meet all conditions.

    Args:
        conditions: What `read` returned.
        devices: The arrays.

    Returns:
        True for each device that does.
    """
    found = np.ones(arrays.num_devices(devices), bool)
    for table, column, allowed in conditions:
        rows = allowed[np.asarray(devices[table].codes)[:, column]]
        meets = np.zeros(len(found), bool)
        meets[arrays.owners(devices[table])[rows]] = True
        found &= meets
    return found


def _condition(schema: schemas.Schema, name: str, value: Any) -> Condition:
    """One condition over codes."""
    owner, _, own = name.rpartition(".")
    owner = owner or schema.anchor.name
    tables = {table.name: table for table in schema.tables}
    columns = tables[owner].columns if owner in tables else ()
    names = [column.name for column in columns]
    if own not in names:
        known = [column.name for column in schema.anchor.columns]
        raise errors.InputError(
            f"where: no column {name!r}; name one of the anchor "
            f"({', '.join(known)}) or "
            "table.column."
        )
    column = columns[names.index(own)]
    allowed = np.zeros(column.num_codes, bool)
    allowed[_codes(name, column, value)] = True
    return Condition(owner, names.index(own), allowed)


def _codes(name: str, column: schemas.Column, value: Any) -> list[int]:
    """The codes that a value of a condition stands for."""
    if column.is_number:
        return _codes_of_range(name, column, value)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple | set) or not values:
        raise errors.InputError(f"where: {name}={value!r}: expected a text or a list.")
    if unknown := [text for text in values if text not in column.categories]:
        shown = ", ".join(column.categories[:20])
        raise errors.InputError(
            f"where: {name}={unknown[0]!r} is no value of the column; some are {shown}."
        )
    return [1 + column.categories.index(text) for text in values]


def _codes_of_range(name: str, column: schemas.Column, value: Any) -> list[int]:
    """The code of a number, or of zero and the bins that lie inside a range."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        code = column.code_of(float(value))
        if code == schemas.ABSENT:
            raise errors.InputError(f"where: {name}={value!r} is outside the bounds.")
        return [code]
    try:
        low, high = value
        low = -np.inf if low is None else float(low)
        high = np.inf if high is None else float(high)
    except (TypeError, ValueError):
        raise errors.InputError(
            f"where: {name}={value!r}: expected a number, or a range (low, high)."
        ) from None
    last = 1 if column.kind == "integer" else 0  # the greatest value of a bin
    found = [
        column.first_bin + index
        for index, (start, stop) in enumerate(
            zip(column.edges[:-1], column.edges[1:], strict=True)
        )
        if low <= start and stop - last <= high
    ]
    if column.has_zero and low <= 0 <= high:
        found.append(schemas.ZERO)
    if not found:
        edges = ", ".join(f"{edge:.4g}" for edge in column.edges)
        raise errors.InputError(
            f"where: {name}={value!r}: no bin lies inside; the edges are {edges}."
        )
    return found


def _range(
    name: str, stated: Sequence[str]
) -> float | tuple[float | None, float | None]:
    """A number, or its least and greatest value."""
    if len(stated) > 1:
        raise errors.InputError(
            f"--where={name}=...: state one number or range, as {name}=8:16."
        )
    low, is_range, high = stated[0].partition(":")
    try:
        if not is_range:
            return float(low)
        return float(low) if low else None, float(high) if high else None
    except ValueError:
        raise errors.InputError(
            f"--where={name}={stated[0]}: expected a number, or a range as 8:16."
        ) from None
