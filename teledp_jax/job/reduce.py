"""Raw files to device tables, by the engine that the config names."""

import shutil
from collections.abc import Callable

from teledp_jax import runs
from teledp_jax.cluster import partitions
from teledp_jax.data import aggregate, definition, rawfiles, warehouse
from teledp_jax.job import engine, settings


def reduce_all(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    *,
    token: str,
    progress: Callable[[int, int], None],
) -> None:
    """Makes the device tables of the config's source, or of the simulated fleet.

    Args:
        settings: The checked config.
        suite: The suite.
        run: The run folder; what it held of device tables is removed.
        token: Fingerprint of all that they depend on.
        progress: Called with steps done and steps in all.

    Raises:
        InputError: If files, settings or a statement are at fault.
    """
    source = settings.source or run.raw
    for folder in (run.real, run.holdout):
        shutil.rmtree(folder, ignore_errors=True)
    if settings.engine == "local":
        aggregate.aggregate(
            suite,
            source,
            run,
            window=settings.window,
            device_share=settings.device_share,
            holdout=settings.holdout,
            allow_missing_tables=settings.allow_missing_tables,
            memory_limit=settings.memory_limit,
            temp_folder=engine.temp_folder(settings, run),
            progress=progress,
            num_passes=settings.passes,
            buckets_by=settings.buckets,
            temp_limit=settings.temp_limit,
            token=token,
        )
        return
    with engine.connection_of(settings, run):
        partitions.aggregate_all(
            suite,
            source,
            run,
            engine.partitioning(settings, run, token),
            selection=rawfiles.Selection(
                window=warehouse.parse_window(settings.window),
                device_share=settings.device_share,
                holdout=settings.holdout,
            ),
            allow_missing_tables=settings.allow_missing_tables,
            progress=progress,
        )
