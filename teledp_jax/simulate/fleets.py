"""The one list of suites whose raw files can be made, and by what."""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.simulate import dca, eventlog, flights


def write(
    suite: str,
    folder: pathlib.Path,
    *,
    source: Sequence[sqlfile.SqlFile],
    num_devices: int,
    simulation: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> None:
    """Writes raw files of a simulated fleet, or loads those of a public one.

    Args:
        suite: Name of the suite.
        folder: Gets `<schema>/<table>/*.parquet`.
        source: Headers of the raw tables to write.
        num_devices: Size of a simulated fleet that may have any.
        simulation: Section `simulation` of the config; see `settings.default`.
        progress: Called with what is done and what there is to do.

    Raises:
        InputError: If the suite has neither simulator nor loader.
    """
    if suite == "flights":
        flights.load(folder, source=source, progress=progress)
    elif suite == "eventlog":
        eventlog.simulate(
            folder, source=source, seed=simulation["seed"], progress=progress
        )
    elif suite == "dca":
        dca.simulate(
            folder,
            source=source,
            num_devices=num_devices,
            progress=progress,
            **simulation,
        )
    else:
        raise errors.InputError(f"Suite {suite} has no simulator; state a source.")
