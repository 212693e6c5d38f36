"""Times on battery, and how long devices are on, off and asleep."""

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import (
    amounts,
    facts,
    platforms,
    presence,
    table_rows,
    traits,
    windows,
)

_BATTERY = "__tmp_batt_dc_events"
_SLEEP = "guids_on_off_suspend_time_day"


def batt_dc_events(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws times on battery: more by country, longer by country and processor.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_BATTERY)
    draw = fleet.draw(_BATTERY)
    power_ons, minutes = _levels(fleet)
    factor = amounts.activity(draw, "days", shape=0.8)
    num_days = amounts.counts(np.full(len(fleet.ids), section["days"]), factor)
    num_days = np.minimum(num_days, windows.of(_BATTERY).days)
    days = table_rows.Rows(
        fleet, _BATTERY, num_days * presence.reports(fleet, _BATTERY)
    )
    local = days.days()
    episodes = 1 + days.draw.poisson("episodes", power_ons[days.device] - 1.0)
    day, number = draws.unfold(episodes)
    of = days.device[day]
    rows = draws.Draws(
        fleet.seed,
        f"episodes/{_BATTERY}",
        fleet.ids[of],
        days.number[day] * 64 + number,
    )
    mean = (
        minutes
        / power_ons
        * amounts.activity(draw, "minutes", shape=section["device_shape"])
    )
    length = -np.log(rows.uniform("minutes")) * mean[of]
    length = np.floor(length + rows.uniform("round"))
    begin = (
        local[day] - windows.NOON_S + (rows.uniform("time") * 86_000.0).astype(np.int64)
    )
    charge = np.floor(30.0 + 71.0 * np.sqrt(rows.uniform("charge")))
    left = np.maximum(charge - np.ceil(length / 4.0), 3.0)
    missing = section["missing_percent"]
    return {
        "load_ts": columns.stamps(local[day] + columns.DAY_S),
        "guid": columns.by_device(guids, of),
        "power_on_dc_ts": columns.stamps(begin),
        "duration_mins": pa.array(np.minimum(length, 20_000.0)),
        "power_on_battery_percent": pa.array(charge),
        "power_off_battery_percent": pa.array(
            np.where(rows.chance("missing", missing), -1.0, left)
        ),
    }


def _levels(fleet: traits.Fleet) -> tuple[draws.Floats, draws.Floats]:
    """Power-ons and minutes a device-day, by country and processor."""
    section = facts.section(_BATTERY)
    country = "countryname_normalized"
    pairs = section["countries"]
    others = section["other_countries"]
    power_ons = fleet.by_value(country, {k: v[0] for k, v in pairs.items()}, others[0])
    minutes = fleet.by_value(country, {k: v[1] for k, v in pairs.items()}, others[1])
    known = section["platforms"]
    names = platforms.values()
    level = np.array([known.get(name, section["minutes"]) for name in names])
    factor = level[platforms.of(fleet)] / section["minutes"]
    return power_ons, minutes * factor


def guids_on_off_suspend_time_day(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Draws seconds per day on, off, in modern standby (if possible) and asleep.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_SLEEP)
    draw = fleet.draw(_SLEEP)
    factor = amounts.activity(draw, "days", shape=0.6)
    num_days = amounts.counts(np.full(len(fleet.ids), section["days"]), factor)
    num_days = np.minimum(num_days, windows.of(_BATTERY).days)
    present = np.flatnonzero(presence.reports(fleet, _SLEEP))
    shares, total = _shares(fleet, draw)
    own = _dirichlet(
        draws.Draws(fleet.seed, f"own/{_SLEEP}", fleet.ids[present]),
        section["device_concentration"] * shares[present],
    )
    of_device = np.zeros_like(shares)
    of_device[present] = own
    num_days[np.setdiff1d(np.arange(len(num_days)), present)] = 0
    rows = table_rows.Rows(fleet, _SLEEP, num_days)
    split = _dirichlet(rows.draw, section["day_concentration"] * of_device[rows.device])
    seconds = np.rint(split * total[rows.device, None])
    local = rows.days()
    names = ("on_time", "off_time", "mods_time", "sleep_time")
    return {
        "load_ts": columns.stamps(local + columns.DAY_S),
        "guid": columns.by_device(guids, rows.device),
        "dt": columns.dates(local),
        **{name: pa.array(seconds[:, n]) for n, name in enumerate(names)},
    }


def _shares(
    fleet: traits.Fleet, draw: draws.Draws
) -> tuple[draws.Floats, draws.Floats]:
    """Shares of a day (on, off, modern standby, asleep), and seconds of it.

    Only devices with modern standby have time in it, at the expense of sleep, so that
    the means over a platform are the stated ones.
    """
    section = facts.section(_SLEEP)
    known, others = section["platforms"], section["other_platforms"]
    names = platforms.values()
    level = np.array([known.get(name, others) for name in names], dtype=np.float64)
    seconds = level[platforms.of(fleet)]
    total = seconds.sum(axis=1)
    shares = seconds / total[:, None]
    asleep = shares[:, 2] + shares[:, 3]
    chance = np.minimum(shares[:, 2] / (section["capable_share"] * asleep), 0.98)
    capable = draw.chance("modern standby", chance)
    standby = np.where(capable, shares[:, 2] / np.maximum(chance, 1e-9), 0.0)
    shares[:, 2] = standby
    shares[:, 3] = asleep - standby
    return shares, total


def _dirichlet(draw: draws.Draws, alpha: draws.Floats) -> draws.Floats:
    """Shares with means in proportion to `alpha`, each row by itself."""
    gammas = np.stack(
        [
            np.where(
                alpha[:, n] > 0.0,
                special.gammaincinv(
                    np.maximum(alpha[:, n], 1e-3), draw.uniform(f"share {n}")
                ),
                0.0,
            )
            for n in range(alpha.shape[1])
        ],
        axis=1,
    )
    gammas += 1e-12 * alpha
    return np.asarray(gammas / gammas.sum(axis=1, keepdims=True))
