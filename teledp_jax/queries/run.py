"""Runs queries over the device tables of a folder, with no way to any other file."""

import contextlib
import dataclasses
import datetime
import decimal
import pathlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import duckdb
from absl import logging

from teledp_jax import errors, runs
from teledp_jax.data import warehouse
from teledp_jax.queries import catalog


@dataclasses.dataclass(frozen=True)
class Result:
    """What a query returns, in its order.

    Attributes:
        columns: Names of the columns.
        rows: Cells are text, numbers, booleans or None; NaN is None.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, name: str) -> list[Any]:
        """Lists all cells of a column.

        Args:
            name: Name of the column.
        """
        index = self.columns.index(name)
        return [row[index] for row in self.rows]


Results = Mapping[str, Result | None]
"""Query name to its result; None where it was not evaluated."""


def run_queries(
    folder: pathlib.Path,
    queries: Sequence[catalog.Query],
    results_folder: pathlib.Path | None,
    *,
    missing_tables: Collection[str] = (),
    advance: Callable[[], None],
) -> dict[str, Result | None]:
    """Runs queries on `folder/<table>.parquet` and writes `<query>.csv` files.

    A query that reads a missing table is not evaluated. Nor is one that fails on these
    rows though it runs on empty tables: the log names its file.

    Args:
        folder: Device tables.
        queries: What to run.
        results_folder: Where the results go, each whole or not at all; None keeps
            them in memory.
        missing_tables: Tables that the source lacks.
        advance: Called after each query.

    Raises:
        InputError: If another table is missing, or one is no Parquet; if a query is
            more than one SELECT.
    """
    names = dict.fromkeys(name for query in queries for name in query.tables)
    present = [name for name in names if name not in missing_tables]
    for name in present:
        if not (folder / f"{name}.parquet").exists():
            raise errors.InputError(f"{folder}: lacks {name}.parquet; make it again.")
    results: dict[str, Result | None] = {}
    with _sealed(folder, present) as connection:
        for query in queries:
            result = None
            if set(query.tables) <= set(present):
                result = _run(connection, query)
            results[query.name] = result
            if results_folder is not None:
                _keep(results_folder / f"{query.name}.csv", result)
            advance()
    return results


def _keep(path: pathlib.Path, result: Result | None) -> None:
    """Writes a result, or removes an older one where there is none."""
    if result is None:
        path.unlink(missing_ok=True)
    else:
        write(path, result)


def write(path: pathlib.Path, result: Result) -> None:
    """Writes a result as CSV, whole; None is empty.

    Args:
        path: The file.
        result: The result.
    """
    rows = (dict(zip(result.columns, row, strict=True)) for row in result.rows)
    runs.write_csv(path, result.columns, rows)


def read(path: pathlib.Path, like: Result | None) -> Result | None:
    """Reads a result that another stage has written; None if it is not there.

    Args:
        path: The CSV.
        like: A result of the same query, which says what columns are numbers.
    """
    if not path.exists():
        return None
    rows = runs.read_csv(path)
    columns = tuple(rows[0]) if rows else like.columns if like else ()
    numbers = {
        name
        for name in (like.columns if like else ())
        if like and any(isinstance(cell, (int, float)) for cell in like.column(name))
    }
    return Result(
        columns,
        tuple(
            tuple(_parsed(row[name], name in numbers) for name in columns)
            for row in rows
        ),
    )


@contextlib.contextmanager
def _sealed(
    folder: pathlib.Path, names: Sequence[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that can read these tables as views, and no other file."""
    files = [
        file
        for name in names
        for file in warehouse.table_files(folder / f"{name}.parquet")
    ]
    with warehouse.sealed(files=files) as connection:
        warehouse.create_views(connection, folder, names)
        yield connection


def _run(connection: duckdb.DuckDBPyConnection, query: catalog.Query) -> Result | None:
    """One query's result, or None if these rows make it fail."""
    warehouse.check_select(connection, query.path, query.statement)
    try:
        result = connection.execute(query.statement)
        columns = tuple(part[0] for part in result.description or ())
        rows = result.fetchall()
    except duckdb.Error as error:
        # The text may quote a device's value, and no error may depend on one.
        logging.warning("%s: fails (%s).", query.path, type(error).__name__)
        return None
    return Result(columns, tuple(tuple(as_cell(cell) for cell in row) for row in rows))


def as_cell(value: Any) -> Any:
    """Turns a cell into text, a number, a boolean or None."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return None
    return value


def _parsed(text: str, is_number: bool) -> Any:
    """A cell from its text."""
    if not text:
        return None
    try:
        return as_cell(float(text)) if is_number else text
    except ValueError:
        return None
