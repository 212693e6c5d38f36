"""Simulates a fleet of laptops that writes the raw tables of suite dca.

Latent traits of a device (how new, well made, hard worked, mobile, connected, and how
much it reports) drive all its tables. Every share and rate lies in the YAML files of
this folder, marked as published, estimated or assumed.
"""

import pathlib
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyarrow as pa

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.suites import columns, write
from teledp_jax.suites.dca import (
    applications,
    battery,
    blockers,
    browsing,
    displays,
    facts,
    foreground,
    frequency,
    memory,
    metrics,
    network,
    platforms,
    power,
    restarts,
    sleepstudy,
    sysinfo,
    traits,
    versions,
    waits,
    wifi,
)

_TABLES: Mapping[str, Callable[[traits.Fleet, pa.Array], columns.Columns]] = {
    table.__name__: table
    for table in (
        sysinfo.system_sysinfo_unique_normalized,
        restarts.crashlog,
        applications.application_error_event_1000,
        applications.application_hang_event_1002,
        restarts.microsoft_windows_kernel_power_event_41,
        frequency.hw_cpu_frequency,
        power.power_acdc_usage_v4_hist,
        wifi.wifi_error,
        platforms.system_cpu_metadata,
        versions.system_os_codename_history,
        network.os_network_consumption_v2,
        memory.os_memsam_avail_percent,
        battery.guids_on_off_suspend_time_day,
        browsing.web_cat_usage_v2,
        metrics.hw_metric_stats,
        waits.userwait_v2,
        displays.display_devices,
        blockers.mods_sleepstudy_top_blocker_hist,
        sleepstudy.mods_sleepstudy_power_estimation_data_13wks,
    )
} | {
    "__tmp_batt_dc_events": battery.batt_dc_events,
    "__tmp_fgnd_apps_date": foreground.fgnd_apps_date,
}


def simulate(
    folder: pathlib.Path,
    *,
    source: Iterable[sqlfile.SqlFile],
    num_devices: int,
    seed: int,
    world: str = "a",
    coverage: float = 1.0,
    progress: Callable[[int, int], None],
    chunk_devices: int = 10_000,
) -> None:
    """Writes raw Parquet, manifests and the data dictionary of a simulated fleet.

    A device's rows depend only on `seed`, `world` and its number: neither on the
    size of the fleet nor on that of a chunk. Memory is that of one chunk.

    Args:
        folder: Where `<schema>/<table>/part-*.parquet` and its manifest go.
        source: The suite's raw tables; columns and types follow their DDL.
        num_devices: Size of the fleet.
        seed: Of all draws.
        world: Which correlations hold: a name in section `worlds`.
        coverage: Factor on the published share of devices that have a table, where
            one is published; no share exceeds 0.6.
        progress: Told the devices done and the devices in all.
        chunk_devices: Devices that are made at once, and in one part file.

    Raises:
        InputError: If a number or the world is at fault, or the suite states a table
            or column that the simulator lacks.
    """
    if num_devices < 1:
        raise errors.InputError(f"num_devices: {num_devices} is below 1; state more.")
    if not coverage > 0:
        raise errors.InputError(f"coverage: {coverage} is not above 0; 1 is published.")
    if chunk_devices < 1:
        raise errors.InputError(f"chunk_devices: {chunk_devices} is below 1.")
    sources = list(source)
    if unknown := sorted({file.name for file in sources} - set(_TABLES)):
        raise errors.InputError(
            f"{sources[0].path.parent}: no simulator for tables {unknown}; "
            f"known: {sorted(_TABLES)}."
        )
    constants = facts.world_named(world)
    writers = {
        file.name: write.TableWriter(
            folder, file.name, write.column_types(file), file.path.parent.name
        )
        for file in sources
    }
    write.write_dictionary(folder, sources, notes=_notes(writers))
    progress(0, num_devices)
    for first in range(0, num_devices, chunk_devices):
        last = min(first + chunk_devices, num_devices)
        fleet = traits.make_fleet(
            seed=seed,
            ids=np.arange(first, last),
            world=constants,
            coverage=coverage,
        )
        guids = sysinfo.guids(fleet)
        for name, writer in writers.items():
            writer.write(_TABLES[name](fleet, guids))
        progress(last, num_devices)
    for writer in writers.values():
        writer.finish()


def _notes(names: Iterable[str]) -> dict[str, str]:
    """What the dictionary says of tables with fewer rows than the corpus has."""
    shares = {name: facts.rows_share(name) for name in names}
    return {
        name: f"{share:g} rows written for each row of the corpus"
        for name, share in shares.items()
        if share < 1.0
    }
