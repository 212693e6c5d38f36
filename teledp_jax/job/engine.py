"""The engine that a config names: this machine, or the cluster that Ray works on."""

import contextlib
import pathlib

from teledp_jax import runs
from teledp_jax.cluster import connection
from teledp_jax.data import parts
from teledp_jax.job import settings


def num_partitions(settings: settings.Settings) -> int:
    """Counts the parts of the device tables; their devices lie in that order."""
    return settings.ray.num_partitions if settings.engine == "ray" else 1


def connection_of(
    settings: settings.Settings, run: runs.Run
) -> contextlib.AbstractContextManager[None]:
    """Connects to the cluster of engine `ray`; see `cluster.connection.connect`."""
    return connection.connect(
        address=settings.ray.address,
        num_cpus=settings.ray.num_cpus,
        spill_folder=temp_folder(settings, run) / "ray",
    )


def partitioning(
    settings: settings.Settings, run: runs.Run, token: str
) -> parts.Partitioning:
    """States how engine `ray` parts the devices.

    Args:
        settings: The checked config.
        run: The run folder.
        token: Fingerprint of all that the device tables depend on.
    """
    return parts.Partitioning(
        num_partitions=num_partitions(settings),
        memory_limit=settings.memory_limit,
        temp_folder=temp_folder(settings, run),
        token=token,
    )


def temp_folder(settings: settings.Settings, run: runs.Run) -> pathlib.Path:
    """Names the folder where DuckDB and Ray spill."""
    return settings.temp_folder or run.private / "temp"
