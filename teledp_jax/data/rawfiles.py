"""Raw Parquet files of a source, held to what a suite expects before they are read."""

import pathlib
from collections.abc import Sequence

import duckdb

from teledp_jax import errors
from teledp_jax.data import suite as suite_lib
from teledp_jax.data import warehouse

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOATS = ("FLOAT", "DOUBLE")


def table_folder(folder: pathlib.Path, source: suite_lib.Source) -> pathlib.Path:
    """Where the files of a raw table lie."""
    return folder / source.folder / source.name


def find(folder: pathlib.Path) -> list[pathlib.Path]:
    """The Parquet files of a table's folder, by name; none if it is absent."""
    return sorted(folder.glob("*.parquet"))


def widens(given: str, expected: str) -> bool:
    """Whether every value of type `given` has its equal in type `expected`.

    Only then is a file's column cast: no cast may fail on a value.
    """
    if given == expected:
        return True
    if expected in _INTEGERS:
        room = _INTEGERS.index(expected)
        return given in _INTEGERS[:room] or given in _UNSIGNED[: max(room, 0)]
    if expected in _FLOATS:
        exact = expected == "DOUBLE"
        return (
            given in (_FLOATS[:1] if exact else ())
            or given in (*_INTEGERS[: 3 if exact else 2], *_UNSIGNED[: 2 + exact - 1])
            or (exact and given.startswith("DECIMAL"))
        )
    if expected == "TIMESTAMP":
        return given in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
    return expected == "VARCHAR" and given.startswith("ENUM")


def types(connection: duckdb.DuckDBPyConnection, file: pathlib.Path) -> dict[str, str]:
    """DuckDB type of each column of one file.

    Raises:
        InputError: If it is empty, truncated or no Parquet.
    """
    try:
        relation = warehouse.read_files(connection, [file])
    except duckdb.Error:
        size = file.stat().st_size if file.exists() else 0
        raise errors.InputError(
            f"{file}: is no whole Parquet file ({size} bytes); copy it again."
        ) from None
    return {
        name: str(kind)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    }


def check(
    connection: duckdb.DuckDBPyConnection,
    source: suite_lib.Source,
    files: Sequence[pathlib.Path],
) -> None:
    """Checks that each file has the columns that the suite expects.

    Raises:
        InputError: If a file is damaged, lacks a column or has one of another type.
    """
    for file in files:
        given = types(connection, file)
        for name, expected in source.types.items():
            if name not in given:
                raise errors.InputError(
                    f"{file}: lacks column {name} ({expected}); add it, or take it out "
                    f"of {source.file.path}."
                )
            if not widens(given[name], expected):
                raise errors.InputError(
                    f"{file}: column {name} is {given[name]}, expected {expected}; "
                    f"write it so, or change {source.file.path}."
                )
