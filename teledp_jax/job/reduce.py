"""Raw files to device tables and arrays, by the engine that the config names."""

import contextlib
import pathlib
import shutil

from teledp_jax import arrays, runs, schemas
from teledp_jax.cluster import connection, partitions
from teledp_jax.data import (
    aggregate,
    definition,
    encode,
    rawfiles,
    reduction,
    references,
    warehouse,
)
from teledp_jax.job import settings


def num_partitions(config: settings.Settings) -> int:
    """How many parts the device tables have; their devices lie in that order."""
    return config.ray.num_partitions if config.engine == "ray" else 1


def cluster_of(
    config: settings.Settings, run: runs.Run
) -> contextlib.AbstractContextManager[None]:
    """A connection to the cluster of engine `ray`; see `cluster.connect`."""
    return connection.connect(
        address=config.ray.address,
        num_cpus=config.ray.num_cpus,
        spill_folder=_temp_folder(config, run) / "ray",
    )


def aggregate_all(
    config: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    *,
    token: str,
    progress: reduction.Progress,
) -> tuple[str, ...]:
    """Makes the device tables of the config's source, or of the simulated fleet.

    Args:
        config: The checked config.
        suite: The suite.
        run: The run folder; what it held of device tables is removed.
        token: Fingerprint of all that they depend on.
        progress: Called with steps done and steps in all.

    Returns:
        Names of the device tables left empty because raw tables are missing.

    Raises:
        InputError: If files, settings or a statement are at fault.
    """
    source = config.source or run.raw
    for folder in (run.real, run.holdout):
        shutil.rmtree(folder, ignore_errors=True)
    if config.engine == "local":
        return aggregate.aggregate(
            suite,
            source,
            run,
            window=config.window,
            device_share=config.device_share,
            holdout=config.holdout,
            allow_missing_tables=config.allow_missing_tables,
            memory_limit=config.memory_limit,
            temp_folder=_temp_folder(config, run),
            progress=progress,
        )
    with cluster_of(config, run):
        return partitions.aggregate_all(
            suite,
            source,
            run,
            _plan(config, run, token),
            selection=rawfiles.Selection(
                window=warehouse.parse_window(config.window),
                device_share=config.device_share,
                holdout=config.holdout,
            ),
            allow_missing_tables=config.allow_missing_tables,
            progress=progress,
        )


def encode_all(
    config: settings.Settings,
    schema: schemas.Schema,
    run: runs.Run,
    *,
    token: str,
    progress: reduction.Progress,
) -> None:
    """Encodes the real fleet, whole or by partition, and counts what that changed.

    Writes arrays, and the halves and the ceiling that results are held to.

    Args:
        config: The checked config.
        schema: The device tables, private domains learnt.
        run: The run folder, with device tables.
        token: Fingerprint of all that the device tables depend on.
        progress: Called with steps done and steps in all.

    Raises:
        InputError: If a file is at fault, or the cluster gives up.
    """
    for folder in (run.arrays, run.ceiling, run.half("first"), run.half("second")):
        shutil.rmtree(folder, ignore_errors=True)
    if config.engine == "local":
        devices, counts = encode.encode(schema, run.real)
        arrays.save(run.arrays, devices)
        progress(1, 2)
        references.write(schema, run, devices)
        progress(2, 2)
    else:
        with cluster_of(config, run):
            counts = partitions.encode_all(
                schema, run, _plan(config, run, token), progress=progress
            )
    encode.write_quality(run.quality, counts)


def _plan(config: settings.Settings, run: runs.Run, token: str) -> partitions.Plan:
    """How engine `ray` parts the devices."""
    return partitions.Plan(
        num_partitions=num_partitions(config),
        memory_limit=config.memory_limit,
        temp_folder=_temp_folder(config, run),
        token=token,
    )


def _temp_folder(config: settings.Settings, run: runs.Run) -> pathlib.Path:
    """Where DuckDB and Ray spill."""
    return config.temp_folder or run.private / "temp"
