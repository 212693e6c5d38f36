"""Hardware metrics by day: residency, power, frequency and temperature."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import (
    amounts,
    facts,
    margins,
    presence,
    table_rows,
    traits,
    windows,
)

_TABLE = "hw_metric_stats"
_METRICS = ("C0", "PSYS", "frequency", "temperature", "power")
_CORE_METRICS = ("frequency", "temperature")


def hw_metric_stats(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per day, metric and instance; few devices have all metrics.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    parts = [_metric(fleet, guids, metric) for metric in _METRICS]
    names = list(parts[0])
    joined = {
        name: pa.concat_arrays([_plain(part[name]) for part in parts]) for name in names
    }
    device = np.concatenate([part["guid"].indices.to_numpy() for part in parts])
    order = pa.array(np.argsort(device, kind="stable"))
    return {name: array.take(order) for name, array in joined.items()}


def _plain(array: pa.Array) -> pa.Array:
    is_text = pa.types.is_dictionary(array.type)
    return array.dictionary_decode() if is_text else array


def measures(fleet: traits.Fleet, metric: str) -> draws.Bools:
    """Tells whether each device measures a metric."""
    section = facts.section(_TABLE)
    draw = fleet.draw(_TABLE)
    present = presence.reports(fleet, _TABLE)
    if metric == "power":
        chance = margins.chances(fleet, "package power", coverage=1.0)
        return present & draw.chance("power", chance)
    kinds = draws.Vocabulary({"all": section["measuring"]})
    kind = kinds.pick(draw.uniform("measuring"))
    having = np.array([metric in value.split(" ") for value in kinds.values])
    return np.asarray(present & having[kind])


def _metric(fleet: traits.Fleet, guids: pa.Array, metric: str) -> columns.Columns:
    """The rows of one metric."""
    section = facts.section(_TABLE)
    table = f"{_TABLE}/{metric}"
    draw = fleet.draw(table)
    mean = np.full(len(fleet.ids), float(section["days"][metric]))
    days = amounts.counts(mean, amounts.activity(draw, "days", shape=0.7))
    days = np.minimum(days, windows.of(_TABLE).days) * measures(fleet, metric)
    daily = table_rows.Rows(fleet, table, days)
    instances = fleet.cores if metric in _CORE_METRICS else np.ones_like(fleet.cores)
    day, instance = draws.unfold(instances[daily.device])
    of = daily.device[day]
    rows = draws.Draws(
        fleet.seed,
        f"instances/{table}",
        fleet.ids[of],
        daily.number[day] * 64 + instance,
    )
    samples = section["samples_per_day"][metric] * (0.1 + 1.8 * rows.uniform("nrs"))
    own, step = _level(fleet, draw, metric), daily.draw.normal("day")[day]
    level = own[of]
    if metric in ("C0", "temperature"):
        level = np.clip(level + (6.0 if metric == "C0" else 2.5) * step, 1.0, 100.0)
    else:
        level = level * np.exp(0.2 * step - 0.02)
    utc = daily.days()[day] - fleet.offset[of]
    names = [section["names"][metric], section["rap"]]
    other = rows.chance("rap", section["rap_share"]) & (metric == "PSYS")
    return {
        **table_rows.begin(fleet, _TABLE, guids, of, utc),
        "name": columns.text(names, other.astype(np.int64)),
        "instance": pa.array(instance),
        "nrs": pa.array(np.clip(samples, 1.0, 32_000.0).astype(np.int64)),
        "mean": pa.array(level),
        "min": pa.array(level * (1.0 - 0.5 * rows.uniform("min"))),
        "max": pa.array(level * (1.0 + 0.8 * rows.uniform("max"))),
    }


def _level(fleet: traits.Fleet, draw: draws.Draws, metric: str) -> draws.Floats:
    """The mean of a metric on each device, by its form and use; garbage on a few."""
    section = facts.section(_TABLE)
    load = 0.5 * fleet.latents["workload"] + np.sqrt(0.75) * draw.normal("level")
    if metric == "C0":
        mean, spread = section["c0_percent"]
        level = mean + spread * load
    elif metric == "temperature":
        mean, spread = section["degrees"]
        by_chassis = fleet.by_value("chassistype", section["degrees_by_chassis"])
        level = mean + by_chassis + 0.9 * spread * load + 6.0 * fleet.hot
    elif metric == "frequency":
        mean, spread = section["mhz"]
        level = mean * np.exp(spread * load) * (1.0 + 0.3 * (fleet.rank >= 3))
    else:
        mean, spread = section["psys_watts" if metric == "PSYS" else "power_watts"]
        level = mean * fleet.by_value("chassistype", section["watts_by_chassis"], 1.0)
        level = level * np.exp(spread * load)
    broken = fleet.draw("hw sensor").chance("broken", section["broken_share"])
    if metric in ("C0", "temperature"):
        return np.clip(level, 2.0, 98.0)
    return np.where(broken, section["broken"][metric], level)
