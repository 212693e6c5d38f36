"""Runs a SELECT that says what devices add: who else is there changes no device's rows.

The one place where such statements run, on tables in memory as on files.
"""

import contextlib
import pathlib
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression

from teledp_jax import errors
from teledp_jax.data import warehouse
from teledp_jax.queries import catalog

_BY_DATA = (
    "join_order", "build_side_probe_side", "statistics_propagation",
    "compressed_materialization", "partitioned_execution", "partial_aggregate_pushdown",
)  # fmt: skip
"""Optimizers that look at sizes or values: a plan must not follow from who is there."""

_Span = tuple[str, str]
"""The least and the greatest id of some devices."""

_NOBODY = ("", "")  # an empty text is no id


@contextlib.contextmanager
def database(
    files: Sequence[pathlib.Path] = (),
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a sealed database whose plans follow from the statement, not from rows.

    It has one thread, so that the numbers of a device are added in a fixed order.

    Args:
        files: Files that it may read.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET disabled_optimizers = ?", [",".join(_BY_DATA)])
        warehouse.seal(connection, files=files)
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, statement: str) -> pa.Table | None:
    """Runs a statement; None if the value of a row makes it fail.

    Args:
        connection: What `database` opened, with the tables.
        statement: One SELECT.

    Raises:
        InputError: If memory or disk run out, or a file cannot be read.
    """
    try:
        return connection.sql(statement).to_arrow_table()
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise errors.InputError(
            "A query could not be asked: memory or disk ran out, or a device table "
            f"cannot be read ({type(error).__name__}); free some, or make it again."
        ) from None
    except duckdb.Error:
        return None  # its text may quote a value


def of_files(folder: pathlib.Path, query: catalog.Query, statement: str) -> pa.Table:
    """Asks the devices of a folder what they add to a query.

    A device whose rows make the statement fail adds nothing; the others add what they
    do without it.

    Args:
        folder: Device tables.
        query: The query; its tables are read.
        statement: What its header states beside its own, the device's id first.

    Returns:
        The rows that the statement gives.

    Raises:
        InputError: If a table cannot be read, or the statement is more than one SELECT
            or fits no such table.
    """
    parts = list(_parts(folder, query, statement))
    if not parts:
        with _opened(folder, query) as connection:
            device = _device(connection, query, statement)
        parts = list(_parts(folder, query, statement, device, _NOBODY))
    return pa.concat_tables(parts)


def _parts(
    folder: pathlib.Path,
    query: catalog.Query,
    statement: str,
    device: str = "",
    span: _Span | None = None,
) -> Iterator[pa.Table]:
    """Rows of all devices, or a span; of each half by itself where some rows fail."""
    with _opened(folder, query, device, span) as connection:
        warehouse.check_select(connection, query.path, statement)
        found, ids = rows(connection, statement), list[str]()
        if found is None:
            device = _device(connection, query, statement)
            ids = _ids(connection, query.tables, device)
    if found is not None:
        yield found
    elif len(ids) > 1:
        middle = len(ids) // 2
        for half in (ids[:middle], ids[middle:]):
            own = half[0], half[-1]
            yield from _parts(folder, query, statement, device, own)


@contextlib.contextmanager
def _opened(
    folder: pathlib.Path,
    query: catalog.Query,
    device: str = "",
    span: _Span | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with views of a query's tables, of all devices or a span."""
    files = [
        file
        for name in query.tables
        for file in warehouse.table_files(folder / f"{name}.parquet")
    ]
    with database(files) as connection:
        for name in query.tables:
            _create_view(connection, folder, name, device, span)
        yield connection


def _device(
    connection: duckdb.DuckDBPyConnection, query: catalog.Query, statement: str
) -> str:
    """The first column that a statement gives: the device's id."""
    try:
        return connection.sql(statement).columns[0]
    except duckdb.Error:
        raise errors.InputError(
            f"{query.path}: a SELECT of its header does not fit its device tables; "
            "make them again."
        ) from None


def _create_view(
    connection: duckdb.DuckDBPyConnection,
    folder: pathlib.Path,
    name: str,
    device: str,
    span: _Span | None,
) -> None:
    """Makes a view of the rows of a span of devices."""
    if span is None:
        warehouse.create_views(connection, folder, [name])
        return
    files = warehouse.table_files(folder / f"{name}.parquet")
    relation = warehouse.read_files(connection, files)
    first, last = (ConstantExpression(limit) for limit in span)
    column = ColumnExpression(device)
    relation.filter((column >= first) & (column <= last)).create_view(name)


def _ids(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], device: str
) -> list[str]:
    """All ids of some views, in order."""
    found = {
        row[0]
        for name in names
        for row in connection.view(name)
        .project(ColumnExpression(device))
        .distinct()
        .fetchall()
    }
    return sorted(found)
