"""What lies in a source folder, and where it differs from what a suite expects."""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping

import duckdb
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, storage
from teledp_jax.data import definition, rawfiles, unload, warehouse


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
        differences: Sentences that say where it is not what the suite expects.
    """

    tables: tuple[TableInfo, ...]
    differences: tuple[str, ...]


def describe(suite: definition.Suite, folder: pathlib.Path) -> Contents:
    """Looks at all tables of a source folder. What it gives is private.

    Args:
        suite: What is expected.
        folder: Holds `<schema>/<table>/*.parquet` and `<table>-manifest.json`.

    Returns:
        The tables, and where they differ from what the suite expects.

    Raises:
        InputError: If there is no such folder, or no table in it.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    places = sorted(path for path in folder.glob("*/*") if path.is_dir())
    if not places:
        raise errors.InputError(
            f"{folder}: holds no tables; expected <schema>/<table>/*.parquet."
        )
    tables, differences = [], []
    with duckdb.connect() as connection:
        words = unload.dictionary(
            connection, [p for p in places if p.name == unload.DICTIONARY]
        )
        for place in places:
            source = suite.sources.get(place.name)
            if source is not None and source.folder != place.parent.name:
                source = None
            files, faults = unload.whole_files(connection, place)
            differences += faults
            differences += unload.against_manifest(connection, place, files)
            if files:
                tables.append(_table(connection, place, files, source, words))
                if source is not None:
                    differences += _against_suite(place, files, source)
                elif place.name != unload.DICTIONARY:
                    differences.append(
                        f"{unload.title(place)}: the suite reads no such table."
                    )
    found = {(table.schema, table.name) for table in tables}
    for source in suite.sources.values():
        if (source.folder, source.name) not in found:
            differences.append(
                f"{source.folder}.{source.name}: the table is missing, or has no whole "
                "file."
            )
    return Contents(tables=tuple(tables), differences=tuple(differences))


def _table(
    connection: duckdb.DuckDBPyConnection,
    place: pathlib.Path,
    files: unload.Files,
    source: definition.Source | None,
    words: Mapping[tuple[str, str], str],
) -> TableInfo:
    """What is known of one table."""
    types = {name: kind for given in files.values() for name, kind in given.items()}
    expected = source.types if source is not None else {}
    stated = source.descriptions if source is not None else {}
    time = source.time if source is not None else None
    aggregates = [Function("count_star")]
    if time in types:
        aggregates += [
            Function(name, ColumnExpression(str(time))).cast(duckdb.sqltype("VARCHAR"))
            for name in ("min", "max")
        ]
    num_rows, *span = (
        warehouse.read_files(connection, list(files))
        .aggregate(aggregates)
        .fetchall()[0]
    )
    first, last = (text or "" for text in (*span, "", "")[:2])
    return TableInfo(
        schema=place.parent.name,
        name=place.name,
        expected=source is not None,
        about=source.about if source is not None else "",
        num_files=len(files),
        num_rows=num_rows,
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


def _against_suite(
    place: pathlib.Path, files: unload.Files, source: definition.Source
) -> Iterator[str]:
    """Sentences on columns that are missing, of another type, or not expected."""
    told, title = set(), unload.title(place)
    for file, given in files.items():
        for name, expected in source.types.items():
            if name not in given:
                sentence = f"{title}: column {name} ({expected}) is missing"
            elif not rawfiles.widens(given[name], expected):
                sentence = (
                    f"{title}: column {name} is {given[name]}, expected {expected}"
                )
            else:
                continue
            if sentence not in told:
                told.add(sentence)
                yield f"{sentence} (in {file.name})."
    extra = {name for given in files.values() for name in given} - set(source.types)
    for name in sorted(extra):
        yield f"{title}: column {name} is not one that the suite reads."


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
    if contents.differences:
        lines.append("Where the source differs from what the suite expects:")
        lines += [f"  - {sentence}" for sentence in contents.differences]
    else:
        lines.append("The source is what the suite expects.")
    return "\n".join(lines)
