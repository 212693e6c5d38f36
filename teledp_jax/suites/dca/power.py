"""Metrics of power events: residency, frequency, temperature and watts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, frequency, presence, table_rows, traits


def power_acdc_usage_v4_hist(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws metrics of power events: residency, frequency, temperature, watts.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    table = "power_acdc_usage_v4_hist"
    section = facts.section(table)
    draw = fleet.draw(table)
    rate = section["events"] * np.exp(section["spread"] * draw.normal("rate"))
    counts = np.minimum(1 + draw.poisson("events", rate), 400)
    events = table_rows.Rows(fleet, table, counts * presence.reports(fleet, table))
    of = events.device
    portable = fleet.is_one_of("chassistype", traits.PORTABLE).astype(np.int64)
    choice = draws.Choice([section["stationary"], section["portable"]])
    state = choice.pick(events.draw.uniform("state"), portable[of])
    seconds = section["minutes"] * 60.0 * np.exp(events.draw.normal("length"))
    seconds = np.clip(seconds, 10.0, columns.DAY_S)
    levels = _levels(fleet, events, state)
    slots = _slots(fleet, draw, section)
    event, slot = np.nonzero(slots[of])
    values = np.stack([levels[metric] for metric, _ in _SLOTS], axis=1)[event, slot]
    number = events.number[event] * len(_SLOTS) + slot
    rows = draws.Draws(fleet.seed, f"metrics/{table}", fleet.ids[of[event]], number)
    utc = events.utc_times()[event]
    metrics = list(levels)
    codes = np.array([metrics.index(metric) for metric, _ in _SLOTS])
    tops = np.array([_TOPS.get(metric, np.inf) for metric, _ in _SLOTS])
    instances = np.array([instance for _, instance in _SLOTS])
    return {
        **table_rows.begin(fleet, table, guids, of[event], utc),
        "event_name": columns.text(section["states"], state[event]),
        "duration_ms": pa.array((seconds[event] * 1000.0).astype(np.int64)),
        "metric_name": columns.text(metrics, codes[slot]),
        "attribute_metric_level1": pa.array(instances[slot]),
        "nrs": pa.array(
            np.maximum(seconds[event] / frequency.SAMPLE_S, 1).astype(np.int64)
        ),
        **_spread(rows, values, top=tops[slot]),
    }


_C0 = "HW::CORE:C0:PERCENT:"
_PACKAGE_C0 = "HW::PACKAGE:C0_RESIDENCY:PERCENT:"
_FREQUENCY = "HW::CORE:AVG_FREQ:MHZ:"
_TEMPERATURE = "HW::CORE:TEMPERATURE:CENTIGRADE:"
_PSYS = "HW:::PSYS_RAP:WATTS:"
_PACKAGE = "HW::PACKAGE:RAP:WATTS:"
_IA_POWER = "HW::PACKAGE:IA_POWER:WATTS:"
_TOPS = {_C0: 100.0, _PACKAGE_C0: 100.0, _TEMPERATURE: 105.0, _FREQUENCY: 3.4e8}
_SLOTS = (
    (_C0, 0),
    (_C0, 1),
    (_FREQUENCY, 0),
    (_FREQUENCY, 1),
    (_TEMPERATURE, 0),
    (_TEMPERATURE, 1),
    (_PACKAGE_C0, 0),
    (_PSYS, 0),
    (_PACKAGE, 0),
    (_IA_POWER, 0),
)


def _slots(
    fleet: traits.Fleet, draw: draws.Draws, section: Mapping[str, Any]
) -> draws.Bools:
    """Which metrics each device measures."""
    slots = np.ones((len(fleet.ids), len(_SLOTS)), dtype=bool)
    slots[:, 7] = draw.chance("psys", section["psys_share"]) & (fleet.generation >= 6)
    slots[:, 8] = fleet.generation >= 2
    slots[:, 9] = draw.chance("ia power", section["ia_power_share"])
    return slots


def _levels(
    fleet: traits.Fleet, events: table_rows.Rows, state: draws.Ints
) -> dict[str, draws.Floats]:
    """The mean of each metric in each event."""
    section = facts.section("power_acdc_usage_v4_hist")
    names = np.array(section["states"])[state]
    lit, battery = np.char.find(names, "_ON") >= 0, np.char.find(names, "DC_") == 0
    effects, of, draw = fleet.world["effects"], events.device, events.draw
    load = fleet.linear(effects["load"])[of] + 0.5 * draw.normal("load")
    load += np.where(lit, 0.3, -1.2) - 0.3 * battery
    share = 1.0 / (1.0 + np.exp(0.2 - 0.8 * load))
    heat = fleet.by_value("chassistype", section["degrees"])
    heat += fleet.linear(effects["heat"]) + 3.0 * fleet.draw("heat").normal("own")
    degrees = heat[of] + 14.0 * (share - 0.4) + 1.5 * draw.normal("heat")
    # Overheating devices run into the limit and slow down, whatever their load.
    hot = fleet.hot[of] & (share > 0.35)
    degrees = np.where(
        hot, section["throttled_degrees"] - 6.0 * draw.uniform("limit") ** 2, degrees
    )
    mhz = frequency.nominal_mhz(fleet)[of] * np.where(
        hot, section["throttled_speed"], 0.4 + 0.9 * share
    )
    mhz *= np.where(battery, 0.8, 1.0)
    watts = fleet.by_value("chassistype", section["watts"])
    own = 0.5 * fleet.draw("watts").normal("own")
    watts *= np.exp(fleet.linear(effects["watts"]) + own) * (1.0 + 1.5 * fleet.discrete)
    package = watts[of] * (0.25 + 2.0 * share**2) * np.where(battery, 0.7, 1.0)
    extremes = facts.section("extremes")
    broken = fleet.draw("sensor").chance("broken", extremes["broken_sensor_share"])[of]
    return {
        _C0: 100.0 * np.clip(share, 0.01, 0.99),
        _PACKAGE_C0: 100.0 * np.clip(0.2 + 0.8 * share, 0.02, 1.0),
        _FREQUENCY: np.where(broken, 3.3e8, np.clip(mhz, 400.0, 5200.0)),
        _TEMPERATURE: np.clip(degrees, 20.0, 105.0),
        _PSYS: np.where(broken, 68_400.0, 2.0 + 1.6 * package),
        _PACKAGE: package,
        _IA_POWER: 0.6 * package,
    }


def _spread(
    rows: draws.Draws, mean: draws.Floats, *, top: draws.Floats
) -> columns.Columns:
    """Mean, extremes and percentiles of samples, in order."""
    mean = mean * (1.0 + 0.03 * (rows.uniform("instance") - 0.5))
    width = 0.05 + 0.35 * rows.uniform("width")
    mean = np.minimum(mean, top)
    levels = {
        "avg_val": mean,
        "min_val": mean * (1.0 - 0.9 * width),
        "max_val": mean * (1.0 + 2.2 * width),
        "percentile_50th": mean * (1.0 - 0.2 * width),
        "percentile_75th": mean * (1.0 + 0.4 * width),
        "percentile_90th": mean * (1.0 + width),
        "percentile_99th": mean * (1.0 + 1.9 * width),
    }
    return {name: pa.array(np.minimum(value, top)) for name, value in levels.items()}
