"""Which columns of the raw tables a suite's device tables are made of."""

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from teledp_jax.data import definition, warehouse


def narrowed(
    suite: definition.Suite, window: warehouse.Window
) -> dict[str, definition.Source]:
    """Returns the raw tables, each with the columns that its device tables are made of.

    DuckDB says which: each statement is planned over empty tables, and what its own
    pruning leaves in a scan is read. The id column always stays, and the time column
    where a window asks for it.

    Args:
        suite: The suite; its statements have been bound.
        window: For raw tables with a time column.

    Returns:
        By name, each source with `types` of what is read, in the order of its DDL.
    """
    read: dict[str, set[str | None]] = {
        name: {source.device, None if window == (None, None) else source.time}
        for name, source in suite.sources.items()
    }
    with duckdb.connect() as connection:
        connection.execute("SET disabled_optimizers = ?", [_others(connection)])
        warehouse.seal(connection)
        for name, source in suite.sources.items():
            connection.from_arrow(source.empty()).create(name)
        for name, file in suite.reporting_files.items():
            connection.sql(file.statement).create_view(name)
        for file in suite.device_files.values():
            nodes = list(_nodes(connection, file.statement))
            recurs = any(node["name"].startswith("REC") for node in nodes)
            for table, column in itertools.chain.from_iterable(map(_scanned, nodes)):
                # What a recursion carries along is evaluated, though nothing reads it.
                read[table] |= set(suite.sources[table].types) if recurs else {column}
    return {
        name: dataclasses.replace(source, types=_kept(source.types, read[name]))
        for name, source in suite.sources.items()
    }


def _others(connection: duckdb.DuckDBPyConnection) -> str:
    """All optimizers but the one that prunes columns: none may drop a scan."""
    names = connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()
    return ",".join(name for (name,) in names if name != "unused_columns")


def _nodes(
    connection: duckdb.DuckDBPyConnection, statement: str
) -> Iterator[dict[str, Any]]:
    """All nodes of a statement's plan."""
    ((_, plan),) = connection.execute(f"EXPLAIN (FORMAT json) {statement}").fetchall()
    nodes: list[dict[str, Any]] = json.loads(plan)
    while nodes:
        node = nodes.pop()
        nodes += node["children"]
        yield node


def _scanned(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Table and column, as a plan names them, of all that a scan reads."""
    facts = node["extra_info"]
    if "Table" in facts:
        columns = facts["Projections"]
        table = facts["Table"].removeprefix("memory.main.").strip('"')
        for column in [columns] if isinstance(columns, str) else columns:
            yield table, column


def _kept(types: Mapping[str, str], read: set[str | None]) -> dict[str, str]:
    """The types of columns that are read; all where a name may be a part of one."""
    if not read <= {*types, "", None} or any("." in name for name in types):
        return dict(types)
    return {name: kind for name, kind in types.items() if name in read}
