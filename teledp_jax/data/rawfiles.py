"""Raw Parquet files: found, held to what a suite expects, and which rows count."""

import dataclasses
from collections.abc import Mapping, Sequence

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
        """Tells whether every row counts."""
        return self.window == (None, None) and self.device_share >= 1


def table_folder(folder: storage.Place, source: definition.Source) -> storage.Place:
    """Names the folder of a raw table's files.

    Args:
        folder: The source folder.
        source: The raw table.
    """
    return folder / source.folder / source.name


def find(folder: storage.Place) -> Sequence[storage.Place]:
    """Finds the Parquet files of a table's folder.

    Args:
        folder: The table's folder. There may be none.

    Returns:
        The files, by name.
    """
    return sorted(folder.glob("*.parquet"))


def widens(given: str, expected: str) -> bool:
    """Tells whether a column may be cast: no cast may fail on a value.

    Args:
        given: DuckDB type in a file.
        expected: DuckDB type that the suite expects.
    """
    return (
        given == expected
        or given in _WIDER.get(expected, ())
        or (expected == "DOUBLE" and given.startswith("DECIMAL"))
    )


def types(connection: duckdb.DuckDBPyConnection, file: storage.Place) -> dict[str, str]:
    """Reads the DuckDB type of each column of one file.

    Args:
        connection: May read the file.
        file: The file.

    Returns:
        Types by name of the column, in order.

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

    Args:
        connection: May read the files.
        source: The raw table.
        files: Its files.

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


def find_sources(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    folder: storage.Place,
    *,
    allow_missing_tables: bool,
) -> RawFiles:
    """Finds the files of each raw table, each held to its header.

    Args:
        connection: May read the source folder.
        suite: The suite.
        folder: The source folder, with `<schema>/<table>/*.parquet`.
        allow_missing_tables: Whether raw tables may lack files, but for the anchor's.

    Returns:
        The files of the raw tables that have any.

    Raises:
        InputError: If a table is missing though it must not be, or a file is at fault.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    found = {}
    needed = set(suite.reads(suite.schema.anchor.name))
    for name, source in suite.sources.items():
        files = find(table_folder(folder, source))
        if files:
            check(connection, source, files)
            found[name] = files
        elif not allow_missing_tables or name in needed:
            hint = (
                "the anchor reads it"
                if name in needed
                else "or set allow_missing_tables"
            )
            raise errors.InputError(
                f"{table_folder(folder, source)}: table {name} is "
                f"missing; put its Parquet files there ({hint})."
            )
    return found


def unfilled(suite: definition.Suite, files: RawFiles) -> tuple[str, ...]:
    """Names the device tables that lack a raw table.

    Args:
        suite: The suite.
        files: What `find_sources` found.
    """
    return tuple(
        table.name
        for table in suite.schema.tables
        if set(suite.reads(table.name)) - set(files)
    )


def raw_rows(
    relation: duckdb.DuckDBPyRelation, source: definition.Source, selection: Selection
) -> duckdb.DuckDBPyRelation:
    """Selects the rows of a raw table that count, in the types of its header.

    Args:
        relation: All rows.
        source: The raw table.
        selection: Which rows count.

    Returns:
        Rows of the columns that `source.types` names.
    """
    relation = warehouse.as_types(relation, source.types)
    if source.time is not None:
        relation = warehouse.in_window(relation, source.time, selection.window)
    if source.device is not None and selection.device_share < 1:
        relation = relation.filter(
            warehouse.hashed_below(source.device, selection.device_share, salt="sample")
        )
    return relation
