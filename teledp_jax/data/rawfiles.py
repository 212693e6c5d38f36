"""Raw Parquet files of a source, held to what a suite expects before they are read."""

from collections.abc import Sequence

import duckdb

from teledp_jax import errors, storage
from teledp_jax.data import definition, warehouse

_SMALL = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT")
_WIDER = {
    "SMALLINT": ("TINYINT", "UTINYINT"),
    "INTEGER": _SMALL,
    "BIGINT": (*_SMALL, "INTEGER", "UINTEGER"),
    "HUGEINT": (*_SMALL, "INTEGER", "UINTEGER", "BIGINT", "UBIGINT"),
    "FLOAT": _SMALL,
    "DOUBLE": (*_SMALL, "INTEGER", "UINTEGER", "FLOAT"),
    "TIMESTAMP": ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
}
"""Types that each type takes in without a fault on any value."""


def table_folder(folder: storage.Place, source: definition.Source) -> storage.Place:
    """Where the files of a raw table lie."""
    return folder / source.folder / source.name


def find(folder: storage.Place) -> Sequence[storage.Place]:
    """The Parquet files of a table's folder, by name; none if it is absent."""
    return sorted(folder.glob("*.parquet"))


def widens(given: str, expected: str) -> bool:
    """Whether a column may be cast from `given`: no cast may fail on a value."""
    return (
        given == expected
        or given in _WIDER.get(expected, ())
        or (expected == "DOUBLE" and given.startswith("DECIMAL"))
    )


def types(connection: duckdb.DuckDBPyConnection, file: storage.Place) -> dict[str, str]:
    """DuckDB type of each column of one file.

    Raises:
        InputError: If it is empty, truncated or no Parquet.
    """
    try:
        relation = warehouse.read_files(connection, [file])
    except (duckdb.Error, RuntimeError):  # the latter of names that are no text
        size, _ = storage.state(file) or (0, 0)
        raise errors.InputError(
            f"{file}: is no whole Parquet file ({size} bytes); copy it again."
        ) from None
    return {
        name: str(kind)
        for name, kind in zip(relation.columns, relation.types, strict=True)
    }


def check(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    files: Sequence[storage.Place],
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
