"""What a device adds to a query's answer, as the query's header declares it.

A header may say how each value of its query is a count, a sum or a ratio of what
devices contribute; then the query can be answered under noise without synthetic data::

    contributions:
      select: >-
        SELECT guid, os, sum(num_errors) AS crashes
        FROM system_sysinfo JOIN errors USING (guid) GROUP BY ALL
      keys: {os: system_sysinfo.os}
      amounts: {crashes: 100}
      values:
        num_devices: devices
        crashes_per_device: [crashes, devices]
      at_least: 50

`select` gives the device id, the keys and the amounts, one row per device and cell (a
combination of keys), from that device's own rows. A device's rows beyond `max_cells`
(1 if not stated) are dropped, those with the largest first amount kept. `keys` names
for each key its public values: a list, a category column of a device table, or
`private` for values that are selected under privacy. `amounts` bounds each amount:
`high`, or `[low, high]`; what lies outside is clipped, what is missing is 0. A value is
an amount (its sum), `[numerator, denominator]` or `[numerator, denominator, factor]`,
or `{share: amount}` (percent of the sum over all cells); `devices` is the amount that
is 1 for each row. Cells with fewer than `at_least` noisy devices are left out. `top:
{by: value, limit: n, within: [key], ascending: false}` keeps the first n cells.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import duckdb

from teledp_jax import errors, schemas
from teledp_jax.data import sqlfile
from teledp_jax.queries import header_keys

DEVICES = "devices"  # the amount that is 1 in each row
PRIVATE = "private"

_TOP = frozenset({"by", "limit", "within", "ascending"})

Cell = tuple[Any, ...]
"""One value per key."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Formula:
    """How a value follows from sums over devices.

    Attributes:
        numerator: An amount.
        denominator: An amount; none where the value is a sum or a share.
        factor: What the ratio is multiplied by.
        is_share: Whether the value is percent of the numerator over all cells.
    """

    numerator: str
    denominator: str | None = None
    factor: float = 1.0
    is_share: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Top:
    """Which cells a ranking keeps: the first `limit` of each `within`."""

    by: str
    limit: int
    within: tuple[str, ...] = ()
    ascending: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contributions:
    """A checked `contributions` of a header; fields as in the module's text.

    Attributes:
        keys: Key to its public values, the name of a column, or `private`.
        amounts: Amount to its public bounds, `devices` the first.
    """

    select: str
    keys: Mapping[str, tuple[Any, ...] | str]
    max_cells: int
    amounts: Mapping[str, tuple[float, float]]
    values: Mapping[str, Formula]
    at_least: float
    top: Top | None


def parse(file: sqlfile.SqlFile) -> Contributions | None:
    """Reads the `contributions` of a query's header.

    Args:
        file: The query.

    Returns:
        What a device adds to the answer; None if the header does not declare it.

    Raises:
        InputError: If a field is missing, unknown or wrong.
    """
    fields = file.header.get("contributions")
    if fields is None:
        return None
    if not isinstance(fields, dict) or set(fields) - set(header_keys.CONTRIBUTIONS):
        raise _fault(file, f"must be a mapping of {sorted(header_keys.CONTRIBUTIONS)}")
    if not isinstance(fields.get("select"), str):
        raise _fault(file, "lacks its select")
    max_cells = fields.get("max_cells", 1)
    if not _is_whole(max_cells):
        raise _fault(file, f"max_cells={max_cells!r} must be a whole number > 0")
    amounts = {DEVICES: (0.0, 1.0)}
    for name, bounds in _mapping(file, fields, "amounts").items():
        amounts[name] = _bounds(file, name, bounds)
    values = {
        name: _formula(file, name, value, amounts)
        for name, value in _mapping(file, fields, "values").items()
    }
    if not values:
        raise _fault(file, "lacks its values")
    keys = {
        name: _vocabulary(file, name, value)
        for name, value in _mapping(file, fields, "keys").items()
    }
    at_least = fields.get("at_least", 0)
    if not _is_number(at_least):
        raise _fault(file, f"{at_least=} must be a number")
    return Contributions(
        select=fields["select"],
        keys=keys,
        max_cells=max_cells,
        amounts=amounts,
        values=values,
        at_least=float(at_least),
        top=_top(file, fields.get("top"), values, keys),
    )


def resolve(
    contributions: Contributions, schema: schemas.Schema
) -> dict[str, tuple[Any, ...] | None]:
    """Finds the public values of each key.

    Args:
        contributions: What a header declares.
        schema: The device tables.

    Returns:
        Values by key; None where they are selected under privacy.

    Raises:
        KeyError: If a key names no category column: `check` finds that.
    """
    found: dict[str, tuple[Any, ...] | None] = {}
    for name, values in contributions.keys.items():
        if values == PRIVATE:
            found[name] = None
        elif isinstance(values, str):
            table, _, column = values.partition(".")
            found[name] = schema.table(table).column(column).categories
            if not found[name]:
                raise KeyError(values)
        else:
            found[name] = values
    return found


def check(
    connection: duckdb.DuckDBPyConnection,
    contributions: Contributions,
    schema: schemas.Schema,
) -> None:
    """Checks the SELECT and the keys over empty tables.

    Args:
        connection: Holds the empty tables.
        contributions: What a header declares.
        schema: The device tables.

    Raises:
        InputError: If the SELECT does not run, gives other columns than the header
            states, or a key names no category column.
    """
    try:
        resolve(contributions, schema)
    except KeyError as error:
        raise errors.InputError(
            f"contributions: {error} is no category column of a device table."
        ) from None
    try:
        statements = connection.extract_statements(contributions.select)
        if [part.type for part in statements] != [duckdb.StatementType.SELECT]:
            raise errors.InputError("contributions: expected one SELECT.")
        result = connection.execute(contributions.select)
        given = [part[0] for part in result.description or ()]
    except duckdb.Error as error:
        raise errors.InputError(
            f"contributions: select does not run ({errors.first_line(error)})."
        ) from None
    amounts = [name for name in contributions.amounts if name != DEVICES]
    expected = [schema.device, *contributions.keys, *amounts]
    if given != expected:
        raise errors.InputError(
            f"contributions: select gives {given}, the header states {expected}."
        )


def _fault(file: sqlfile.SqlFile, text: str) -> errors.InputError:
    """The error for a fault in a header."""
    return errors.InputError(f"{file.path}: contributions: {text}.")


def _is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number above zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _mapping(
    file: sqlfile.SqlFile, fields: Mapping[str, Any], key: str
) -> Mapping[str, Any]:
    """A field that is a mapping by name; empty if it is not there."""
    value = fields.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise _fault(file, f"{key} must be a mapping by name")
    return value


def _bounds(file: sqlfile.SqlFile, name: str, bounds: Any) -> tuple[float, float]:
    """Public bounds of an amount."""
    low, high = bounds if isinstance(bounds, list) and len(bounds) == 2 else (0, bounds)
    if not (_is_number(low) and _is_number(high) and low <= 0 < high):
        raise _fault(file, f"amounts.{name} must be high > 0, or [low <= 0, high]")
    return float(low), float(high)


def _formula(
    file: sqlfile.SqlFile,
    name: str,
    value: Any,
    amounts: Mapping[str, tuple[float, float]],
) -> Formula:
    """One value of the answer."""
    match value:
        case str():
            formula = Formula(numerator=value)
        case {"share": str(amount), **rest} if not rest:
            formula = Formula(numerator=amount, is_share=True)
        case [str(numerator), str(denominator)]:
            formula = Formula(numerator=numerator, denominator=denominator)
        case [str(numerator), str(denominator), factor] if _is_number(factor):
            formula = Formula(
                numerator=numerator, denominator=denominator, factor=float(factor)
            )
        case _:
            raise _fault(file, f"values.{name}={value!r} is no sum, ratio or share")
    used = {formula.numerator, formula.denominator or formula.numerator}
    if unknown := sorted(used - set(amounts)):
        raise _fault(file, f"values.{name}: {unknown} are none of {sorted(amounts)}")
    return formula


def _vocabulary(file: sqlfile.SqlFile, name: str, value: Any) -> tuple[Any, ...] | str:
    """Public values of a key, or where they stand."""
    if isinstance(value, list) and value:
        if not all(isinstance(item, str) or _is_number(item) for item in value):
            raise _fault(file, f"keys.{name} must list texts or numbers; quote texts")
        return tuple(value)
    if isinstance(value, str) and (value == PRIVATE or "." in value):
        return value
    raise _fault(file, f"keys.{name} must be a list, table.column or private")


def _top(
    file: sqlfile.SqlFile,
    fields: Any,
    values: Mapping[str, Formula],
    keys: Mapping[str, Any],
) -> Top | None:
    """The ranking, if any."""
    if fields is None:
        return None
    if not isinstance(fields, dict) or set(fields) - _TOP:
        raise _fault(file, f"top must be a mapping of {sorted(_TOP)}")
    within = fields.get("within", [])
    limit: Any = fields.get("limit")
    ascending = fields.get("ascending", False)
    if fields.get("by") not in [*values, DEVICES] or not _is_whole(limit):
        raise _fault(file, "top needs by (one of the values, or devices) and limit")
    if not isinstance(within, list) or any(name not in list(keys) for name in within):
        raise _fault(file, "top.within must be a list of keys")
    if not isinstance(ascending, bool):
        raise _fault(file, f"top.{ascending=} must be true or false")
    return Top(
        by=fields["by"],
        limit=limit,
        within=tuple(within),
        ascending=ascending,
    )
