"""Raw Parquet to device tables: window, sample of devices, SQL, holdout."""

import dataclasses
import pathlib
import uuid
from collections.abc import Sequence

import duckdb
from absl import logging

from teledp_jax import runs, storage
from teledp_jax.data import (
    accounting,
    buckets,
    definition,
    lineage,
    parts,
    passes,
    planning,
    quality,
    rawfiles,
    rawvalues,
    reduction,
    slices,
    warehouse,
    writing,
)

RULES = ("no_id", "duplicate", "orphan", *accounting.RULES, *rawvalues.RULES)
"""Rules that `aggregate` counts: of device tables, those that drop rows; of raw tables,
what became of each row, and values that became absent."""


NO_BUCKETS = "none"
"""What `buckets_by` says of files that do not lie by device."""


def aggregate(
    suite: definition.Suite,
    source_folder: storage.Place,
    run: runs.Run,
    *,
    window: Sequence[str],
    device_share: float,
    holdout: float,
    allow_missing_tables: bool,
    memory_limit: str,
    temp_folder: pathlib.Path,
    progress: reduction.Progress,
    threads: int | None = None,
    num_passes: int = 1,
    buckets_by: str | None = None,
    temp_limit: str | None = None,
    token: str = "",
) -> tuple[str, ...]:
    """Makes the device tables of a fleet, out of core, on this machine.

    Rows without an id, of devices that the anchor lacks, and second rows of a device
    in an anchor or group table are dropped and counted in `run.quality`. Each table
    is written to `run.real` and, for the holdout's devices, to `run.holdout`, ordered
    by device id.

    Args:
        suite: The suite.
        source_folder: Holds `<schema>/<table>/*.parquet`.
        run: The run folder.
        window: First and last day, for raw tables with a time column; an empty text
            is open.
        device_share: Share of devices to keep, by a hash of the id.
        holdout: Share of these to set aside, by another hash.
        allow_missing_tables: Whether a device table whose raw tables are missing is
            left empty; the anchor's must be there.
        memory_limit: Most memory for DuckDB, such as `4GB`.
        temp_folder: Where it spills.
        progress: Called with tables done and tables in all.
        threads: Number of threads; None is one per core.
        num_passes: Passes over parts of the devices; 0 is one, or as many as memory and
            disk ask for. The tables are the same.
        buckets_by: What folders of files that lie by device state, as `bucket` in
            `bucket=07`: then a pass reads one bucket. None: files are looked at, where
            there is more than one pass; `none`: they do not lie by device.
        temp_limit: Most disk to take in `temp_folder`, such as `50GB`; None is nine
            tenths of what is free.
        token: Fingerprint of all that the device tables depend on: a pass that was
            finished under the same one is not done again. Empty: all are.

    Returns:
        Names of the device tables left empty because raw tables are missing.

    Raises:
        InputError: If files, settings or a statement are at fault.
    """
    selection = rawfiles.Selection(
        window=warehouse.parse_window(window),
        device_share=device_share,
        holdout=holdout,
    )
    temp_folder = temp_folder.absolute()
    partitioning = parts.Partitioning(
        num_partitions=1,
        memory_limit=memory_limit,
        temp_folder=temp_folder,
        token=f"{token or uuid.uuid4().hex} {duckdb.__version__}",
        threads=threads,
        temp_limit=temp_limit,
    )
    with warehouse.connect(
        memory_limit=memory_limit,
        temp_folder=temp_folder,
        folders=(source_folder, run.staging.absolute()),
        threads=threads,
        temp_limit=temp_limit,
    ) as connection:
        files = rawfiles.find_sources(
            connection, suite, source_folder, allow_missing_tables=allow_missing_tables
        )
        if buckets_by not in (None, NO_BUCKETS):
            counts = _in_buckets(
                connection, suite, files, run, partitioning,
                key=buckets_by, selection=selection, progress=progress,
            )  # fmt: skip
        elif num_passes != 1:
            counts = _in_passes(
                connection, suite, files, run, partitioning,
                num_passes=num_passes, selection=selection, progress=progress,
                looks=buckets_by is None,
            )  # fmt: skip
        else:
            counts = _at_once(
                connection, suite, files, run, partitioning,
                selection=selection, progress=progress,
            )  # fmt: skip
    quality.record(run.quality, counts, rules=RULES)
    return rawfiles.unfilled(suite, files)


def _at_once(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    run: runs.Run,
    partitioning: parts.Partitioning,
    *,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
) -> list[quality.Count]:
    """Runs the SQL over all devices."""
    return reduction.reduce(
        connection,
        suite,
        files,
        writing.Reduced(real=run.real, holdout=run.holdout),
        selection=selection,
        temp_folder=partitioning.temp_folder,
        progress=progress,
    )


def _in_passes(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    run: runs.Run,
    partitioning: parts.Partitioning,
    *,
    num_passes: int,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
    looks: bool,
) -> list[quality.Count]:
    """Runs the SQL over parts of the devices, if there is a reason to."""
    temp_folder, token = partitioning.temp_folder, partitioning.token
    folder = _folder(run, partitioning)
    sources = lineage.narrowed(suite, selection.window)
    plan = planning.saved(run, folder, token, num_passes)
    disk = planning.disk_bytes(temp_folder, partitioning.temp_limit)
    if plan is None:
        plan = planning.plan(
            suite,
            files,
            sources,
            device_share=selection.device_share,
            num_parts=num_passes,
            memory_bytes=warehouse.num_bytes(partitioning.memory_limit),
            disk_bytes=disk,
        )
    if plan.num_parts == 1:
        return _at_once(
            connection, suite, files, run, partitioning,
            selection=selection, progress=progress,
        )  # fmt: skip
    planning.save(run, token, plan)
    partitioning = dataclasses.replace(
        partitioning, num_partitions=plan.num_parts, in_order=False
    )
    found = None
    if looks:
        found = buckets.recognise(
            connection, suite, files, plan.num_parts,
            run=run, folder=folder, selection=selection, token=token,
        )  # fmt: skip
    if found is not None:
        return buckets.reduce(
            connection, suite, found, partitioning,
            run=run, selection=selection, progress=progress,
        )  # fmt: skip
    parted = slices.find(suite, files, sources, plan.num_parts) if looks else []
    if parted:
        logging.info("Raw files have the order of ids; %d passes.", len(parted))
    else:
        planning.tell(plan, disk)
    if not parted and not plan.per_scan:
        parted = slices.by_hash(files, plan.num_parts)
    if parted:
        return passes.reduce_slices(
            connection, suite, parted, partitioning,
            run=run, selection=selection, progress=progress,
        )  # fmt: skip
    counts = passes.reduce(
        connection, suite, files, sources, plan, partitioning,
        run=run, folder=folder, selection=selection, progress=progress,
    )  # fmt: skip
    return accounting.with_totals(counts, accounting.totals(connection, files))


def _in_buckets(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    run: runs.Run,
    partitioning: parts.Partitioning,
    *,
    key: str,
    selection: rawfiles.Selection,
    progress: reduction.Progress,
) -> list[quality.Count]:
    """Runs the SQL over one bucket of devices after the other."""
    found = buckets.find(suite, files, key)
    buckets.check_sample(connection, suite, found)
    token, folder = f"{partitioning.token} {key}", _folder(run, partitioning)
    plan = planning.Passes(len(found), len(found), 0)
    if planning.saved(run, folder, token, plan.num_parts) is None:
        planning.save(run, token, plan)
    logging.info("Aggregates bucket by bucket: %d folders %s=.", len(found), key)
    buckets.check_all(
        connection, suite, found,
        run=run, folder=folder, selection=selection, token=token,
    )  # fmt: skip
    return buckets.reduce(
        connection,
        suite,
        found,
        dataclasses.replace(partitioning, token=token, in_order=False),
        run=run,
        selection=selection,
        progress=progress,
    )


def _folder(run: runs.Run, partitioning: parts.Partitioning) -> pathlib.Path:
    """Where rows lie between passes: of this run only, where there may be several."""
    name = runs.fingerprint(str(run.folder.absolute()))
    return partitioning.temp_folder / f"passes-{name}"
