"""What lies in a source folder, and where it differs from what a suite expects."""

import dataclasses
import json
import pathlib
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, storage
from teledp_jax.data import definition, rawfiles, warehouse

DICTIONARY = "data_dictionary"
"""Name of the table that describes the others' columns."""

_DICTIONARY_KEYS = {
    "table": ("table_name", "table"),
    "column": ("column_name", "column"),
    "text": ("description", "about", "comment"),
}


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
class Catalog:
    """A source folder.

    Attributes:
        tables: Its tables, by schema and name.
        differences: Sentences that say where it is not what the suite expects.
    """

    tables: tuple[TableInfo, ...]
    differences: tuple[str, ...]


def describe(suite: definition.Suite, folder: pathlib.Path) -> Catalog:
    """Looks at all tables of a source folder. What it gives is private.

    Args:
        suite: What is expected.
        folder: Holds `<schema>/<table>/*.parquet` and `<table>-manifest.json`.

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
        words = _dictionary(connection, [p for p in places if p.name == DICTIONARY])
        for place in places:
            source = suite.sources.get(place.name)
            if source is not None and source.folder != place.parent.name:
                source = None
            files, faults = _whole_files(connection, place)
            differences += faults
            differences += _against_manifest(connection, place, files)
            if files:
                tables.append(_table(connection, place, files, source, words))
                if source is not None:
                    differences += _against_suite(place, files, source)
                elif place.name != DICTIONARY:
                    differences.append(
                        f"{_title(place)}: the suite reads no such table."
                    )
    found = {(table.schema, table.name) for table in tables}
    for source in suite.sources.values():
        if (source.folder, source.name) not in found:
            differences.append(
                f"{source.folder}.{source.name}: the table is missing, or has no whole "
                "file."
            )
    return Catalog(tables=tuple(tables), differences=tuple(differences))


def _title(place: pathlib.Path) -> str:
    """Name of a table with its schema."""
    return f"{place.parent.name}.{place.name}"


Files = Mapping[storage.Place, Mapping[str, str]]
"""Column types of each whole file of a table."""


def _whole_files(
    connection: duckdb.DuckDBPyConnection, place: pathlib.Path
) -> tuple[Files, list[str]]:
    """Files that can be read, and a sentence for each that cannot."""
    files: dict[storage.Place, Mapping[str, str]] = {}
    faults = []
    for file in rawfiles.find(place):
        try:
            files[file] = rawfiles.types(connection, file)
        except errors.InputError:
            faults.append(
                f"{_title(place)}: {file.name} is empty, truncated or no Parquet file."
            )
    return files, faults


def _table(
    connection: duckdb.DuckDBPyConnection,
    place: pathlib.Path,
    files: Files,
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
    place: pathlib.Path, files: Files, source: definition.Source
) -> Iterator[str]:
    """Sentences on columns that are missing, of another type, or not expected."""
    told = set()
    for file, given in files.items():
        for name, expected in source.types.items():
            if name not in given:
                sentence = f"{_title(place)}: column {name} ({expected}) is missing"
            elif not rawfiles.widens(given[name], expected):
                sentence = (
                    f"{_title(place)}: column {name} is {given[name]}, expected "
                    f"{expected}"
                )
            else:
                continue
            if sentence not in told:
                told.add(sentence)
                yield f"{sentence} (in {file.name})."
    extra = {name for given in files.values() for name in given} - set(source.types)
    for name in sorted(extra):
        yield f"{_title(place)}: column {name} is not one that the suite reads."


def _against_manifest(
    connection: duckdb.DuckDBPyConnection, place: pathlib.Path, files: Files
) -> Iterator[str]:
    """Sentences on where the manifest and the files disagree."""
    path = place / f"{place.name}-manifest.json"
    if not path.exists():
        yield f"{_title(place)}: has no manifest {path.name}."
        return
    try:
        entries = _entries(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        yield f"{_title(place)}: {path.name} is no manifest of an unload."
        return
    for name, meta in entries.items():
        file = place / name
        if not file.exists():
            yield f"{_title(place)}: {name} is in the manifest, but absent."
            continue
        size, stated = file.stat().st_size, meta.get("content_length")
        if stated not in (None, size):
            yield (
                f"{_title(place)}: {name} has {size} bytes, the manifest says {stated}."
            )
        stated = meta.get("record_count")
        if file in files and stated is not None:
            relation = warehouse.read_files(connection, [file])
            ((rows,),) = relation.aggregate([Function("count_star")]).fetchall()
            if rows != stated:
                yield (
                    f"{_title(place)}: {name} has {rows} rows, the manifest says "
                    f"{stated}."
                )
    for found in rawfiles.find(place):
        if found.name not in entries:
            yield f"{_title(place)}: {found.name} is not in the manifest."


def _entries(manifest: Any) -> dict[str, Mapping[str, Any]]:
    """What a manifest says of each file, by the last part of its address."""
    return {
        pathlib.PurePosixPath(urllib.parse.urlparse(entry["url"]).path).name: dict(
            entry.get("meta") or {}
        )
        for entry in manifest["entries"]
    }


def _dictionary(
    connection: duckdb.DuckDBPyConnection, places: list[pathlib.Path]
) -> dict[tuple[str, str], str]:
    """Descriptions by table and column, from tables named `data_dictionary`."""
    words = {}
    for place in places:
        for file, types in _whole_files(connection, place)[0].items():
            names = [
                next((name for name in known if name in types), None)
                for known in _DICTIONARY_KEYS.values()
            ]
            if None in names:
                continue
            relation = warehouse.read_files(connection, [file])
            rows = relation.project(*(ColumnExpression(str(name)) for name in names))
            for table, column, text in rows.fetchall():
                words[str(table), str(column)] = str(text or "")
    return words


def as_text(catalog: Catalog) -> str:
    """The catalog for people: tables, their columns, then the differences."""
    lines = []
    for table in catalog.tables:
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
    if catalog.differences:
        lines.append("Where the source differs from what the suite expects:")
        lines += [f"  - {sentence}" for sentence in catalog.differences]
    else:
        lines.append("The source is what the suite expects.")
    return "\n".join(lines)
