"""Binds the statements of a suite over empty tables, before any data are read."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from teledp_jax import errors, schemas
from teledp_jax.data import sqlfile, warehouse

SQL_TYPES = {"category": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}
"""Type in DuckDB of each kind of column."""

Empty = Mapping[str, pa.Table]
"""Raw and reporting tables without rows, by name."""


def bind_reporting(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile, empty: Empty
) -> pa.Table:
    """Checks that a reporting table's statement gives what its header states.

    Args:
        connection: A sealed database; it is left as it is.
        file: The reporting table.
        empty: The tables that it may read.

    Returns:
        The reporting table without rows.

    Raises:
        InputError: If the statement does not run, or gives other columns.
    """
    with warehouse.undone(connection):
        result = _select(connection, file, empty)
        described = list(file.mapping("columns"))
        if result.columns != described:
            raise errors.InputError(
                f"{file.path}: the SELECT gives {result.columns}, the header states "
                f"{described}."
            )
        return result.to_arrow_table()


def bind_device(
    connection: duckdb.DuckDBPyConnection,
    device: str,
    table: schemas.Table,
    file: sqlfile.SqlFile,
    empty: Empty,
) -> None:
    """Checks that a device table's statement gives what its header states.

    Args:
        connection: A sealed database; it is left as it is.
        device: Name of the id column.
        table: What the header states.
        file: The device table.
        empty: The tables that it may read.

    Raises:
        InputError: If the statement does not run, or gives other columns or types.
    """
    expected = {device: "VARCHAR"} | {
        column.name: SQL_TYPES[column.kind] for column in table.columns
    }
    with warehouse.undone(connection):
        result = _select(connection, file, empty)
        given = dict(zip(result.columns, map(str, result.types), strict=True))
    if list(given) != list(expected):
        raise errors.InputError(
            f"{file.path}: the SELECT gives {list(given)}, the header states "
            f"{list(expected)}."
        )
    for name, kind in expected.items():
        if given[name] != kind:
            raise errors.InputError(
                f"{file.path}: column {name} is {given[name]}; cast it to {kind}."
            )


def _select(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile, empty: Empty
) -> duckdb.DuckDBPyRelation:
    """Binds the one SELECT of a file over the tables that its header names."""
    reads = file.names("reads")
    if unknown := sorted(set(reads) - set(empty)):
        raise errors.InputError(
            f"{file.path}: reads {unknown}, which source/ and reporting/ lack; "
            f"known: {sorted(empty)}."
        )
    for name in reads:
        connection.from_arrow(empty[name]).create(name)
    warehouse.check_select(connection, file.path, file.statement)
    try:
        return connection.sql(file.statement)
    except duckdb.Error as error:
        raise errors.InputError(
            f"{file.path}: the statement does not run over the tables that it reads "
            f"({errors.first_line(error)})."
        ) from None
