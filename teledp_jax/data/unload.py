"""What an unload leaves beside Parquet files: manifests, and a data dictionary."""

import json
import pathlib
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, storage
from teledp_jax.data import rawfiles, warehouse

DICTIONARY = "data_dictionary"
"""Name of the table that describes the others' columns."""

_DICTIONARY_KEYS = {
    "table": ("table_name", "table"),
    "column": ("column_name", "column"),
    "text": ("description", "about", "comment"),
}

Files = Mapping[storage.Place, Mapping[str, str]]
"""Column types of each whole file of a table."""


def whole_files(
    connection: duckdb.DuckDBPyConnection, place: pathlib.Path
) -> tuple[Files, list[str]]:
    """Finds the files of a table that can be read.

    Args:
        connection: May read them.
        place: The table's folder.

    Returns:
        The files, and a sentence for each that cannot be read.
    """
    files: dict[storage.Place, Mapping[str, str]] = {}
    faults = []
    for file in rawfiles.find(place):
        try:
            files[file] = rawfiles.types(connection, file)
        except errors.InputError:
            faults.append(
                f"{title(place)}: {file.name} is empty, truncated or no Parquet file."
            )
    return files, faults


def title(place: pathlib.Path) -> str:
    """Names a table with its schema.

    Args:
        place: The table's folder.
    """
    return f"{place.parent.name}.{place.name}"


def against_manifest(
    connection: duckdb.DuckDBPyConnection, place: pathlib.Path, files: Files
) -> Iterator[str]:
    """Compares a table's files with its manifest.

    Args:
        connection: May read the files.
        place: The table's folder, with `<table>-manifest.json`.
        files: Its whole files.

    Yields:
        A sentence for each difference.
    """
    path = place / f"{place.name}-manifest.json"
    if not path.exists():
        yield f"{title(place)}: has no manifest {path.name}."
        return
    try:
        entries = _entries(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        yield f"{title(place)}: {path.name} is no manifest of an unload."
        return
    for name, meta in entries.items():
        file = place / name
        if not file.exists():
            yield f"{title(place)}: {name} is in the manifest, but absent."
            continue
        size, stated = file.stat().st_size, meta.get("content_length")
        if stated not in (None, size):
            yield (
                f"{title(place)}: {name} has {size} bytes, the manifest says {stated}."
            )
        stated = meta.get("record_count")
        if file in files and stated is not None:
            relation = warehouse.read_files(connection, [file])
            ((rows,),) = relation.aggregate([Function("count_star")]).fetchall()
            if rows != stated:
                yield (
                    f"{title(place)}: {name} has {rows} rows, the manifest says "
                    f"{stated}."
                )
    for found in rawfiles.find(place):
        if found.name not in entries:
            yield f"{title(place)}: {found.name} is not in the manifest."


def _entries(manifest: Any) -> dict[str, Mapping[str, Any]]:
    """What a manifest says of each file, by the last part of its address."""
    return {
        pathlib.PurePosixPath(urllib.parse.urlparse(entry["url"]).path).name: dict(
            entry.get("meta") or {}
        )
        for entry in manifest["entries"]
    }


def dictionary(
    connection: duckdb.DuckDBPyConnection, places: list[pathlib.Path]
) -> dict[tuple[str, str], str]:
    """Reads descriptions of columns, from tables named `data_dictionary`.

    Args:
        connection: May read the tables.
        places: Their folders.

    Returns:
        Descriptions by names of table and column.
    """
    words = {}
    for place in places:
        for file, types in whole_files(connection, place)[0].items():
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
