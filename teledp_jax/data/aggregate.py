"""Raw Parquet to device tables: window, sample of devices, SQL, holdout."""

import contextlib
import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from absl import logging
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, runs, schemas, storage
from teledp_jax.data import definition, quality, rawfiles, warehouse

RULES = ("no_id", "duplicate", "orphan")
"""Rules that `aggregate` counts: each drops rows."""

PARQUET_TYPES = {
    "category": pa.string(),
    "integer": pa.int64(),
    "double": pa.float64(),
}

Progress = Callable[[int, int], None]

RawFiles = Mapping[str, Sequence[storage.Place]]
"""The files of each raw table, by its name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """Which raw rows count, and which devices are set aside.

    Attributes:
        window: For raw tables with a time column.
        device_share: Share of devices to keep, by a hash of the id.
        holdout: Share of these to set aside, by another hash.
    """

    window: warehouse.Window
    device_share: float
    holdout: float

    def __post_init__(self) -> None:
        for name in ("device_share", "holdout"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise errors.InputError(f"{name}={share}: expected a share in 0..1.")

    @property
    def takes_all(self) -> bool:
        """Whether every row counts."""
        return self.window == (None, None) and self.device_share >= 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reduced:
    """Device tables, as two folders of one Parquet file a table.

    Attributes:
        real: Of the devices that methods may see.
        holdout: Of the holdout's devices.
    """

    real: pathlib.Path
    holdout: pathlib.Path


def aggregate(
    suite: definition.Suite,
    source_folder: storage.Place,
    run: runs.Run,
    *,
    window: Sequence[str],
    device_share: float,
    holdout: float,
    allow_missing_tables: bool,
    memory_limit: str,
    temp_folder: pathlib.Path,
    progress: Progress,
    threads: int | None = None,
) -> tuple[str, ...]:
    """Makes the device tables of a fleet, out of core, on this machine.

    Rows without an id, of devices that the anchor lacks, and second rows of a device
    in an anchor or group table are dropped and counted in `run.quality`. Each table
    is written to `run.real` and, for the holdout's devices, to `run.holdout`, ordered
    by device id.

    Args:
        suite: The suite.
        source_folder: Holds `<schema>/<table>/*.parquet`.
        run: The run folder.
        window: First and last day, for raw tables with a time column; an empty text
            is open.
        device_share: Share of devices to keep, by a hash of the id.
        holdout: Share of these to set aside, by another hash.
        allow_missing_tables: Whether a device table whose raw tables are missing is
            left empty; the anchor's must be there.
        memory_limit: Most memory for DuckDB, such as `4GB`.
        temp_folder: Where it spills.
        progress: Called with tables done and tables in all.
        threads: Number of threads; None is one a core.

    Returns:
        Names of the device tables left empty because raw tables are missing.

    Raises:
        InputError: If files, settings or a statement are at fault.
    """
    selection = Selection(
        window=warehouse.parse_window(window),
        device_share=device_share,
        holdout=holdout,
    )
    with warehouse.connect(
        memory_limit=memory_limit,
        temp_folder=temp_folder.absolute(),
        folders=(source_folder,),
        threads=threads,
    ) as connection:
        files = find_sources(
            connection, suite, source_folder, allow_missing_tables=allow_missing_tables
        )
        counts = reduce(
            connection,
            suite,
            files,
            Reduced(real=run.real, holdout=run.holdout),
            selection=selection,
            temp_folder=temp_folder,
            progress=progress,
        )
    quality.record(run.quality, counts, rules=RULES)
    return unfilled(suite, files)


def reduce(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: RawFiles,
    reduced: Reduced,
    *,
    selection: Selection,
    temp_folder: pathlib.Path,
    progress: Progress,
) -> list[quality.Count]:
    """Runs a suite's SQL over all rows of some devices, and writes what may stay.

    Args:
        connection: May read the files and read and write `temp_folder`.
        suite: The suite.
        files: Of each raw table that is there; of tables with a device column, all rows
            of these devices, be they the whole fleet or one partition of it.
        reduced: Where the device tables go.
        selection: Which rows count, and whose are set aside.
        temp_folder: For what lies on the way.
        progress: Called with tables done and tables in all.

    Returns:
        How many rows each rule dropped.

    Raises:
        InputError: If a statement fails, or memory or disk run out.
    """
    counts: list[quality.Count] = []
    lacking, tables = unfilled(suite, files), suite.schema.tables
    _create_views(connection, suite, files, selection)
    with tempfile.TemporaryDirectory(
        dir=temp_folder.absolute(), prefix="staging-"
    ) as staging:
        anchor = pathlib.Path(staging) / "anchor.parquet"
        for done, table in enumerate(tables):
            progress(done, len(tables))
            if table.name in lacking:
                _write_empty(suite.schema, table, reduced)
                continue
            with reporting(suite.device_files[table.name].path):
                counts += _make_table(
                    connection,
                    suite,
                    table,
                    reduced,
                    anchor=anchor,
                    selection=selection,
                )
        progress(len(tables), len(tables))
    return counts


def unfilled(suite: definition.Suite, files: RawFiles) -> tuple[str, ...]:
    """Names of the device tables that lack a raw table."""
    return tuple(
        table.name
        for table in suite.schema.tables
        if set(suite.reads(table.name)) - set(files)
    )


@contextlib.contextmanager
def reporting(path: pathlib.Path) -> Iterator[None]:
    """Turns faults of running a statement into one line that shows no value.

    Raises:
        InputError: If the block raised an error of DuckDB.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise errors.InputError(
            f"{path}: needs more than memory_limit or temp_folder gives; raise "
            "memory_limit, or free disk space."
        ) from None
    except duckdb.IOException:
        raise errors.InputError(
            f"{path}: a file could not be read or written; check the disk space of the "
            "run folder and of temp_folder."
        ) from None
    except duckdb.Error as error:
        raise errors.InputError(
            f"{path}: the statement fails on these data ({type(error).__name__}); "
            "check the files, and use TRY_CAST where a value may not convert."
        ) from None


def find_sources(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    folder: storage.Place,
    *,
    allow_missing_tables: bool,
) -> RawFiles:
    """The files of each raw table that a source has, each held to its header.

    Raises:
        InputError: If a table is missing though it must not be, or a file is at fault.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    found = {}
    needed = set(suite.reads(suite.schema.anchor.name))
    for name, source in suite.sources.items():
        files = rawfiles.find(rawfiles.table_folder(folder, source))
        if files:
            rawfiles.check(connection, source, files)
            found[name] = files
        elif not allow_missing_tables or name in needed:
            hint = (
                "the anchor reads it"
                if name in needed
                else "or set allow_missing_tables"
            )
            raise errors.InputError(
                f"{rawfiles.table_folder(folder, source)}: table {name} is "
                f"missing; put its Parquet files there ({hint})."
            )
    return found


def raw_rows(
    relation: duckdb.DuckDBPyRelation, source: definition.Source, selection: Selection
) -> duckdb.DuckDBPyRelation:
    """The rows of a raw table that count, in the columns and types of its header."""
    relation = warehouse.as_types(relation, source.types)
    if source.time is not None:
        relation = warehouse.in_window(relation, source.time, selection.window)
    if source.device is not None and selection.device_share < 1:
        relation = relation.filter(
            warehouse.hashed_below(source.device, selection.device_share, salt="sample")
        )
    return relation


def _create_views(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: RawFiles,
    selection: Selection,
) -> None:
    """Makes a view of each raw and reporting table that the files can fill."""
    for name, own in files.items():
        relation = warehouse.read_files(connection, own)
        raw_rows(relation, suite.sources[name], selection).create_view(name)
    for name, file in suite.reporting_files.items():
        if set(suite.raw(file)) <= set(files):
            connection.sql(file.statement).create_view(name)


def _make_table(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    table: schemas.Table,
    reduced: Reduced,
    *,
    anchor: pathlib.Path,
    selection: Selection,
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
    _write_parts(rows, suite.schema, table, reduced, holdout=selection.holdout)
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
    """One row a device: the least, its columns compared in order, nulls last."""
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


def _write_parts(
    rows: duckdb.DuckDBPyRelation,
    schema: schemas.Schema,
    table: schemas.Table,
    reduced: Reduced,
    *,
    holdout: float,
) -> None:
    """Writes the holdout's rows and the others, in a total order."""
    aside = warehouse.hashed_below(schema.device, holdout, salt="holdout")
    columns = parquet_schema(schema, table)
    for folder, part in ((reduced.holdout, aside), (reduced.real, ~aside)):
        order = [ColumnExpression(schema.device)]
        if table.role == "entity":
            order += [ColumnExpression(column.name) for column in table.columns]
        with runs.atomic(folder / f"{table.name}.parquet") as temporary:
            ordered = rows.filter(part).sort(*order).to_arrow_reader()
            with pa.parquet.ParquetWriter(temporary, columns) as writer:
                for batch in ordered:
                    writer.write_batch(_steady(batch.cast(columns)))


def _steady(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Doubles to 12 significant digits: the order of a sum over threads shows in more.

    What is computed from the tables, and a run that was killed and resumed, is then the
    same to the last digit.
    """
    for index, field in enumerate(batch.schema):
        if pa.types.is_floating(field.type):
            values = batch.column(index).to_numpy(zero_copy_only=False)
            mantissa, exponent = np.frexp(values)
            steady = np.ldexp(np.round(mantissa * 2.0**40) / 2.0**40, exponent)
            column = pa.array(steady, field.type, mask=np.isnan(values))
            batch = batch.set_column(index, field, column)
    return batch


def parquet_schema(schema: schemas.Schema, table: schemas.Table) -> pa.Schema:
    """Columns and types of a device table's file."""
    return pa.schema(
        [
            (schema.device, pa.string()),
            *((column.name, PARQUET_TYPES[column.kind]) for column in table.columns),
        ]
    )


def _write_empty(
    schema: schemas.Schema, table: schemas.Table, reduced: Reduced
) -> None:
    """Writes a device table without rows."""
    empty = parquet_schema(schema, table).empty_table()
    for folder in (reduced.holdout, reduced.real):
        with runs.atomic(folder / f"{table.name}.parquet") as temporary:
            pa.parquet.write_table(empty, temporary)
