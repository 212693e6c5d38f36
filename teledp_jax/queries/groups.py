"""How many devices each group of a query's answer is made of.

An answer is judged only if its group has enough devices, so their number must be sound.
It is counted on the real tables, never taken from a column because of its name:

- from the SELECT of device id and keys that the header states as `devices`, or else as
  `contributions.select`: the distinct ids of each key;
- or from the column of the result that the header names as `devices`.

Where a header says neither, the number is not known, and its answers are not judged.
"""

import pathlib
from typing import Any

import duckdb
import pyarrow as pa

from teledp_jax import errors, schemas
from teledp_jax.data import warehouse
from teledp_jax.queries import asking, catalog, run

WHOLE: tuple[Any, ...] = ()
"""The key of the group of all devices that a query reads."""


def count(
    folder: pathlib.Path, query: catalog.Query, result: run.Result
) -> dict[tuple[Any, ...], int] | None:
    """Counts the devices of each group, and of all groups together.

    Args:
        folder: Device tables.
        query: The query.
        result: Its result on these tables.

    Returns:
        Number of devices by key, the whole under `WHOLE`; of a column that counts them,
        the whole is its largest number. None where the header does not say.
    """
    select = _select(query)
    if select is None:
        return _column(query, result) if query.devices is not None else None
    rows = asking.of_files(folder, query, select)
    device = rows.column_names[0]
    found: dict[tuple[Any, ...], int] = {WHOLE: len(rows[device].unique())}
    if query.keys:
        counted = rows.group_by(list(query.keys)).aggregate(
            [(device, "count_distinct")]
        )
        columns = [_cells(counted[name]) for name in query.keys]
        numbers = counted[f"{device}_count_distinct"].to_pylist()
        found |= dict(zip(zip(*columns, strict=True), numbers, strict=True))
    return found


def check(
    connection: duckdb.DuckDBPyConnection, query: catalog.Query, schema: schemas.Schema
) -> None:
    """Checks what a header states as `devices`, over empty tables.

    Args:
        connection: Holds the empty tables.
        query: The query.
        schema: The device tables.

    Raises:
        InputError: If a SELECT does not run or lacks the device id or a key, or if what
            should be a column is none of the keys and values.
    """
    if query.devices is None:
        return
    select = _select(query)
    if select is None or query.devices != select:
        if query.devices not in {value.column for value in query.values}:
            raise errors.InputError(
                f"{query.path}: devices={query.devices!r} is neither a SELECT of "
                "device id and keys nor a column of values."
            )
        return
    warehouse.check_select(connection, query.path, select)
    try:
        given = [part[0] for part in connection.execute(select).description or ()]
    except duckdb.Error as error:
        raise errors.InputError(
            f"{query.path}: devices does not run ({errors.first_line(error)})."
        ) from None
    if given[:1] != [schema.device] or set(given[1:]) != set(query.keys):
        raise errors.InputError(
            f"{query.path}: devices gives {given}, expected "
            f"{[schema.device, *query.keys]}."
        )


def _select(query: catalog.Query) -> str | None:
    """The SELECT whose first column is the device id, if the header has one."""
    if query.devices is not None:
        return query.devices if " " in query.devices.strip() else None
    declared = query.contributions
    if declared is None or not set(query.keys) <= set(declared.keys):
        return None
    return declared.select


def _column(query: catalog.Query, result: run.Result) -> dict[tuple[Any, ...], int]:
    """Numbers of devices as a column of the result gives them."""
    found: dict[tuple[Any, ...], int] = {}
    places = [result.columns.index(name) for name in query.keys]
    for row, number in zip(result.rows, result.column(str(query.devices)), strict=True):
        found.setdefault(tuple(row[i] for i in places), int(number or 0))
    return {**found, WHOLE: max(found.values(), default=0)}


def _cells(column: pa.ChunkedArray) -> list[Any]:
    """Cells as a result has them, so that keys meet."""
    return [run.as_cell(value) for value in column.to_pylist()]
