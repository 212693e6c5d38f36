"""Device tables, a partition of devices at a time, by tasks of Ray."""

import dataclasses
import itertools
import os
import pathlib
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from teledp_jax import runs, schemas, storage
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import shuffle
from teledp_jax.data import (
    accounting,
    aggregate,
    definition,
    quality,
    rawfiles,
    reduction,
    warehouse,
    writing,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partitioning:
    """States how the devices of a fleet are parted.

    Attributes:
        num_partitions: How many parts the devices fall into, by a hash of the id.
        memory_limit: Most memory that a task takes, such as `4GB`.
        temp_folder: Where DuckDB spills; every node of the cluster sees it.
        token: Fingerprint of all that the device tables depend on.
    """

    num_partitions: int
    memory_limit: str
    temp_folder: pathlib.Path
    token: str


def part_name(partition: int) -> str:
    """Name of a partition's file or folder, without a suffix."""
    return f"part-{partition:05d}"


def aggregate_all(
    suite: definition.Suite,
    source_folder: storage.Place,
    run: runs.Run,
    partitioning: Partitioning,
    *,
    selection: rawfiles.Selection,
    allow_missing_tables: bool,
    progress: reduction.Progress,
) -> tuple[str, ...]:
    """Makes the device tables of a fleet on the connected cluster.

    What `data.aggregate.aggregate` does in one process: the same files are checked, the
    same rows count, and the same SQL runs on each partition. A table is a folder,
    `real/<table>.parquet/part-00000.parquet` and so on. Raw tables that were shuffled
    and partitions that were finished before under the same token are not done again.

    Args:
        suite: The suite.
        source_folder: Holds `<schema>/<table>/*.parquet`; every node sees it.
        run: The run folder; every node sees it.
        partitioning: How the devices are parted.
        selection: Which rows count, and whose are set aside.
        allow_missing_tables: Whether a device table whose raw tables are missing is
            left empty.
        progress: Called with steps done and steps in all.

    Returns:
        Names of the device tables left empty because raw tables are missing.

    Raises:
        InputError: If files, settings or a statement are at fault, or the cluster
            gives up.
    """
    partitioning = dataclasses.replace(
        partitioning, temp_folder=partitioning.temp_folder.absolute()
    )
    with warehouse.connect(
        memory_limit=partitioning.memory_limit,
        temp_folder=partitioning.temp_folder,
        folders=(source_folder,),
    ) as connection:
        files = rawfiles.find_sources(
            connection, suite, source_folder, allow_missing_tables=allow_missing_tables
        )
        totals = accounting.totals(connection, files)
    files = {name: [file.absolute() for file in own] for name, own in files.items()}
    staging = run.staging.absolute()
    num_tables = sum(suite.sources[name].device is not None for name in files)
    total = num_tables + partitioning.num_partitions
    shuffle.stage(
        suite,
        files,
        staging / "raw",
        selection=selection,
        num_partitions=partitioning.num_partitions,
        token=partitioning.token,
        progress=lambda done, _: progress(done, total),
    )
    counts = _reduce_all(
        suite,
        files,
        staging,
        partitioning,
        selection=selection,
        progress=lambda done: progress(num_tables + done, total),
    )
    for folder, name in ((run.real, "real"), (run.holdout, "holdout")):
        _gather(
            suite.schema, staging / "done", name, folder, partitioning.num_partitions
        )
    counts = accounting.with_totals(added(counts), totals)
    quality.record(run.quality, counts, rules=aggregate.RULES)
    return rawfiles.unfilled(suite, files)


def _reduce_all(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    staging: pathlib.Path,
    partitioning: Partitioning,
    *,
    selection: rawfiles.Selection,
    progress: Callable[[int], None],
) -> list[quality.Count]:
    """Runs the SQL on each partition that is not finished; returns all counts."""
    counts: list[quality.Count] = []
    done = itertools.count(1)
    calls: dict[int, tuple[Any, ...]] = {}
    for partition in range(partitioning.num_partitions):
        own = shuffle.staged(suite, files, staging / "raw", partition)
        folder = staging / "done" / part_name(partition)
        calls[partition] = (suite, own, folder, partitioning, selection)

    def finished(partition: int, found: list[quality.Count]) -> None:
        counts.extend(found)
        progress(next(done))

    cluster.run_tasks(
        reduce_partition,
        calls,
        num_bytes=warehouse.num_bytes(partitioning.memory_limit),
        finished=finished,
    )
    return counts


def reduce_partition(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    partitioning: Partitioning,
    selection: rawfiles.Selection,
) -> list[quality.Count]:
    """Makes the device tables of one partition, or finds them made before.

    Args:
        suite: The suite.
        files: Of the partition's raw tables.
        folder: Gets `real/` and `holdout/`, whole or not at all.
        partitioning: How the devices are parted.
        selection: Which rows count, and whose are set aside.

    Returns:
        How many rows each rule dropped.
    """
    marker = folder / "finished.json"
    if not marker.exists() or runs.read_json(marker)["token"] != partitioning.token:
        with runs.atomic_folder(folder) as temporary:
            counts = _reduce(suite, files, temporary, partitioning, selection)
            saved = [dataclasses.asdict(count) for count in counts]
            runs.write_json(
                temporary / marker.name, {"token": partitioning.token, "counts": saved}
            )
    return [quality.Count(**fields) for fields in runs.read_json(marker)["counts"]]


def _reduce(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    partitioning: Partitioning,
    selection: rawfiles.Selection,
) -> list[quality.Count]:
    """Runs the SQL of a suite on one partition, on one thread."""
    with (
        tempfile.TemporaryDirectory(
            dir=partitioning.temp_folder, prefix="task-"
        ) as temporary,
        warehouse.connect(
            memory_limit=partitioning.memory_limit,
            temp_folder=pathlib.Path(temporary),
            folders=list({file.parent for own in files.values() for file in own}),
            threads=1,
        ) as connection,
    ):
        return reduction.reduce(
            connection,
            suite,
            files,
            writing.Reduced(real=folder / "real", holdout=folder / "holdout"),
            selection=selection,
            temp_folder=pathlib.Path(temporary),
            progress=lambda done, total: None,
        )


def _gather(
    schema: schemas.Schema,
    done: pathlib.Path,
    name: str,
    folder: pathlib.Path,
    num_partitions: int,
) -> None:
    """Links the finished partitions' files to `folder/<table>.parquet/<part>`."""
    for table in schema.tables:
        whole = folder / f"{table.name}.parquet"
        with runs.atomic_folder(whole) as temporary:
            for partition in range(num_partitions):
                part = part_name(partition)
                os.link(done / part / name / whole.name, temporary / f"{part}.parquet")


def added(counts: Sequence[quality.Count]) -> list[quality.Count]:
    """Adds up counts of partitions to one per table, column and rule."""
    totals: dict[tuple[str, str, str], int] = {}
    for count in counts:
        key = (count.table, count.column, count.rule)
        totals[key] = totals.get(key, 0) + count.count
    return [quality.Count(*key, count) for key, count in totals.items()]
