"""Device tables, a partition of devices at a time, by tasks of Ray."""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable
from typing import Any

from teledp_jax import runs, schemas, storage
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import shuffle
from teledp_jax.data import (
    accounting,
    aggregate,
    definition,
    parts,
    quality,
    rawfiles,
    reduction,
    warehouse,
)


def aggregate_all(
    suite: definition.Suite,
    source_folder: storage.Place,
    run: runs.Run,
    partitioning: parts.Partitioning,
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
        temp_folder=partitioning.temp_folder,
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
    counts = accounting.with_totals(parts.added(counts), totals)
    quality.record(run.quality, counts, rules=aggregate.RULES)
    return rawfiles.unfilled(suite, files)


def _reduce_all(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    staging: pathlib.Path,
    partitioning: parts.Partitioning,
    *,
    selection: rawfiles.Selection,
    progress: Callable[[int], None],
) -> list[quality.Count]:
    """Runs the SQL on each partition that is not finished; returns all counts."""
    counts: list[quality.Count] = []
    done = itertools.count(1)

    def call(partition: int) -> tuple[Any, ...]:
        own = shuffle.staged(suite, files, staging / "raw", partition)
        folder = staging / "done" / parts.part_name(partition)
        return (suite, own, folder, partitioning, selection)

    def finished(partition: int, found: list[quality.Count]) -> None:
        counts.extend(found)
        progress(next(done))

    cluster.run_tasks(
        parts.reduce_partition,
        ((number, call(number)) for number in range(partitioning.num_partitions)),
        num_bytes=warehouse.num_bytes(partitioning.memory_limit),
        finished=finished,
    )
    return counts


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
                part = parts.part_name(partition)
                os.link(done / part / name / whole.name, temporary / f"{part}.parquet")
