"""Raw Parquet to device tables: window, sample of devices, SQL, holdout."""

import pathlib
from collections.abc import Sequence

from teledp_jax import runs, storage
from teledp_jax.data import (
    accounting,
    definition,
    quality,
    rawfiles,
    rawvalues,
    reduction,
    warehouse,
    writing,
)

RULES = ("no_id", "duplicate", "orphan", *accounting.RULES, *rawvalues.RULES)
"""Rules that `aggregate` counts: of device tables, those that drop rows; of raw tables,
what became of each row, and values that became absent."""


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
    with warehouse.connect(
        memory_limit=memory_limit,
        temp_folder=temp_folder.absolute(),
        folders=(source_folder,),
        threads=threads,
    ) as connection:
        files = rawfiles.find_sources(
            connection, suite, source_folder, allow_missing_tables=allow_missing_tables
        )
        counts = reduction.reduce(
            connection,
            suite,
            files,
            writing.Reduced(real=run.real, holdout=run.holdout),
            selection=selection,
            temp_folder=temp_folder,
            progress=progress,
        )
    quality.record(run.quality, counts, rules=RULES)
    return rawfiles.unfilled(suite, files)
