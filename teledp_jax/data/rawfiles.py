"""Finds raw Parquet files, and holds them to what a suite expects."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import duckdb
from absl import logging

from teledp_jax import errors, storage
from teledp_jax.data import definition, layouts, warehouse

Files = Sequence[storage.Place]
"""The files of one raw table."""

RawFiles = Mapping[str, Files]
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


def table_folder(folder: storage.Place, source: definition.Source) -> storage.Place:
    """Names the folder of a raw table's files.

    Args:
        folder: The source folder.
        source: The raw table.
    """
    schema = folder / source.folder if source.folder else folder
    return schema / source.name


def find(folder: storage.Place) -> Sequence[storage.Place]:
    """Finds the Parquet files of a table's folder, those of partition folders too.

    Args:
        folder: The table's folder. There may be none.

    Returns:
        The files whose name ends in `.parquet`, `.parq` or `.pq`, in any letters.
        Names that begin with `.` or `_` do not count: other programs leave such
        files and folders behind.
    """
    return [file for file in _visible(folder) if is_parquet(file.name)]


def find_others(folder: storage.Place) -> Sequence[storage.Place]:
    """Finds the files of a table's folder that no run reads.

    Args:
        folder: The table's folder. There may be none.

    Returns:
        The files whose name is not that of a Parquet file, but for manifests.
    """
    return [
        file
        for file in _visible(folder)
        if not is_parquet(file.name) and not file.name.endswith("-manifest.json")
    ]


def _visible(folder: storage.Place) -> list[storage.Place]:
    """All files of a folder at any depth whose names hide nothing."""
    depth = len(str(folder)) + 1
    if isinstance(folder, storage.Remote):
        files: list[storage.Place] = [*folder.rglob("*")]
    else:
        # A link to a file that is gone is a fault, not a file that is not there.
        files = [
            file
            for file in folder.rglob("*")
            if file.is_file() or (file.is_symlink() and not file.exists())
        ]
    return sorted(
        file
        for file in files
        if not any(part[:1] in "._" for part in str(file)[depth:].split("/"))
    )


def is_parquet(name: str) -> bool:
    """Tells whether a file's name says that it is Parquet.

    Args:
        name: The last part of its path.
    """
    return name.lower().endswith((".parquet", ".parq", ".pq"))


def faults(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    files: Sequence[storage.Place],
) -> Iterator[str]:
    """Tells which files of a raw table cannot be read as the suite means it.

    Args:
        connection: May read the files.
        source: The raw table.
        files: Its files.

    Yields:
        A sentence for each fault, with the first file that has it, how many others
        do, and the remedy.
    """
    found, damaged = layouts.of(connection, files)
    for file in damaged:
        yield layouts.damage(file)
    told: dict[str, list[storage.Place]] = {}
    for file, layout in found.items():
        for fault in layouts.faults(connection, layout, source.types):
            told.setdefault(fault, []).append(file)
    for fault, (first, *others) in told.items():
        more = f" and {len(others)} more files" if others else ""
        yield f"{first}{more}: {fault}; write it so, or change {source.file.path}."


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
        allow_missing_tables: Whether raw tables may lack files, except the anchor's.

    Returns:
        The files of the raw tables that have any.

    Raises:
        InputError: If tables are missing though they must not be, or files are at
            fault; all of them are named.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such source folder.")
    errors.refuse(
        faults_of(connection, suite, folder, allow_missing_tables=allow_missing_tables)
    )
    for source in suite.sources.values():
        if others := find_others(table_folder(folder, source)):
            names = errors.listed([str(file) for file in others])
            logging.warning("Not read, for they are no *.parquet files: %s.", names)
    return present(suite, folder)


def present(suite: definition.Suite, folder: storage.Place) -> RawFiles:
    """Finds the files of each raw table, whatever they hold.

    Args:
        suite: The suite.
        folder: The source folder.

    Returns:
        The files of the raw tables that have any.
    """
    found = {
        name: find(table_folder(folder, source))
        for name, source in suite.sources.items()
    }
    return {name: files for name, files in found.items() if files}


def faults_of(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    folder: storage.Place,
    *,
    allow_missing_tables: bool,
) -> list[str]:
    """Tells all that keeps a run from reading a source.

    Args:
        connection: May read the source folder.
        suite: The suite.
        folder: The source folder.
        allow_missing_tables: As for `find_sources`.

    Returns:
        A sentence for each fault.
    """
    wrong: list[str] = []
    needed = set(suite.reads(suite.schema.anchor.name))
    for name, source in suite.sources.items():
        place = table_folder(folder, source)
        if files := find(place):
            wrong += faults(connection, source, files)
        elif not allow_missing_tables or name in needed:
            hint = (
                "the anchor reads it"
                if name in needed
                else "or set allow_missing_tables"
            )
            wrong.append(
                f"{place}: table {name} is missing; put its Parquet files there "
                f"({hint})."
            )
    return wrong


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
