"""Checks queries over empty tables: each one runs, and gives what can be compared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from teledp_jax import errors, schemas
from teledp_jax.data import device_files, warehouse
from teledp_jax.queries import catalog, groups
from teledp_jax.queries import contributions as contributions_lib

_NUMBERS = frozenset(
    {
        "boolean", "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint",
        "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal",
        "null",
    }
)  # fmt: skip
"""Types in DuckDB that a metric of numbers takes."""

_SCALARS = _NUMBERS | {
    "varchar", "enum", "uuid", "date", "time", "timestamp", "timestamp_s",
    "timestamp_ms", "timestamp_ns", "timestamp with time zone", "time with time zone",
}  # fmt: skip
"""Types in DuckDB that a key, or a value that is only compared, may have."""

_OF_ANY_SCALAR = ("agreement", "share_variation")
"""Metrics that only ask whether two values are the same."""


def check(queries: Iterable[catalog.Query], schema: schemas.Schema) -> None:
    """Runs every query over empty tables, before any data are read.

    Args:
        queries: The queries.
        schema: The device tables.

    Raises:
        InputError: If a query names an unknown table or column, reads a table that its
            header lacks, does not parse, is more than one SELECT, lacks a column that
            its header names, or gives a key or value of a type that cannot be compared;
            if its header's contributions or devices are at fault.
    """
    for error in faults(queries, schema):
        raise error


def faults(
    queries: Iterable[catalog.Query], schema: schemas.Schema
) -> Iterator[errors.InputError]:
    """Runs every query over empty tables; a fault of one hides none of the next.

    Args:
        queries: The queries.
        schema: The device tables.

    Yields:
        The fault of each query that has one, as `check` would raise it.
    """
    # Not empty_table(), which loads pandas where that is installed.
    empty = {
        table.name: pa.Table.from_batches(
            [], schema=device_files.arrow_schema(schema, table)
        )
        for table in schema.tables
    }
    with warehouse.sealed() as connection:
        for query in queries:
            if unknown := sorted(set(query.tables) - set(empty)):
                yield errors.InputError(
                    f"{query.path}: tables {unknown} are no device tables; known: "
                    f"{sorted(empty)}."
                )
                continue
            for name in query.tables:
                connection.register(name, empty[name])
            try:
                _check_types(query, _columns(connection, query))
                _check_contributions(connection, query, schema)
                groups.check(connection, query, schema)
            except errors.InputError as error:
                yield error
            finally:
                for name in query.tables:
                    connection.unregister(name)


def _columns(
    connection: duckdb.DuckDBPyConnection, query: catalog.Query
) -> dict[str, Any]:
    """Names and types of the columns that a statement gives."""
    warehouse.check_select(connection, query.path, query.statement)
    try:
        result = connection.execute(query.statement)
        given = {part[0]: part[1] for part in result.description or ()}
        result.fetchall()
    except duckdb.Error as error:
        raise errors.InputError(
            f"{query.path}: does not run over the tables of its header "
            f"({errors.first_line(error)})."
        ) from None
    return given


def _check_types(query: catalog.Query, given: Mapping[str, Any]) -> None:
    """Checks that the columns of a header are there, and can be compared."""
    values = [value for value in query.values if value.metric != "row_count"]
    columns = [value.column for value in values]
    if missing := sorted({*query.keys, *columns} - set(given)):
        raise errors.InputError(
            f"{query.path}: the SELECT lacks {missing}, which the header names; it "
            f"gives {list(given)}."
        )
    for name in query.keys:
        if given[name].id not in _SCALARS:
            raise errors.InputError(
                f"{query.path}: key {name} is {given[name]}; cast it to text, a number "
                "or a date."
            )
    for value in values:
        kind = given[value.column]
        if kind.id not in (_SCALARS if value.metric in _OF_ANY_SCALAR else _NUMBERS):
            raise errors.InputError(
                f"{query.path}: value {value.column} is {kind}, which "
                f"{value.metric} cannot compare; give a number."
            )


def _check_contributions(
    connection: duckdb.DuckDBPyConnection, query: catalog.Query, schema: schemas.Schema
) -> None:
    """Checks what a header declares of contributions, if anything."""
    if query.contributions is None:
        return
    try:
        contributions_lib.check(connection, query.contributions, schema)
    except errors.InputError as error:
        raise errors.InputError(f"{query.path}: {error}") from None
