"""What an unload leaves beside Parquet files: manifests, and a data dictionary."""

import json
import pathlib
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from teledp_jax import errors, storage
from teledp_jax.data import layouts, rawfiles, rawvalues

DICTIONARY = "data_dictionary"
"""Name of the table that describes the others' columns."""

_DICTIONARY_KEYS = {
    "table": ("table_name", "table"),
    "column": ("column_name", "column", "field", "field_name"),
    "text": ("description", "about", "comment", "comments", "definition"),
}

Files = Mapping[storage.Place, layouts.Layout]
"""Columns and number of rows of each whole file of a table."""


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
    found, damaged = layouts.of(connection, rawfiles.find(place))
    faults = [
        f"{title(place)}: {file.name} is empty, truncated or no Parquet file."
        for file in damaged
    ]
    return found, faults


def title(place: pathlib.Path) -> str:
    """Names a table with its schema.

    Args:
        place: The table's folder.
    """
    return f"{place.parent.name}.{place.name}"


def manifest(place: pathlib.Path) -> pathlib.Path:
    """Names the manifest of a table.

    Args:
        place: The table's folder.
    """
    return place / f"{place.name}-manifest.json"


def against_manifest(place: pathlib.Path, files: Files) -> Iterator[str]:
    """Compares a table's files with its manifest.

    Args:
        place: The table's folder, with `<table>-manifest.json`.
        files: Its whole files.

    Yields:
        A sentence for each difference.
    """
    path = manifest(place)
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
            rows = files[file].num_rows
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
) -> tuple[dict[tuple[str, str], str], list[str]]:
    """Reads descriptions of columns, from tables named `data_dictionary`.

    Args:
        connection: May read the tables.
        places: Their folders.

    Returns:
        Descriptions by names of table and column; and a sentence for each file that
        cannot be used.
    """
    words: dict[tuple[str, str], str] = {}
    faults = []
    for place in places:
        for file, layout in whole_files(connection, place)[0].items():
            types = layout.types
            names = [
                next((own for own in types if own.lower() in known), None)
                for known in _DICTIONARY_KEYS.values()
            ]
            if None in names:
                wanted = [known[0] for known in _DICTIONARY_KEYS.values()]
                faults.append(
                    f"{title(place)}: {file.name} has no columns {wanted}; it has "
                    f"{list(types)}."
                )
                continue
            columns = list(map(str, names))
            try:
                with rawvalues.opened(file) as opened:
                    rows, _ = rawvalues.usable(opened.read(columns=columns))
            except errors.InputError:
                faults.append(f"{title(place)}: {file.name} is damaged; copy it again.")
                continue
            for table, column, text in zip(
                *(rows[name].to_pylist() for name in columns), strict=True
            ):
                words[str(table), str(column)] = str(text or "")
    return words, faults
