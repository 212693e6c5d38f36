"""Finds out why raw files could not be read, and leaves out what one device broke.

DuckDB reads most files by itself. Where it cannot read one, each of its row groups is
read again by Arrow: what is damaged is named; a value that no database takes becomes
absent, in a copy of the file, and all other values stay.
"""

import itertools
import pathlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import errors, storage
from teledp_jax.data import definition, quality, rawfiles, rawvalues, reading


class Mended(NamedTuple):
    """Raw files that can be read.

    Attributes:
        files: Of each raw table, some of them copies.
        counts: How many values of raw columns became absent. Private.
        num_copies: How many files are copies.
    """

    files: rawfiles.RawFiles
    counts: list[quality.Count]
    num_copies: int


def mend(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
) -> Mended:
    """Reads all raw files again, and copies those that the database cannot read.

    Args:
        connection: May read the files and the copies.
        suite: The suite.
        files: Of each raw table.
        folder: Gets the copies.

    Returns:
        Files to read in place of these.

    Raises:
        InputError: If row groups are damaged, or a copy does not read either; all of
            them are named.
    """
    mended: dict[str, list[storage.Place]] = {}
    counts: list[quality.Count] = []
    wrong: list[str] = []
    num_copies = 0
    for name, own in files.items():
        source = suite.sources[name]
        columns = list(source.types)
        touched: Counter[tuple[str, str]] = Counter()
        mended[name] = []
        for file in own:
            if not _reads(connection, source, file):
                found, faults = scan(file, columns)
                wrong += faults
                touched += found
                if not faults:
                    copy = _place(folder / str(num_copies), file)
                    num_copies += 1
                    _copy(file, columns, copy)
                    if not _reads(connection, source, copy):
                        wrong.append(f"{file}: does not read; write it in other types.")
                    file = copy
            mended[name].append(file)
        counts += [
            quality.Count(name, column, rule, count)
            for (column, rule), count in touched.items()
        ]
    errors.refuse(wrong)
    return Mended(mended, counts, num_copies)


def _reads(
    connection: duckdb.DuckDBPyConnection,
    source: definition.Source,
    file: storage.Place,
) -> bool:
    """Whether the database reads every value of a file."""
    rows = reading.open_files(connection, source, [file])
    whole = Function("hash", *map(ColumnExpression, source.types))
    try:
        rows.aggregate([Function("bit_xor", whole)]).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False
    return True


def scan(
    file: storage.Place, columns: Sequence[str]
) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Reads a raw file, one row group at a time.

    Args:
        file: The file.
        columns: Names of the columns that are read; others may be damaged.

    Returns:
        How many values of each column each rule of `rawvalues` would make absent, and a
        sentence for each row group that cannot be read.
    """
    counts: Counter[tuple[str, str]] = Counter()
    faults = []
    with rawvalues.opened(file) as found:
        own = [name for name in found.schema_arrow.names if name in columns]
        for group in range(found.num_row_groups):
            try:
                rows = found.read_row_group(group, columns=own, use_threads=False)
                rows.validate()
            except (OSError, pa.ArrowException) as error:
                if storage.refused(error):
                    raise  # the file may be whole
                faults.append(
                    f"{file}: row group {group} of {found.num_row_groups} is damaged "
                    f"({type(error).__name__}); copy the file again."
                )
                continue
            counts += rawvalues.usable(rows)[1]
    return counts, faults


def _place(folder: pathlib.Path, file: storage.Place) -> pathlib.Path:
    """Where the copy of a file goes, below folders that state the same values."""
    parts = str(file.absolute()).split("/")
    kept = itertools.takewhile(lambda part: "=" in part, reversed(parts[:-1]))
    return folder.joinpath(*reversed(list(kept)), "copy.parquet")


def _copy(file: storage.Place, columns: Sequence[str], path: pathlib.Path) -> None:
    """Writes a copy of some columns of a file, without what no database takes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rawvalues.opened(file) as found:
        own = [name for name in found.schema_arrow.names if name in columns]
        kept = pa.schema([found.schema_arrow.field(name) for name in own])
        with pq.ParquetWriter(path, kept) as writer:
            for rows in _groups(found, own):
                writer.write_table(rawvalues.usable(rows)[0])


def _groups(found: pq.ParquetFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The row groups of a file."""
    for group in range(found.num_row_groups):
        yield found.read_row_group(group, columns=list(columns), use_threads=False)
