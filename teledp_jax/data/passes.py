"""Device tables of a source larger than memory and disk: some devices at a time.

The devices fall into slices by their ids. The SQL of the suite runs on one slice after
the other, and at last the parts that this makes are merged. A few slices are read from
the source, each time all of it. If there are more, the raw rows are rewritten by slice
before, only the columns that are read; where the disk does not hold all of them, the
source is read several times, for some of the slices each time.
"""

import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb
from absl import logging
from duckdb import ColumnExpression, ConstantExpression

from teledp_jax import errors, runs
from teledp_jax.data import (
    definition,
    mending,
    parts,
    planning,
    quality,
    rawfiles,
    rawvalues,
    reading,
    reduction,
    slices,
    writing,
)

_PARTITION = "__partition"
_FULL_BYTES = 2**26  # free on a disk that is called full
_ONCE = (rawvalues.NOT_UTF8, rawvalues.TIME_TOO_FAR)
"""Rules that count values of files, not rows of devices."""

_LOSSY = ("HUGEINT", "UHUGEINT", "INTERVAL")  # types that Parquet rounds; see `_exact`


def reduce(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    sources: Mapping[str, definition.Source],
    plan: planning.Passes,
    partitioning: parts.Partitioning,
    *,
    run: runs.Run,
    folder: pathlib.Path,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
) -> list[quality.Count]:
    """Makes the device tables part by part, and merges them.

    Tables that were rewritten and parts that were finished before under the same token
    are not done again.

    Args:
        connection: May read the files and read and write `folder` and `run.staging`.
        suite: The suite.
        files: Of each raw table.
        sources: The raw tables, each with the columns that are read.
        plan: What `planning.plan` returned.
        partitioning: How the devices are parted.
        run: The run folder.
        folder: Gets the rewritten rows, and is removed at the end.
        selection: Which rows count, and whose are set aside.
        progress: Called with steps done and steps in all.

    Returns:
        How many rows each rule dropped, of the rows that were rewritten.

    Raises:
        InputError: If a statement fails, or memory or disk run out.
    """
    done = [done_folder(run, part) for part in range(plan.num_parts)]
    counts: list[quality.Count] = []
    total = plan.num_parts + 1
    for first in range(0, plan.num_parts, plan.per_scan):
        scan = range(first, min(first + plan.per_scan, plan.num_parts))
        left = [p for p in scan if not parts.is_finished(done[p], partitioning.token)]
        if left:
            logging.info("Rewrites the raw rows of passes %d to %d.", scan[0], scan[-1])
        for name, source in sources.items() if left else ():
            if name in files and source.device is not None:
                _rewrite(
                    connection, suite, source, files[name], folder, partitioning,
                    run=run, scan=scan, selection=selection,
                )  # fmt: skip
        for part in scan:
            own = {
                name: _files(folder, part, name) if sources[name].device else whole
                for name, whole in files.items()
            }
            counts += parts.reduce_partition(
                suite, own, done[part], partitioning, selection
            )
            for name in files:
                shutil.rmtree(_place(folder, part, name), ignore_errors=True)
            progress(part + 1, total)
    merge(connection, suite, done, run)
    shutil.rmtree(folder, ignore_errors=True)
    progress(total, total)
    for path in _mended(run).glob("*.json"):
        counts += [quality.Count(**fields) for fields in runs.read_json(path)]
    return parts.added(counts)


def reduce_slices(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    found: Sequence[tuple[slices.Slice, rawfiles.RawFiles]],
    partitioning: parts.Partitioning,
    *,
    run: runs.Run,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
) -> list[quality.Count]:
    """Makes the device tables slice by slice from the source itself, and merges them.

    Args:
        connection: May read and write `run.staging`.
        suite: The suite.
        found: Each slice with the raw files that may hold rows of it.
        partitioning: States the token, memory and disk.
        run: The run folder.
        selection: Which rows count, and whose are set aside.
        progress: Called with steps done and steps in all.

    Returns:
        How many rows each rule dropped.

    Raises:
        InputError: If a statement fails, or memory or disk run out.
    """
    done = [done_folder(run, number) for number in range(len(found))]
    counts: list[quality.Count] = []
    for number, (one, files) in enumerate(found):
        progress(number, len(found) + 1)
        counts += parts.reduce_partition(
            suite, files, done[number], partitioning, selection, one
        )
    progress(len(found), len(found) + 1)
    merge(connection, suite, done, run)
    progress(len(found) + 1, len(found) + 1)
    return _once(counts)


def _once(counts: Iterable[quality.Count]) -> list[quality.Count]:
    """Adds up the counts of slices; each may have read the same file and its values."""
    most: dict[tuple[str, str, str], quality.Count] = {}
    others = []
    for count in counts:
        key = (count.table, count.column, count.rule)
        if count.rule not in _ONCE:
            others.append(count)
        elif key not in most or most[key].count < count.count:
            most[key] = count
    return [*most.values(), *parts.added(others)]


def _mended(run: runs.Run) -> pathlib.Path:
    """Where counts of values that became absent lie until all parts are made."""
    return run.staging / "mended"


def done_folder(run: runs.Run, part: int) -> pathlib.Path:
    """Names where the device tables of a part lie until all are made.

    Args:
        run: The run folder.
        part: Number of the part.
    """
    return run.staging.absolute() / "done" / parts.part_name(part)


def merge(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    done: Sequence[pathlib.Path],
    run: runs.Run,
) -> None:
    """Merges the device tables of all parts into those of the run.

    Args:
        connection: May read the parts.
        suite: The suite.
        done: Folders of the parts.
        run: The run folder.
    """
    for kind, place in (("real", run.real), ("holdout", run.holdout)):
        for table in suite.schema.tables:
            whole = place / f"{table.name}.parquet"
            with reduction.reporting(whole):
                rows = [own / kind / whole.name for own in done]
                writing.merge(connection, suite.schema, table, rows, whole)


def _place(folder: pathlib.Path, part: int, table: str) -> pathlib.Path:
    """Where the rewritten rows of a raw table and part lie."""
    return folder / table / f"{_PARTITION}={part}"


def _files(folder: pathlib.Path, part: int, table: str) -> list[pathlib.Path]:
    """The rewritten files of a raw table and part."""
    return sorted(_place(folder, part, table).glob("*.parquet"))


def _rewrite(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    source: definition.Source,
    files: rawfiles.Files,
    folder: pathlib.Path,
    partitioning: parts.Partitioning,
    *,
    run: runs.Run,
    scan: range,
    selection: rawfiles.Selection,
) -> None:
    """Rewrites the rows of a raw table that count, by part; some of the parts."""
    place = folder / source.name
    marker = place / "finished.json"
    stamp = {"token": partitioning.token, "first": scan.start, "stop": scan.stop}
    if marker.exists() and runs.read_json(marker) == stamp:
        return
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)

    def write(files: rawfiles.Files) -> None:
        rows = reading.open_files(connection, source, files)
        rows = reading.raw_rows(rows, source, selection)
        _write(rows, source, place, scan, partitioning.num_partitions)

    counts = mended(connection, suite, source, files, folder / "mended", write)
    if counts:
        found = [dataclasses.asdict(count) for count in counts]
        _mended(run).mkdir(parents=True, exist_ok=True)
        runs.write_json(_mended(run) / f"{source.name}.json", found)
    runs.write_json(marker, stamp)


def mended(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    source: definition.Source,
    files: rawfiles.Files,
    folder: pathlib.Path,
    read: Callable[[rawfiles.Files], None],
) -> list[quality.Count]:
    """Reads the files of a raw table, or copies of those that the database cannot read.

    Args:
        connection: May read the files and the copies.
        suite: The suite.
        source: The raw table.
        files: Its files.
        folder: For the copies; there is none afterwards.
        read: Reads files.

    Returns:
        How many values became absent.

    Raises:
        InputError: If the copies do not read either, or the disk is full.
    """
    try:
        with reduction.reporting(source.file.path):
            read(files)
        return []
    except reduction.StatementError:
        if shutil.disk_usage(folder.parent).free < _FULL_BYTES:
            raise errors.InputError(
                f"{folder.parent}: the disk is full; free space, then go on with the "
                "same command: finished passes stay."
            ) from None
        found = mending.mend(connection, suite, {source.name: files}, folder)
        if not found.num_copies:
            raise
        with reduction.reporting(source.file.path):
            read(found.files[source.name])
        shutil.rmtree(folder)
        return found.counts


def _write(
    rows: duckdb.DuckDBPyRelation,
    source: definition.Source,
    place: pathlib.Path,
    scan: range,
    num_parts: int,
) -> None:
    """Writes the rows of some parts, a folder for each."""
    assert source.device is not None
    part = slices.hashed(source.device, num_parts)
    rows = rows.project(*map(_exact, source.types.items()), part.alias(_PARTITION))
    if len(scan) < num_parts:
        number = ColumnExpression(_PARTITION)
        rows = rows.filter(number >= ConstantExpression(scan.start))
        rows = rows.filter(number < ConstantExpression(scan.stop))
    rows.write_parquet(str(place), partition_by=[_PARTITION], overwrite=True)


def _exact(column: tuple[str, str]) -> duckdb.Expression:
    """A column in a type that Parquet keeps to the last digit."""
    name, kind = column
    value = ColumnExpression(name)
    if kind in _LOSSY:
        return value.cast(duckdb.sqltype("VARCHAR")).alias(name)
    return value
