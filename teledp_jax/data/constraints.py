"""Reads the constraints that a device table's header states.

A list under `constraints`, each a mapping of one kind::

    constraints:
      - at_most: [num_failed_runs, num_runs]
      - sum: {columns: [pct_on, pct_off], total: 100}
      - combinations: {columns: [os, release], values: [[Win11, 22H2], [Win10, 22H2]]}
      - determines: [model, vendor]

They are public: documentation states them, not a look at the data.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from teledp_jax import errors, schemas
from teledp_jax.data import header_keys


def parse(
    table: str, stated: Any, columns: Iterable[schemas.Column]
) -> tuple[schemas.Constraint, ...]:
    """Reads and checks the constraints of a table.

    Args:
        table: Name of the table, for errors.
        stated: What the header has under `constraints`; None is none.
        columns: The columns of the table.

    Returns:
        The constraints in order.

    Raises:
        InputError: If a constraint is of no known kind, names other columns or columns
            of another kind, or two of them would change the same column.
    """
    if stated is None:
        return ()
    if not isinstance(stated, list | tuple):
        raise _fault(table, f"expected a list of mappings, got {stated!r}")
    known = {column.name: column for column in columns}
    found = tuple(_one(table, item, known) for item in stated)
    for index, own in enumerate(found):
        for other in found[:index]:
            shared = set(own.names) & set(other.names)
            if shared and (own.kind, other.kind) != ("at_most", "at_most"):
                raise _fault(
                    table, f"{sorted(shared)} stand in two; only at_most may share one"
                )
    return found


def _one(
    table: str, item: Any, known: Mapping[str, schemas.Column]
) -> schemas.Constraint:
    """One constraint."""
    if (
        not isinstance(item, Mapping)
        or len(item) != 1
        or set(item) - set(header_keys.CONSTRAINTS)
    ):
        raise _fault(
            table, f"expected one of {list(header_keys.CONSTRAINTS)}, got {item!r}"
        )
    ((kind, value),) = item.items()
    if kind in ("at_most", "determines"):
        made = schemas.Constraint(kind=kind, columns=_names(table, kind, value))
    elif kind == "sum":
        value = _fields(table, kind, value, {"columns", "total"})
        made = schemas.Constraint(
            kind="sum",
            columns=_names(table, kind, value["columns"]),
            total=_total(table, value["total"]),
        )
    else:
        value = _fields(table, kind, value, {"columns", "values"})
        made = schemas.Constraint(
            kind="combinations",
            columns=_names(table, kind, value["columns"]),
            values=_values(table, value["values"]),
        )
    _check(table, made, known)
    return made


def _check(
    table: str, made: schemas.Constraint, known: Mapping[str, schemas.Column]
) -> None:
    """Refuses columns that are not there or of another kind."""
    if unknown := [name for name in made.names if name not in known]:
        raise _fault(table, f"{made.kind} names {unknown}, none of its columns")
    if len(set(made.names)) != len(made.names):
        raise _fault(table, f"{made.kind} names a column twice: {list(made.names)}")
    if made.kind == "at_most" and len(made.columns) != 2:
        raise _fault(table, f"at_most ties two columns, got {list(made.columns)}")
    numbers = made.kind in ("at_most", "sum")
    for name in made.names:
        if known[name].is_number is not numbers:
            wanted = "numbers" if numbers else "categories"
            raise _fault(table, f"{made.kind} ties {wanted}; {name} is none")
    if made.kind == "sum" and not isinstance(made.total, str):
        whole = [name for name in made.columns if known[name].kind == "integer"]
        if whole:
            raise _fault(
                table, f"sum with a fixed total scales {whole}: make it double"
            )
    for value in made.values:
        if len(value) != len(made.columns):
            raise _fault(table, f"{list(value)} is no value per column")
        for name, text in zip(made.columns, value, strict=True):
            if text not in known[name].categories:
                raise _fault(table, f"{text!r} is none of the values of {name}")


def _fields(table: str, kind: str, value: Any, keys: set[str]) -> Mapping[str, Any]:
    """A mapping with exactly these keys."""
    if not isinstance(value, Mapping) or set(value) != keys:
        raise _fault(table, f"{kind} takes {sorted(keys)}, got {value!r}")
    return value


def _names(table: str, kind: str, value: Any) -> tuple[str, ...]:
    """Two names of columns or more."""
    if (
        not isinstance(value, list | tuple)
        or len(value) < 2
        or not all(isinstance(name, str) for name in value)
    ):
        raise _fault(table, f"{kind} takes two or more names of columns, got {value!r}")
    return tuple(value)


def _total(table: str, value: Any) -> float | str:
    """A number above zero, or the name of a column."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault(table, f"total={value!r} is no number and no column")
    if not 0 < value < math.inf:
        raise _fault(table, f"total={value!r} must be above 0 and finite")
    return float(value)


def _values(table: str, value: Any) -> tuple[tuple[str, ...], ...]:
    """Combinations of texts, one at least."""
    if (
        not isinstance(value, list | tuple)
        or not value
        or not all(isinstance(own, list | tuple) for own in value)
    ):
        raise _fault(table, f"values must list combinations, got {value!r}")
    return tuple(tuple(own) for own in value)


def _fault(table: str, text: str) -> errors.InputError:
    """The error for a fault in a header."""
    return errors.InputError(f"Table {table}: constraints: {text}.")
