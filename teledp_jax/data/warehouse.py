"""DuckDB over Parquet: bounded memory, views by bare name, and no SQL from strings."""

import contextlib
import datetime
import glob
import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression

from teledp_jax import errors, storage

Window = tuple[datetime.datetime | None, datetime.datetime | None]
"""From the first moment (inclusive) to the second (exclusive); None is open."""


_SIZE = re.compile(
    r"\s*(?P<number>\d+(\.\d+)?)\s*(?P<unit>[KMGT])(?P<binary>i?)B\s*", re.IGNORECASE
)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}

_COUNTED = 0.75  # DuckDB's own count leaves out buffers of files and of results


@contextlib.contextmanager
def connect(
    *,
    memory_limit: str,
    temp_folder: pathlib.Path,
    folders: Sequence[storage.Place] = (),
    threads: int | None = None,
    temp_limit: str | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a database in memory that spills to `temp_folder` beyond its limit.

    A statement of a suite can reach these folders and nothing else: no other file, no
    network, no setting.

    Args:
        memory_limit: Most memory that the work takes, such as `4GB`.
        temp_folder: Where it spills; made if absent, emptied at the end.
        folders: Other folders that it may read and write.
        threads: Number of threads; None is one per core.
        temp_limit: Most disk that it spills to, such as `50GB`; None is what is free.

    Raises:
        InputError: If a setting is refused or the folder cannot be made.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{int(_COUNTED * num_bytes(memory_limit) / 1000)}KB",
        "temp_directory": str(temp_folder),
        "preserve_insertion_order": False,
    }
    if threads is not None:
        config["threads"] = threads
    if temp_limit is not None:
        spilled = num_bytes(temp_limit, name="temp_limit")
        config["max_temp_directory_size"] = f"{spilled // 1000}KB"
    try:
        temp_folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(config=config)
    except (duckdb.Error, OSError) as error:
        raise errors.InputError(
            f"temp_folder={str(temp_folder)!r}, {threads=}: refused "
            f"({errors.first_line(error)}); use a folder that can be written."
        ) from None
    with connection:
        # A launcher's own bar is enough on a terminal.
        connection.execute("SET enable_progress_bar = false")
        # A time with a zone means the same on every machine.
        connection.execute("SET TimeZone = 'UTC'")
        if any(isinstance(folder, storage.Remote) for folder in folders):
            connection.register_filesystem(storage.duckdb_filesystem())
        seal(connection, folders=[temp_folder, *folders])
        yield connection


@contextlib.contextmanager
def sealed(
    *, folders: Sequence[pathlib.Path] = (), files: Sequence[pathlib.Path] = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a database in memory, for text of suite files: see `seal`.

    Args:
        folders: Folders that it may read and write.
        files: Files that it may read.
    """
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        seal(connection, folders=folders, files=files)
        yield connection


@contextlib.contextmanager
def undone(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Takes back all tables and views that a block makes.

    To open a database takes tens of milliseconds: many checks share one.

    Args:
        connection: The database; the block runs nothing that begins or ends a
            transaction.
    """
    connection.begin()
    try:
        yield
    finally:
        connection.rollback()


def seal(
    connection: duckdb.DuckDBPyConnection,
    *,
    folders: Sequence[storage.Place] = (),
    files: Sequence[storage.Place] = (),
) -> None:
    """Keeps a database to some folders and files for good.

    It can open no other file, no network and no variable of Python, and change no
    setting.

    Args:
        connection: The database.
        folders: Folders that it may read and write.
        files: Files that it may read.
    """
    connection.execute("SET allowed_directories = ?", [_forms(folders)])
    connection.execute("SET allowed_paths = ?", [_forms(files)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _forms(paths: Sequence[storage.Place]) -> list[str]:
    """The names under which DuckDB may look a path up."""
    names = [
        str(form)
        for path in paths
        for form in (
            (path.absolute(), path.resolve())
            if isinstance(path, pathlib.Path)
            else (path,)
        )
    ]
    # A path with wildcard characters is checked as it is escaped and as it is opened.
    return sorted({*names, *map(glob.escape, names)})


def check_select(
    connection: duckdb.DuckDBPyConnection, path: pathlib.Path, statement: str
) -> None:
    """Refuses what is more than one SELECT, before any of it runs.

    Args:
        connection: Parses the text.
        path: The file that holds it.
        statement: The text.

    Raises:
        InputError: If the text does not parse, or writes, attaches or sets anything.
    """
    try:
        statements = connection.extract_statements(statement)
    except duckdb.Error as error:
        raise errors.InputError(
            f"{path}: does not run ({errors.first_line(error)})."
        ) from None
    kinds = [part.type for part in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "nothing"
        raise errors.InputError(f"{path}: expected one SELECT, found {found}.")


def num_bytes(size: str, *, name: str = "memory_limit") -> int:
    """Reads a size such as `4GB`.

    Args:
        size: The text.
        name: The setting, for the error.

    Returns:
        Bytes.

    Raises:
        InputError: If it is none.
    """
    match = _SIZE.fullmatch(size)
    if match is None or not float(match["number"]):
        raise errors.InputError(f"{name}={size!r}: expected a size such as 4GB.")
    base = 1024 if match["binary"] else 1000
    return int(float(match["number"]) * base ** _POWERS[match["unit"].upper()])


def escaped(files: Sequence[storage.Place]) -> list[str]:
    """Names files for DuckDB, which takes wildcards for patterns.

    Args:
        files: The files.
    """
    return [glob.escape(str(file.absolute())) for file in files]


def read_files(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[storage.Place],
    *,
    with_folders: bool = False,
) -> duckdb.DuckDBPyRelation:
    """Opens Parquet files, whose names may hold quotes and wildcards.

    Args:
        connection: May read them.
        files: The files.
        with_folders: Whether names of folders as `dt=2024-05-01` are columns of text.

    Returns:
        The rows of all files, in the columns that any of them has.
    """
    # Statistics of a file may leave NaN out, and then a comparison with a bound that
    # all others keep would be taken for true. Only SQL can say so.
    return connection.sql(
        "SELECT * FROM read_parquet(?, can_have_nan = true, union_by_name = true, "
        "hive_partitioning = ?, hive_types_autocast = false)",
        params=[escaped(files), with_folders],  # names would clash where relations meet
    )


def table_files(path: pathlib.Path) -> list[pathlib.Path]:
    """Lists the files of a device table.

    Args:
        path: The table: a file, or a folder of parts.
    """
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def create_views(
    connection: duckdb.DuckDBPyConnection, folder: pathlib.Path, names: Sequence[str]
) -> None:
    """Makes a view of each `folder/<name>.parquet`, a file or a folder, by bare name.

    Args:
        connection: May read the files.
        folder: Holds the tables.
        names: Their names.

    Raises:
        InputError: If a file is absent or no Parquet.
    """
    for name in names:
        path = folder / f"{name}.parquet"
        try:
            read_files(connection, table_files(path)).create_view(name)
        except duckdb.Error as error:
            raise errors.InputError(
                f"{path}: is no readable Parquet file ({errors.first_line(error)}); "
                "make it again."
            ) from None


def hashed_below(device: str, share: float, *, salt: str) -> Expression:
    """Tells whether a device falls in a share of all, by the MD5 of `<salt>:<id>`.

    The same id falls on the same side on every machine and in every version; another
    salt draws independently.

    Args:
        device: Name of the id column.
        share: Between 0 and 1.
        salt: Purpose of the draw.
    """
    if share >= 1:
        return ColumnExpression(device).isnotnull()
    text = FunctionExpression(
        "concat", ConstantExpression(f"{salt}:"), ColumnExpression(device)
    )
    limit = format(int(share * 2**64), "016x")
    return FunctionExpression("md5", text) < ConstantExpression(limit)


def partition(device: str, num_partitions: int) -> Expression:
    """Finds a device's partition, by the MD5 of `partition:<id>`; 0 without an id.

    The same on every machine and in every version, as `hashed_below`.

    Args:
        device: Name of the id column.
        num_partitions: How many there are.
    """
    column = ColumnExpression(device)
    text = FunctionExpression("concat", ConstantExpression("partition:"), column)
    number = FunctionExpression("md5_number_upper", text)
    number %= ConstantExpression(num_partitions)
    return duckdb.CaseExpression(
        column.isnotnull(), number.cast(duckdb.sqltype("INTEGER"))
    ).otherwise(ConstantExpression(0))


def parse_window(window: Sequence[Any]) -> Window:
    """Reads a window from its first and last day, each an ISO date or empty: open.

    Args:
        window: The two days.

    Returns:
        From the start of the first day to the start of the day after the last.

    Raises:
        InputError: If it is not two days, the first no later than the last.
    """
    days = window if isinstance(window, list | tuple) else ()
    try:
        first, last = (_day(day) if day != "" else None for day in days)
    except (TypeError, ValueError):
        first, last = datetime.datetime.max, datetime.datetime.min
    if first is not None and last is not None and first > last:
        raise errors.InputError(
            f"window={window!r}: expected its first and last day as ISO dates, such as "
            "('2024-01-01', '2024-01-31'); an empty text is open."
        )
    if last is None or last.date() == datetime.date.max:
        return first, None
    return first, last + datetime.timedelta(days=1)


def _day(day: Any) -> datetime.datetime:
    """The start of a day, which is written as 2024-01-31."""
    return datetime.datetime.strptime(day, "%Y-%m-%d")
