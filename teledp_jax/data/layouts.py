"""Reads which columns raw files have, and tells which may fill a raw table.

A file is read as its suite means it, or refused: a value is never rounded or guessed,
and no cast fails on a value.
"""

import dataclasses
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence

import duckdb
from duckdb import ColumnExpression

from teledp_jax import errors, storage
from teledp_jax.data import warehouse

_SMALL = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT")
_WIDER = {
    "SMALLINT": ("TINYINT", "UTINYINT"),
    "INTEGER": _SMALL,
    "BIGINT": (*_SMALL, "INTEGER", "UINTEGER"),
    "HUGEINT": (*_SMALL, "INTEGER", "UINTEGER", "BIGINT", "UBIGINT"),
    "FLOAT": _SMALL,
    "DOUBLE": (*_SMALL, "INTEGER", "UINTEGER", "FLOAT"),
    "TIMESTAMP": (
        "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
        "TIMESTAMPTZ_NS",
    ),
    "VARCHAR": (
        *_SMALL, "INTEGER", "UINTEGER", "BIGINT", "UBIGINT", "HUGEINT", "UUID",
    ),
}  # fmt: skip
"""Types that each type takes in without a fault on any value; zones become UTC."""

_TIMES_AS_TEXT = ("TIMESTAMP", "DATE")
"""Types that a file may state as ISO text; other text is absent, as a time is if it
lies beyond any calendar."""

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_DIGITS = {"SMALLINT": 4, "INTEGER": 9, "BIGINT": 18, "HUGEINT": 38}
"""Digits that each whole type always holds."""

_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of one Parquet file.

    Attributes:
        types: DuckDB type by name, in order.
        folders: Texts by column that the names of folders state, as `dt=2024-05-01`;
            None where the name says that there is none.
        num_rows: Number of rows.
    """

    types: Mapping[str, str]
    folders: Mapping[str, str | None]
    num_rows: int

    def in_folders(self, names: Mapping[str, str]) -> list[str]:
        """Lists which of some columns only the names of folders state.

        Args:
            names: The columns.
        """
        return [
            name for name in names if name not in self.types and name in self.folders
        ]


def of(
    connection: duckdb.DuckDBPyConnection, files: Sequence[storage.Place]
) -> tuple[dict[storage.Place, Layout], list[storage.Place]]:
    """Reads the layouts of files.

    Args:
        connection: May read them.
        files: The files.

    Returns:
        The layout of each file that is whole, and the files that are not.
    """
    try:
        return (dict(_read(connection, files)) if files else {}), []
    except (duckdb.Error, RuntimeError):  # the latter of names that are no text
        if len(files) == 1:
            return {}, list(files)
    half = len(files) // 2
    (one, bad), (other, worse) = (
        of(connection, part) for part in (files[:half], files[half:])
    )
    return {**one, **other}, [*bad, *worse]


def whole(
    connection: duckdb.DuckDBPyConnection, files: Sequence[storage.Place]
) -> dict[storage.Place, Layout]:
    """Reads the layouts of files, all of which must be whole.

    Args:
        connection: May read them.
        files: The files.

    Raises:
        InputError: If a file, or the storage that it lies in, cannot be read.
    """
    found, damaged = of(connection, files)
    errors.refuse([damage(file) for file in damaged])
    return found


def _read(
    connection: duckdb.DuckDBPyConnection, files: Sequence[storage.Place]
) -> Iterator[tuple[storage.Place, Layout]]:
    """File and layout of each file; raises what DuckDB raises."""
    names = warehouse.escaped(files)
    columns = connection.table_function("parquet_schema", [names]).project(
        *map(ColumnExpression, ("file_name", "name", "num_children", "duckdb_type"))
    )
    rows: dict[str, list[tuple[str, int, str]]] = {}
    for file, *row in columns.fetchall():
        rows.setdefault(file, []).append((row[0], row[1] or 0, row[2] or ""))
    sizes = connection.table_function("parquet_file_metadata", [names]).project(
        ColumnExpression("file_name"), ColumnExpression("num_rows")
    )
    counts = dict(sizes.fetchall())
    for file in files:
        name = str(file.absolute())
        yield (
            file,
            Layout(
                types=dict(_top(rows[name])),
                folders=folder_values(name),
                num_rows=counts[name],
            ),
        )


def _top(rows: Sequence[tuple[str, int, str]]) -> Iterator[tuple[str, str]]:
    """Name and type of the columns that are no part of another one."""
    left, seen = 0, set()
    for name, num_children, kind in rows[1:]:  # the first row is the whole
        if left:
            left += num_children - 1
            continue
        left = num_children
        while name.lower() in seen:  # names of a database know no capitals
            name, kind = f"{name} (twice)", "TWO COLUMNS OF ONE NAME"
        seen.add(name.lower())
        yield name, kind


def damage(file: storage.Place) -> str:
    """Says of a file that it is not whole.

    Args:
        file: The file.
    """
    found = storage.state(file)
    if found is None:
        return f"{file}: is not there, or a link to no file; copy it again."
    size, _ = found
    return f"{file}: is no whole Parquet file ({size} bytes); copy it again."


def folder_values(file: str) -> dict[str, str | None]:
    """Reads what the folders right above a file state, as `dt=2024-05-01`.

    Args:
        file: The whole path of the file.

    Returns:
        Text by column; None where the name says that there is none.
    """
    found: dict[str, str | None] = {}
    for part in reversed(file.split("/")[:-1]):
        key, sign, value = part.partition("=")
        if not sign:
            break
        text = urllib.parse.unquote(value)
        found[urllib.parse.unquote(key)] = None if text == _NULL_FOLDER else text
    return found


def faults(
    connection: duckdb.DuckDBPyConnection, layout: Layout, types: Mapping[str, str]
) -> Iterator[str]:
    """Tells why a file cannot fill a raw table.

    A file without rows can: it holds nothing to misread.

    Args:
        connection: Casts what names of folders state.
        layout: Of the file.
        types: DuckDB type by name that the suite expects.

    Yields:
        What is wrong with a column, without the file, as "lacks column app".
    """
    if not layout.num_rows:
        return
    known = {own.lower() for own in layout.types}
    for name, expected in types.items():
        given = layout.types.get(name)
        if f"{name} (twice)".lower() in known:
            yield f"has two columns {name}, capitals aside"
        elif given is None and name in layout.folders:
            text = layout.folders[name]
            if not _casts(connection, text, expected):
                yield f"its folder states {name}={text}, which is no {expected}"
        elif given is None:
            same = [own for own in layout.types if own.lower() == name.lower()]
            hint = f"; it has {same[0]}" if same else ""
            yield f"lacks column {name} ({expected}{hint})"
        elif not widens(given, expected):
            yield (
                f"column {name} is {given}, expected {expected}, as "
                f"CAST({name} AS {expected})"
            )


def _casts(
    connection: duckdb.DuckDBPyConnection, text: str | None, expected: str
) -> bool:
    """Whether a text of a folder's name is a value of a type."""
    if text is None:
        return True
    one = connection.sql("SELECT $text AS text", params={"text": text})
    value = ColumnExpression("text").try_cast(duckdb.sqltype(expected))
    return one.project(value).fetchall() != [(None,)]


def widens(given: str, expected: str) -> bool:
    """Tells whether a column may be cast: no cast may fail on a value.

    Args:
        given: DuckDB type in a file; `"NULL"` where no row has a value.
        expected: DuckDB type that the suite expects.
    """
    if given in (expected, '"NULL"', *_WIDER.get(expected, ())):
        return True
    if given == "VARCHAR" and expected in _TIMES_AS_TEXT:
        return True
    if (decimal := _DECIMAL.fullmatch(given)) is None:
        return False
    digits, scale = map(int, decimal.groups())
    if (wider := _DECIMAL.fullmatch(expected)) is not None:
        most, places = map(int, wider.groups())
        return places >= scale and most - places >= digits - scale
    if expected in ("DOUBLE", "VARCHAR"):
        return expected == "DOUBLE" or scale == 0
    return scale == 0 and digits <= _DIGITS.get(expected, 0)


def casts(layout: Layout, types: Mapping[str, str]) -> Iterator[str]:
    """Tells which columns of a file are read as another type.

    Args:
        layout: Of the file; `faults` found none.
        types: DuckDB type by name that the suite expects.

    Yields:
        A sentence without the file, as "column id is BIGINT and read as VARCHAR".
    """
    for name, expected in types.items():
        given = layout.types.get(name, expected)
        if given not in (expected, '"NULL"') and widens(given, expected):
            yield f"column {name} is {given} and read as {expected}"
