"""What lies in a source folder, and where it differs from what a suite expects."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Iterator, Mapping

import duckdb
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, storage
from teledp_jax.data import definition, layouts, rawfiles, trial, unload, warehouse

_MEMORY = "4GB"  # of DuckDB, which spills beyond it


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnInfo:
    """One column of a raw table.

    Attributes:
        name: Its name.
        type: DuckDB type in the files.
        expected: Type that the suite expects; empty if it expects no such column.
        about: Its description, by the data dictionary or else by the suite.
        assumed: Whether no public source states its name or type.
    """

    name: str
    type: str
    expected: str
    about: str
    assumed: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableInfo:
    """One raw table.

    Attributes:
        schema: Its schema, which is a folder.
        name: Its name.
        expected: Whether the suite reads it.
        about: What a row is, by the suite.
        num_files: Number of Parquet files.
        num_rows: Number of rows.
        num_bytes: Size of the files.
        first: Earliest time, as text; empty without a time column or rows.
        last: Latest time.
        columns: Its columns.
    """

    schema: str
    name: str
    expected: bool
    about: str
    num_files: int
    num_rows: int
    num_bytes: int
    first: str
    last: str
    columns: tuple[ColumnInfo, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contents:
    """What a source folder holds.

    Attributes:
        tables: Its tables, by schema and name.
        faults: Sentences that say why a run would be refused.
        differences: Sentences that say where else it is not what the suite expects.
        losses: Sentences that say what a run would leave out, with counts.
    """

    tables: tuple[TableInfo, ...]
    faults: tuple[str, ...]
    differences: tuple[str, ...]
    losses: tuple[str, ...]


def describe(suite: definition.Suite, folder: pathlib.Path) -> Contents:
    """Looks at all tables of a source folder. What it gives is private.

    The device tables are made as a run makes them, in a temporary folder: so all is
    told that a run would stumble over.

    Args:
        suite: What is expected.
        folder: Holds `<schema>/<table>/*.parquet`, or `<table>/*.parquet` if the suite
            says so, each with `<table>-manifest.json`.

    Returns:
        The tables, and where they differ from what the suite expects.

    Raises:
        InputError: If there is no such folder, or no table in it.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    is_flat = not any(source.folder for source in suite.sources.values())
    pattern = "*" if is_flat else "*/*"
    places = sorted(path for path in folder.glob(pattern) if path.is_dir())
    if not places:
        form = "<table>" if is_flat else "<schema>/<table>"
        raise errors.InputError(
            f"{folder}: holds no tables; expected {form}/*.parquet."
        )
    with (
        tempfile.TemporaryDirectory(prefix="teledp-inspect-") as name,
        warehouse.connect(
            memory_limit=_MEMORY, temp_folder=pathlib.Path(name), folders=(folder,)
        ) as connection,
    ):
        tables, differences = _tables(connection, suite, places)
        faults = rawfiles.faults_of(
            connection, suite, folder, allow_missing_tables=False
        )
        losses = []
        if not rawfiles.faults_of(connection, suite, folder, allow_missing_tables=True):
            try:
                losses = trial.losses(suite, folder, pathlib.Path(name))
            except errors.InputError as error:
                faults.append(str(error))
    return Contents(
        tables=tuple(tables),
        faults=tuple(faults),
        differences=tuple(differences),
        losses=tuple(losses),
    )


def _tables(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    places: list[pathlib.Path],
) -> tuple[list[TableInfo], list[str]]:
    """All tables that lie at these places, and where they differ."""
    words, differences = unload.dictionary(
        connection, [p for p in places if p.name == unload.DICTIONARY]
    )
    tables = []
    has_manifests = any(unload.manifest(place).exists() for place in places)
    for place in places:
        source = suite.sources.get(place.name)
        if source is not None and source.folder not in ("", place.parent.name):
            source = None
        files, faults = unload.whole_files(connection, place)
        if source is None:
            differences += faults
        if has_manifests:
            differences += unload.against_manifest(place, files)
        for file in rawfiles.find_others(place):
            differences.append(
                f"{unload.title(place)}: {file.name} is not read, for it "
                "is no *.parquet file."
            )
        if files:
            tables.append(_table(connection, place, files, source, words))
            if source is not None:
                differences += _not_expected(place, files, source)
                cast = {
                    sentence
                    for layout in files.values()
                    for sentence in layouts.casts(layout, source.types)
                }
                differences += [f"{unload.title(place)}: {c}." for c in sorted(cast)]
            elif place.name != unload.DICTIONARY:
                differences.append(
                    f"{unload.title(place)}: the suite reads no such table."
                )
    return tables, differences


def _table(
    connection: duckdb.DuckDBPyConnection,
    place: pathlib.Path,
    files: unload.Files,
    source: definition.Source | None,
    words: Mapping[tuple[str, str], str],
) -> TableInfo:
    """What is known of one table."""
    types = {
        name: kind for layout in files.values() for name, kind in layout.types.items()
    }
    expected = source.types if source is not None else {}
    stated = source.descriptions if source is not None else {}
    time = source.time if source is not None else None
    span = _span(connection, list(files), time) if time in types else ("", "")
    first, last = (text or "" for text in span)
    return TableInfo(
        schema=place.parent.name,
        name=place.name,
        expected=source is not None,
        about=source.about if source is not None else "",
        num_files=len(files),
        num_rows=sum(layout.num_rows for layout in files.values()),
        num_bytes=sum((storage.state(file) or (0, 0))[0] for file in files),
        first=first,
        last=last,
        columns=tuple(
            ColumnInfo(
                name=name,
                type=kind,
                expected=expected.get(name, ""),
                about=words.get((place.name, name)) or stated.get(name, ""),
                assumed=source is not None and name in source.assumed,
            )
            for name, kind in types.items()
        ),
    )


def _span(
    connection: duckdb.DuckDBPyConnection, files: list[storage.Place], time: str
) -> tuple[str | None, str | None]:
    """First and last time of files as text; none if one is no time of a database."""
    ends = [
        Function(name, ColumnExpression(time)).cast(duckdb.sqltype("VARCHAR"))
        for name in ("min", "max")
    ]
    try:
        (span,) = warehouse.read_files(connection, files).aggregate(ends).fetchall()
    except duckdb.Error:  # the losses tell it
        return None, None
    return span


def _not_expected(
    place: pathlib.Path, files: unload.Files, source: definition.Source
) -> Iterator[str]:
    """A sentence on columns that the suite does not read."""
    extra = {name for layout in files.values() for name in layout.types} - set(
        source.types
    )
    if extra:
        what = "column" if len(extra) == 1 else f"{len(extra)} columns"
        yield (
            f"{unload.title(place)}: the suite does not read {what} "
            f"{errors.listed(sorted(extra))}."
        )


def as_text(contents: Contents) -> str:
    """Writes the contents for people: tables, their columns, then the differences.

    Args:
        contents: What `describe` found.

    Returns:
        Lines of text.
    """
    lines = []
    for table in contents.tables:
        span = f", {table.first} to {table.last}" if table.first else ""
        lines += [
            f"{table.schema}.{table.name}: {table.num_rows:,} rows, "
            f"{table.num_files} files, {table.num_bytes:,} bytes{span}",
            *([f"  {table.about}"] if table.about else []),
        ]
        name_width = max(len(column.name) for column in table.columns)
        type_width = max(len(column.type) for column in table.columns)
        for column in table.columns:
            about = column.about + (" (assumed)" if column.assumed else "")
            lines.append(
                f"    {column.name:<{name_width}}  {column.type:<{type_width}}  "
                f"{about}".rstrip()
            )
        lines.append("")
    for heading, sentences in (
        ("A run of the suite would be refused:", contents.faults),
        ("What a run would leave out:", contents.losses),
        (
            "Where the source differs from what the suite expects:",
            contents.differences,
        ),
    ):
        if sentences:
            lines += [heading, *(f"  - {sentence}" for sentence in sentences)]
    if not contents.faults + contents.losses + contents.differences:
        lines.append("The source is what the suite expects.")
    return "\n".join(lines)
