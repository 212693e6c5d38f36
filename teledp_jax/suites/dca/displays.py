"""Displays: settings of their connections, and how long each lasted."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import (
    amounts,
    facts,
    ownership,
    presence,
    table_rows,
    traits,
)

_TABLE = "display_devices"


def display_devices(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per interval of one setting of a display that the device has.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_TABLE)
    draw = fleet.draw(_TABLE)
    present = np.flatnonzero(presence.reports(fleet, _TABLE))
    device, setting = _settings(fleet, present)
    brand_device, brand = _vendors(fleet, present)
    num_settings = np.bincount(device, minlength=len(fleet.ids))
    num_brands = np.bincount(brand_device, minlength=len(fleet.ids))
    mean = np.full(len(fleet.ids), section["rows"] * facts.rows_share(_TABLE))
    num_rows = amounts.counts(mean, amounts.activity(draw, "rows", shape=0.6))
    num_rows = np.maximum(num_rows, np.maximum(num_settings, num_brands))
    rows = table_rows.Rows(fleet, _TABLE, num_rows * (num_settings > 0))
    of, number = rows.device, rows.number
    # The first rows show every setting and vendor once, the others draw one.
    skewed = (rows.draw.uniform("setting") ** 1.3 * num_settings[of]).astype(np.int64)
    shown = number < num_settings[of]
    slot = np.where(shown, number, skewed)
    first = (np.cumsum(num_settings) - num_settings)[of]
    code = setting[first + slot]
    place = np.where(number < num_brands[of], number, slot % num_brands[of])
    vendor = brand[(np.cumsum(num_brands) - num_brands)[of] + place]
    return _columns(fleet, guids, rows, code, slot, vendor, shown)


def _columns(
    fleet: traits.Fleet,
    guids: pa.Array,
    rows: table_rows.Rows,
    code: draws.Ints,
    slot: draws.Ints,
    vendor: draws.Ints,
    shown: draws.Bools,
) -> columns.Columns:
    """The columns of rows of known settings and vendors; those `shown` are active."""
    section = facts.section(_TABLE)
    table = _groups()
    utc = rows.local_times() - fleet.offset[rows.device]
    displays = draws.Draws(fleet.seed, f"display/{_TABLE}", rows.draw.ids, slot)
    mains, battery = _durations(fleet, rows, code, slot)
    active = ~rows.draw.chance("inactive", section["inactive_share"])
    active |= shown
    ports = section["ports"]
    port = (displays.uniform("port") * len(ports)).astype(np.int64)
    rates = np.array([60, 60, 60, 60, 144, 75, 120, 59])
    rate = rates[(displays.uniform("rate") * len(rates)).astype(np.int64)]
    return {
        **table_rows.begin(fleet, _TABLE, guids, rows.device, utc),
        "display_id": columns.hexadecimal(displays.bits("id"), num_digits=8),
        "adapter_id": columns.text(
            ["integrated", "discrete"], fleet.discrete[rows.device].astype(np.int64)
        ),
        "port": columns.text(ports, port),
        "sink_index": pa.array(slot % 3),
        "connection_type": columns.text(
            table["connections"], table["connection"][code]
        ),
        "vendor_name": columns.text(list(section["vendors"]), vendor),
        "status": pa.array(active.astype(np.int64)),
        "resolution_width": pa.array(np.where(active, table["width"][code], 0)),
        "resolution_heigth": pa.array(np.where(active, table["height"][code], 0)),
        "refresh_rate": pa.array(np.where(active, rate, 0)),
        "duration_ac": pa.array(mains.astype(np.int64)),
        "duration_dc": pa.array(battery.astype(np.int64)),
    }


@functools.cache
def _groups() -> Mapping[str, Any]:
    """Connection, size, share of devices and seconds of each group of settings."""
    listing = facts.listing("displays")
    small = facts.section(_TABLE)["small_groups"]
    groups = [
        (connection, size, *numbers)
        for connection, sizes in listing["groups"].items()
        for size, numbers in sizes.items()
    ]
    groups += [
        (connection, size, small["devices"], small["seconds_ac"], small["seconds_dc"])
        for connection in small["connections"]
        for size in small["resolutions"]
    ]
    connections = list(listing["groups"])
    sizes = [size.rsplit("x", 1) for _, size, *_ in groups]
    return {
        "connections": connections,
        "connection": np.array([connections.index(name) for name, *_ in groups]),
        "height": np.array([int(height) for height, _ in sizes]),
        "width": np.array([int(width) for _, width in sizes]),
        "share": np.array([[row[2] / listing["systems"] for row in groups]]),
        "mains": np.array([row[3] for row in groups], dtype=np.float64),
        "battery": np.array([row[4] for row in groups], dtype=np.float64),
    }


def _settings(
    fleet: traits.Fleet, present: draws.Ints
) -> tuple[draws.Ints, draws.Ints]:
    """Each setting that each device has had; at least one."""
    table = _groups()
    leaning = facts.section(_TABLE)["traits"]
    weights = [
        leaning.get(table["connections"][code], {}) for code in table["connection"]
    ]
    device, setting = ownership.owned(
        fleet, f"settings/{_TABLE}", present, table["share"], weights
    )
    bare = np.setdiff1d(present, device)
    largest = np.argmax(table["share"][0])
    device = np.concatenate([device, bare])
    setting = np.concatenate([setting, np.full(len(bare), largest)])
    order = np.argsort(device, kind="stable")
    return device[order], setting[order]


def _vendors(fleet: traits.Fleet, present: draws.Ints) -> tuple[draws.Ints, draws.Ints]:
    """Each vendor whose displays each device has had; at least one."""
    shares = facts.section(_TABLE)["vendors"]
    share = np.array([list(shares.values())]) / 100.0
    device, vendor = ownership.owned(
        fleet, f"vendors/{_TABLE}", present, share, [{} for _ in shares]
    )
    bare = np.setdiff1d(present, device)
    device = np.concatenate([device, bare])
    vendor = np.concatenate([vendor, np.zeros(len(bare), dtype=np.int64)])
    order = np.argsort(device, kind="stable")
    return device[order], vendor[order]


def _durations(
    fleet: traits.Fleet, rows: table_rows.Rows, code: draws.Ints, slot: draws.Ints
) -> tuple[draws.Floats, draws.Floats]:
    """Seconds of each row on mains power and on battery."""
    table = _groups()
    spread = facts.section(_TABLE)["device_spread"]
    own = draws.Draws(fleet.seed, f"use/{_TABLE}", rows.draw.ids, slot)
    mains, battery = (
        np.exp(spread * own.normal(name) - 0.5 * spread**2) * table[name][code]
        for name in ("mains", "battery")
    )
    mains *= -np.log(rows.draw.uniform("mains"))
    battery *= -np.log(rows.draw.uniform("battery"))
    up, down = rows.draw.uniform("round"), rows.draw.uniform("round battery")
    return np.floor(mains + up), np.floor(battery + down)
