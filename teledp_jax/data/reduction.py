"""Runs a suite's SQL over raw rows, and writes device tables, holdout apart."""

import contextlib
import functools
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import duckdb
from absl import logging
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, schemas
from teledp_jax.data import (
    accounting,
    definition,
    mending,
    quality,
    rawfiles,
    reading,
    slices,
    warehouse,
    writing,
)

Progress = Callable[[int, int], None]
"""Called with tables done and tables in all."""


class StatementError(errors.InputError):
    """Says that a statement failed on the files that it was given."""


def reduce(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    reduced: writing.Reduced,
    *,
    selection: rawfiles.Selection,
    temp_folder: pathlib.Path,
    progress: Progress,
    one: slices.Slice | None = None,
    in_order: bool = True,
) -> list[quality.Count]:
    """Runs a suite's SQL over all rows of some devices, and writes what may stay.

    Args:
        connection: May read the files and read and write `temp_folder`.
        suite: The suite.
        files: Of each raw table that is there; of tables with a device column, all rows
            of these devices: the whole fleet, or one partition of it.
        reduced: Where the device tables go.
        selection: Which rows count, and whose are set aside.
        temp_folder: For what lies on the way.
        progress: Called with tables done and tables in all.
        one: The devices of the files whose rows are read; None is all.
        in_order: Whether tables are written in order: not if they are merged later.

    Returns:
        How many rows each rule dropped.

    Raises:
        InputError: If a statement fails, or memory or disk run out.
    """
    with tempfile.TemporaryDirectory(
        dir=temp_folder.absolute(), prefix="staging-"
    ) as name:
        staging = pathlib.Path(name)
        make = functools.partial(
            _make_tables,
            connection,
            suite,
            reduced=reduced,
            anchor=staging / "anchor.parquet",
            selection=selection,
            progress=progress,
            one=one,
            in_order=in_order,
        )
        try:
            return make(files)
        except StatementError:
            with reporting(suite.folder):
                mended = mending.mend(connection, suite, files, staging / "mended")
            if not mended.num_copies:
                raise
            return [*mended.counts, *make(mended.files)]


def _make_tables(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    *,
    reduced: writing.Reduced,
    anchor: pathlib.Path,
    selection: rawfiles.Selection,
    progress: Progress,
    one: slices.Slice | None,
    in_order: bool,
) -> list[quality.Count]:
    """Writes all device tables; `anchor` gets the ids of the anchor."""
    counts: list[quality.Count] = []
    lacking, tables = rawfiles.unfilled(suite, files), suite.schema.tables
    _create_views(connection, suite, files, selection, one)
    for done, table in enumerate(tables):
        progress(done, len(tables))
        if table.name in lacking:
            writing.write_empty(suite.schema, table, reduced)
            continue
        with reporting(suite.device_files[table.name].path):
            counts += _make_table(
                connection, suite, table, reduced,
                anchor=anchor, selection=selection, in_order=in_order,
            )  # fmt: skip
        if table is suite.schema.anchor:
            with reporting(suite.folder):
                counts += accounting.count(
                    connection, suite, files,
                    anchor=anchor, selection=selection, one=one,
                )  # fmt: skip
    progress(len(tables), len(tables))
    return counts


@contextlib.contextmanager
def reporting(path: pathlib.Path) -> Iterator[None]:
    """Turns faults of running a statement into one line that shows no value.

    Args:
        path: The statement's file.

    Raises:
        StatementError: If the block raised an error of DuckDB.
        InputError: If memory or disk ran out.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise errors.InputError(
            f"{path}: needs more than memory_limit or temp_folder gives; raise "
            "memory_limit, or free disk space."
        ) from None
    except duckdb.IOException:
        raise StatementError(
            f"{path}: a file could not be read or written; check the disk space of the "
            "run folder and of temp_folder."
        ) from None
    except duckdb.Error as error:
        raise StatementError(
            f"{path}: the statement fails on these data ({type(error).__name__}); "
            "check the files, and use TRY_CAST where a value may not convert."
        ) from None


def _create_views(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    selection: rawfiles.Selection,
    one: slices.Slice | None,
) -> None:
    """Makes a view of each raw and reporting table that the files can fill."""
    for name, own in files.items():
        relation = reading.open_files(connection, suite.sources[name], own)
        rows = reading.raw_rows(relation, suite.sources[name], selection, one)
        rows.create_view(name)
    for name, file in suite.reporting_files.items():
        if set(suite.raw(file)) <= set(files):
            connection.sql(file.statement).create_view(name)


def _make_table(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    table: schemas.Table,
    reduced: writing.Reduced,
    *,
    anchor: pathlib.Path,
    selection: rawfiles.Selection,
    in_order: bool,
) -> list[quality.Count]:
    """Runs a device table's statement once, and writes what of it may stay."""
    device = suite.schema.device
    raw = anchor.with_name("raw.parquet")
    connection.sql(suite.device_files[table.name].statement).write_parquet(str(raw))
    rows = warehouse.read_files(connection, [raw])
    num_rows, num_ids = _numbers(rows, Function("count", ColumnExpression(device)))
    dropped = {"no_id": num_rows - num_ids}
    rows = rows.filter(ColumnExpression(device).isnotnull())
    if table.role != "entity":
        devices = rows.project(ColumnExpression(device)).distinct()
        dropped["duplicate"] = num_ids - _numbers(devices)[0]
        if dropped["duplicate"]:
            rows = _one_row(rows, device)
    if table.role == "anchor":
        rows.project(ColumnExpression(device)).write_parquet(str(anchor))
        if not _numbers(rows)[0]:  # no error: one device more or less decides
            logging.warning("No device is left; widen window or device_share.")
    else:
        before = _numbers(rows)[0]
        known = warehouse.read_files(connection, [anchor]).set_alias("known")
        rows = rows.set_alias("rows").join(
            known,
            condition=ColumnExpression("rows", device)
            == ColumnExpression("known", device),
            how="semi",
        )
        dropped["orphan"] = before - _numbers(rows)[0]
    writing.write_parts(
        rows, suite.schema, table, reduced, holdout=selection.holdout, in_order=in_order
    )
    return [
        quality.Count(table.name, device, rule, count)
        for rule, count in dropped.items()
    ]


def _numbers(
    relation: duckdb.DuckDBPyRelation, *aggregates: duckdb.Expression
) -> tuple[int, ...]:
    """The number of rows, and other aggregates."""
    return relation.aggregate([Function("count_star"), *aggregates]).fetchall()[0]


def _one_row(rows: duckdb.DuckDBPyRelation, device: str) -> duckdb.DuckDBPyRelation:
    """One row per device: the least, its columns compared in order, nulls last."""
    values = [name for name in rows.columns if name != device]
    whole = Function("row", *(ColumnExpression(name) for name in values))
    return rows.aggregate(
        [
            ColumnExpression(device),
            *(
                Function("arg_min_null", ColumnExpression(name), whole).alias(name)
                for name in values
            ),
        ]
    )
