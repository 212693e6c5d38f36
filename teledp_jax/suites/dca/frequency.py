"""CPU frequency by day."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, presence, table_rows, traits, windows

SAMPLE_S = 5


def nominal_mhz(fleet: traits.Fleet) -> draws.Floats:
    """Returns the base frequency of each device's processor."""
    stationary = ~fleet.is_one_of("chassistype", traits.PORTABLE)
    base = 1500.0 + 180.0 * fleet.rank + 1300.0 * stationary
    return np.asarray(base + 35.0 * fleet.generation)


def hw_cpu_frequency(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws samples by day, frequency bin and number of active cores.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "hw_cpu_frequency"
    section = facts.section(table)
    draw = fleet.draw(table)
    days = 1 + draw.poisson("days", np.full(len(fleet.ids), section["intervals"] - 1.0))
    days = np.minimum(days, windows.of(table).days) * presence.reports(fleet, table)
    fractions = np.array(section["fractions"])
    intervals = table_rows.Rows(fleet, table, days)
    shares = _bin_shares(fleet, intervals, len(fractions))
    hours = section["hours_per_day"] * np.exp(
        section["hours_spread"] * intervals.draw.normal("hours")
        + 0.4 * fleet.latents["workload"][intervals.device]
    )
    samples = np.minimum(hours, 24.0) * 3600.0 / SAMPLE_S
    nrs = np.floor(shares * samples[:, None]).astype(np.int64)
    place, step = np.nonzero(nrs)
    device = intervals.device[place]
    mhz = np.rint(nominal_mhz(fleet)[device] * fractions[step] / 100.0) * 100.0
    broken = draw.chance("broken", facts.section("extremes")["broken_sensor_share"])
    mhz = np.where(broken[device] & (step == len(fractions) - 1), 6.5e6, mhz)
    cores = np.ceil(fleet.cores[device] * (step + 1) / len(fractions))
    start, num_days = intervals.window
    first = _first_day(fleet, table)
    day = (first[intervals.device] + 2 * intervals.number) % num_days
    utc = start + day * columns.DAY_S + windows.NOON_S
    return {
        **table_rows.begin(fleet, table, guids, device, utc[place]),
        "ia_freq_mhz": pa.array(mhz),
        "ia_active_cores": pa.array(cores),
        "nrs": pa.array(nrs[place, step]),
    }


def _first_day(fleet: traits.Fleet, table: str) -> draws.Ints:
    """The first day of each device's samples."""
    uniform = fleet.draw(table).uniform("first day")
    return (uniform * windows.of(table).days).astype(np.int64)


def _bin_shares(
    fleet: traits.Fleet, intervals: table_rows.Rows, num_bins: int
) -> draws.Floats:
    """Shares of an interval's samples over bins: idle, work, or throttled."""
    of = intervals.device
    load = fleet.linear(fleet.world["effects"]["load"])[of]
    load = load + 0.5 * intervals.draw.normal("load")
    centre = np.clip(4.2 + 1.3 * load, 1.0, num_bins - 1.0)
    centre = np.where(fleet.hot[of], 1.2, centre)
    steps = np.arange(num_bins)
    work = np.exp(-0.5 * ((steps - centre[:, None]) / 1.1) ** 2)
    work /= work.sum(axis=1, keepdims=True)
    idle = np.exp(-1.5 * steps)
    idle /= idle.sum()
    busy = 1.0 / (1.0 + np.exp(-(load + 0.2)))
    return np.asarray(busy[:, None] * work + (1.0 - busy[:, None]) * idle)
