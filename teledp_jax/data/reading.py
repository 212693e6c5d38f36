"""Reads raw rows in the types of a suite's header, each value as the file means it."""

from collections.abc import Mapping, Sequence

import duckdb
from duckdb import CaseExpression, ColumnExpression, ConstantExpression
from duckdb import FunctionExpression as Function

from teledp_jax import storage
from teledp_jax.data import definition, layouts, rawfiles, slices, warehouse

_NOT_ALWAYS_FINITE = ("FLOAT", "DOUBLE", "DATE", "TIMESTAMP")
"""Types, by how they begin, that hold values which are no number and no time."""


def open_files(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    files: Sequence[storage.Place],
) -> duckdb.DuckDBPyRelation:
    """Opens the files of a raw table, whatever their columns' order and width.

    Files of one layout are read together, and cast before others join them: a wider
    type of another file changes no value.

    Args:
        connection: May read the files.
        source: The raw table.
        files: Its files; `rawfiles.faults` found none.

    Returns:
        All rows, in the columns and types that `source.types` names.

    Raises:
        InputError: If a file or its storage cannot be read: no file is left out.
    """
    groups: dict[tuple[object, ...], list[storage.Place]] = {}
    for file, layout in layouts.whole(connection, files).items():
        if layout.num_rows:
            folders = layout.in_folders(source.types)
            key = (
                tuple(folders and layout.folders),  # all files of a group share them
                *(layout.types.get(name) for name in source.types),
            )
            groups.setdefault(key, []).append(file)
    parts = [
        as_types(
            warehouse.read_files(connection, own, with_folders=bool(key[0])),
            source.types,
        )
        for key, own in groups.items()
    ]
    if not parts:
        return _nothing(connection, source.types)
    whole, *others = parts
    for other in others:
        whole = whole.union(other)
    return whole


def _nothing(
    connection: duckdb.DuckDBPyConnection, types: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """No rows, in these columns and types."""
    one = connection.sql("SELECT 1 AS one")
    null = ConstantExpression(None)
    columns = (null.cast(duckdb.sqltype(t)).alias(name) for name, t in types.items())
    return one.project(*columns).filter(ConstantExpression(False))


def as_types(
    relation: duckdb.DuckDBPyRelation, types: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """Selects columns, each cast to its type.

    Where the relation lacks one, a statement that reads it fails when it runs.

    Args:
        relation: Any rows.
        types: DuckDB type of each column wanted.
    """
    lacking = Function("error", ConstantExpression("column not staged"))
    given = {
        name: ColumnExpression(name).cast(duckdb.sqltype("TIMESTAMP WITH TIME ZONE"))
        if str(kind) == "TIMESTAMPTZ_NS"  # which has no way to TIMESTAMP of its own
        else ColumnExpression(name)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    }
    texts = {
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if str(kind) == "VARCHAR"
    }
    columns = []
    for name, kind in types.items():
        column, wanted = given.get(name, lacking), duckdb.sqltype(kind)
        if name in texts and kind != "VARCHAR":  # a time as ISO text
            columns.append(column.try_cast(wanted).alias(name))
        else:
            columns.append(column.cast(wanted).alias(name))
    return relation.project(*columns)


def of_slice(
    relation: duckdb.DuckDBPyRelation,
    source: definition.Source,
    one: slices.Slice | None,
) -> duckdb.DuckDBPyRelation:
    """Selects the rows of some devices; of a public table, all rows.

    Args:
        relation: Rows in the types of the header.
        source: The raw table.
        one: The devices; None is all.
    """
    if one is None or source.device is None:
        return relation
    return relation.filter(one.holds(source.device))


def raw_rows(
    relation: duckdb.DuckDBPyRelation,
    source: definition.Source,
    selection: rawfiles.Selection,
    one: slices.Slice | None = None,
) -> duckdb.DuckDBPyRelation:
    """Selects the rows of a raw table that count, in the types of its header.

    What is no number or no time (NaN, infinite) is absent; so is an id of no letters.

    Args:
        relation: All rows, in any types that widen to those of the header.
        source: The raw table.
        selection: Which rows count.
        one: The devices whose rows are wanted; None is all.

    Returns:
        Rows of the columns that `source.types` names.
    """
    relation = of_slice(as_types(relation, source.types), source, one)
    if source.time is not None:
        relation = _in_window(relation, source.time, selection.window)
    if source.device is not None and selection.device_share < 1:
        relation = relation.filter(
            warehouse.hashed_below(source.device, selection.device_share, salt="sample")
        )
    return relation.project(
        *(
            _usable(name, kind, is_id=name == source.device).alias(name)
            for name, kind in source.types.items()
        )
    )


def _usable(name: str, kind: str, *, is_id: bool) -> duckdb.Expression:
    """A column without what is no value of its kind."""
    column = ColumnExpression(name)
    if kind.startswith(_NOT_ALWAYS_FINITE):
        return CaseExpression(Function("isfinite", column), column)
    if is_id and kind == "VARCHAR":
        return Function("nullif", column, ConstantExpression(""))
    return column


def _in_window(
    relation: duckdb.DuckDBPyRelation, column: str, window: warehouse.Window
) -> duckdb.DuckDBPyRelation:
    """Rows by time; a row without a time counts only if the window is open."""
    start, end = window
    time = ColumnExpression(column)
    if start is not None:
        relation = relation.filter(time >= ConstantExpression(start))
    if end is not None:
        relation = relation.filter(time < ConstantExpression(end))
    if window != (None, None):
        relation = relation.filter(Function("isfinite", time))
    return relation
