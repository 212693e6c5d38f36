"""Device tables of a source larger than memory and disk: some devices at a time.

The devices fall into parts by the hash of their ids. The raw rows are
rewritten by part, only the columns that are read; then the SQL of the suite runs on one
part after the other, and at last the parts are merged. Where the disk does not hold all
raw rows at once, the source is read several times, for some of the parts each time.
"""

import dataclasses
import math
import pathlib
import shutil
from collections.abc import Mapping
from typing import NamedTuple

import duckdb
from absl import logging
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from teledp_jax import errors, runs
from teledp_jax.data import (
    definition,
    mending,
    parts,
    quality,
    rawfiles,
    reading,
    reduction,
    sizes,
    warehouse,
    writing,
)

MOST = 96
"""Most parts: DuckDB keeps a file of each open while it rewrites."""

_PARTITION = "__partition"
_WORK = 3.0  # times the plain bytes of a statement's rows is what it works on
_REWRITTEN = 1.5  # times the packed bytes of raw columns is what they take rewritten
_FULL_BYTES = 2**26  # free on a disk that is called full
_LOSSY = ("HUGEINT", "UHUGEINT", "INTERVAL")  # types that Parquet rounds; see `_exact`


class Plan(NamedTuple):
    """How a source is read.

    Attributes:
        num_parts: Parts of the devices, reduced one after the other; 1: all at once.
        per_scan: How many of them are rewritten by one reading of the source.
        disk_bytes: Most disk that rewritten rows and spilled ones take, estimated.
    """

    num_parts: int
    per_scan: int
    disk_bytes: int

    @property
    def num_scans(self) -> int:
        """Counts how often the source is read."""
        return math.ceil(self.num_parts / self.per_scan)


def plan(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    sources: Mapping[str, definition.Source],
    *,
    device_share: float,
    num_parts: int,
    memory_bytes: int,
    disk_bytes: int,
) -> Plan:
    """Plans passes by what files say of their sizes.

    Args:
        suite: The suite.
        files: Of each raw table.
        sources: The raw tables, each with the columns that are read.
        device_share: Share of devices that is kept.
        num_parts: Parts to make; 0 makes as few as memory and disk allow.
        memory_bytes: Memory of DuckDB.
        disk_bytes: Disk that may be taken.

    Returns:
        The plan.

    Raises:
        InputError: If the disk is too small however often the source is read.
    """
    found = {name: sizes.of_files(own, sources[name]) for name, own in files.items()}
    work = (
        _WORK
        * device_share
        * max(
            sum(found[name].plain for name in suite.reads(table.name) if name in found)
            for table in suite.schema.tables
        )
    )
    rewritten = (
        _REWRITTEN
        * device_share
        * sum(
            size.packed
            for name, size in found.items()
            if sources[name].device is not None
        )
    )
    if num_parts == 0:
        fits = work <= memory_bytes + disk_bytes
        num_parts = 1 if fits else min(math.ceil(work / memory_bytes), MOST)
    if num_parts == 1:
        return Plan(1, 1, int(max(work - memory_bytes, 0.0)))
    spilled = max(work / num_parts - memory_bytes, 0.0)
    each = rewritten / num_parts
    least = spilled + 2 * each  # a part's rows, and what its statements leave
    if least > disk_bytes:
        raise errors.InputError(
            f"The source does not fit in {num_parts} passes: one needs "
            f"{least / 1e9:.1f} GB of disk, {disk_bytes / 1e9:.1f} GB are free in "
            "temp_folder or allowed by temp_limit; free disk space, raise "
            f"memory_limit, or set passes to more, at most {MOST}."
        )
    per_scan = num_parts
    if each:
        per_scan = min(int((disk_bytes - spilled) / each) - 1, num_parts)
    return Plan(num_parts, per_scan, int(spilled + (per_scan + 1) * each))


def disk_bytes(temp_folder: pathlib.Path, temp_limit: str | None) -> int:
    """Tells how much disk may be taken: what is free, less a tenth, or the limit.

    Args:
        temp_folder: A folder that exists.
        temp_limit: A size such as `50GB`; None for no limit.
    """
    free = int(0.9 * shutil.disk_usage(temp_folder).free)
    return free if temp_limit is None else min(free, warehouse.num_bytes(temp_limit))


def reduce(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    sources: Mapping[str, definition.Source],
    plan: Plan,
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
        plan: What `plan` returned.
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
    done = [_done(run, part) for part in range(plan.num_parts)]
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
    for kind, place in (("real", run.real), ("holdout", run.holdout)):
        for table in suite.schema.tables:
            whole = place / f"{table.name}.parquet"
            with reduction.reporting(whole):
                rows = [own / kind / whole.name for own in done]
                writing.merge(connection, suite.schema, table, rows, whole)
    shutil.rmtree(folder, ignore_errors=True)
    progress(total, total)
    for path in _mended(run).glob("*.json"):
        counts += [quality.Count(**fields) for fields in runs.read_json(path)]
    return parts.added(counts)


def _mended(run: runs.Run) -> pathlib.Path:
    """Where counts of values that became absent lie until all parts are made."""
    return run.staging / "mended"


def _done(run: runs.Run, part: int) -> pathlib.Path:
    """Where the device tables of a part lie until all are made."""
    return run.staging.absolute() / "done" / parts.part_name(part)


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
        with reduction.reporting(source.file.path):
            rows = reading.open_files(connection, source, files)
            rows = reading.raw_rows(rows, source, selection)
            _write(rows, source, place, scan, partitioning.num_partitions)

    try:
        write(files)
    except reduction.StatementError:
        if shutil.disk_usage(place).free < _FULL_BYTES:
            raise errors.InputError(
                f"{place}: the disk is full; free space, then go on with the same "
                "command: finished passes stay."
            ) from None
        mended = mending.mend(
            connection, suite, {source.name: files}, folder / "mended"
        )
        if not mended.num_copies:
            raise
        write(mended.files[source.name])
        found = [dataclasses.asdict(count) for count in mended.counts]
        _mended(run).mkdir(parents=True, exist_ok=True)
        runs.write_json(_mended(run) / f"{source.name}.json", found)
    shutil.rmtree(folder / "mended", ignore_errors=True)
    runs.write_json(marker, stamp)


def _write(
    rows: duckdb.DuckDBPyRelation,
    source: definition.Source,
    place: pathlib.Path,
    scan: range,
    num_parts: int,
) -> None:
    """Writes the rows of some parts, a folder for each."""
    assert source.device is not None
    # Of the id as text, for tables may have it in other types; MD5 takes as long as all
    # the rest, and this one need only last for one version of DuckDB.
    text = ColumnExpression(source.device).cast(duckdb.sqltype("VARCHAR"))
    part = FunctionExpression("hash", text) % ConstantExpression(num_parts)
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


def tell(plan: Plan, disk: int) -> None:
    """Says before it starts how a source is read.

    Args:
        plan: What `plan` returned.
        disk: Disk that may be taken, in bytes.
    """
    if plan.num_parts > 1:
        logging.info(
            "Aggregates in %d passes by the hash of the device id; reads the "
            "source %d times, takes about %.1f of %.1f GB of disk.",
            plan.num_parts, plan.num_scans, plan.disk_bytes / 1e9, disk / 1e9,
        )  # fmt: skip


def saved(
    run: runs.Run, folder: pathlib.Path, token: str, num_parts: int
) -> Plan | None:
    """Finds the plan of a run that was killed, so that its passes still count.

    Args:
        run: The run folder.
        folder: Of rewritten rows.
        token: Fingerprint of all that the device tables depend on.
        num_parts: Parts that are asked for; 0 goes on with any number.

    Returns:
        The plan; None if there is none, and then nothing is left of other runs.
    """
    path = run.staging / "passes.json"
    if path.exists():
        found = runs.read_json(path)
        if found["token"] == token and num_parts in (0, found["plan"][0]):
            return Plan(*found["plan"])
    for old in (run.staging, folder):
        shutil.rmtree(old, ignore_errors=True)
    return None


def save(run: runs.Run, token: str, plan: Plan) -> None:
    """Keeps a plan until its device tables are made.

    Args:
        run: The run folder.
        token: Fingerprint of all that the device tables depend on.
        plan: The plan.
    """
    run.staging.mkdir(parents=True, exist_ok=True)
    runs.write_json(run.staging / "passes.json", {"token": token, "plan": list(plan)})
