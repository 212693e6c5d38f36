"""Waits of the user, by process and power state."""

import functools

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import amounts, facts, margins, presence, table_rows, traits

_TABLE = "userwait_v2"


def userwait_v2(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per wait. Few processes of few devices are stuck for hours.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_TABLE)
    draw = fleet.draw(_TABLE)
    mean = np.full(len(fleet.ids), section["rows"] * facts.rows_share(_TABLE))
    num_rows = amounts.counts(mean, amounts.activity(draw, "rows", shape=0.5))
    num_rows = num_rows * presence.reports(fleet, _TABLE)
    rows = table_rows.Rows(fleet, _TABLE, num_rows)
    of = rows.device
    names, weights = _names()
    slot = _slots(fleet, draw, rows)
    process = _processes(fleet, of, slot, weights)
    next_process = _processes(fleet, of, (slot + 1) // 2, weights)
    events = draws.Vocabulary({"all": section["events"]})
    event = events.pick(rows.draw.uniform("event"))
    state = _states(fleet, rows)
    milliseconds = _lengths(fleet, rows, event, slot, process, state)
    local = rows.local_times()
    utc = local - fleet.offset[of]
    started = columns.stamps(utc - 600)
    pid = (1_000 + 4 * (rows.draw.uniform("pid") * 5_000)).astype(np.int64)
    silent = rows.draw.chance("silent", 0.02)
    sides: dict[str, pa.Array] = {}
    for side, code in (("current", process), ("next", next_process)):
        sides |= {
            f"pid_{side}": pa.array(pid),
            f"proc_name_ts_{side}": started,
            f"proc_name_{side}": columns.text(names, code),
            f"proc_pkg_{side}": columns.same("", len(rows)),
            f"captioned_{side}": columns.same("captioned", len(rows)),
            f"windowed_mode_{side}": columns.same("windowed", len(rows)),
            f"non_responsive_{side}": pa.array(silent),
        }
    return {
        **table_rows.begin(fleet, _TABLE, guids, of, utc),
        "event_name": columns.text(events.values, event),
        "duration_ms": pa.array(milliseconds.astype(np.int64)),
        "ac_dc_event_name": columns.text(list(section["states"]), state),
        **sides,
    }


@functools.cache
def _names() -> tuple[list[str], draws.Choice]:
    """Names of processes, most of them made up, and the choice of one."""
    section = facts.section(_TABLE)
    known = section["names"]
    rank = np.arange(1, section["num_others"] + 1)
    tail = rank ** -float(section["others_exponent"])
    tail *= sum(known.values()) * section["others_share"] / tail.sum()
    made_up = [f"program{number:04d}.exe" for number in rank]
    return [*known, *made_up], draws.Choice([[*known.values(), *tail]])


def _slots(fleet: traits.Fleet, draw: draws.Draws, rows: table_rows.Rows) -> draws.Ints:
    """Which of its device's processes each row waits for: the first ones most."""
    mean = float(facts.section(_TABLE)["processes"])
    number = 2 + draw.poisson("processes", np.full(len(fleet.ids), mean))
    uniform = rows.draw.uniform("process")
    return np.asarray((uniform**2 * number[rows.device]).astype(np.int64))


def _processes(
    fleet: traits.Fleet, of: draws.Ints, slot: draws.Ints, choice: draws.Choice
) -> draws.Ints:
    """The process in each slot of a device."""
    draw = draws.Draws(fleet.seed, f"processes/{_TABLE}", fleet.ids[of], slot)
    return choice.pick(draw.uniform("name"))


def _states(fleet: traits.Fleet, rows: table_rows.Rows) -> draws.Ints:
    """Power states; devices without a battery are never on it."""
    shares = facts.section(_TABLE)["states"]
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    share = margins.reference_share(fleet, "chassistype", traits.PORTABLE)
    on_battery = np.array([name.startswith("DC_") for name in shares])
    weights = np.array(list(shares.values()))
    weights = weights / weights.sum()
    drained = weights[on_battery].sum()
    kinds = np.stack([weights, weights])
    for kind, factor in ((0, 0.0), (1, 1.0 / share)):
        kinds[kind, on_battery] *= factor
        kinds[kind, ~on_battery] *= (1.0 - drained * factor) / (1.0 - drained)
    choice = draws.Choice(kinds)
    return choice.pick(
        rows.draw.uniform("state"), portable[rows.device].astype(np.int64)
    )


def _lengths(
    fleet: traits.Fleet,
    rows: table_rows.Rows,
    event: draws.Ints,
    slot: draws.Ints,
    process: draws.Ints,
    state: draws.Ints,
) -> draws.Floats:
    """Milliseconds: longer for some processes and devices, and stuck in some states."""
    section = facts.section(_TABLE)
    names = list(section["events"])
    seconds = np.array([float(section["seconds"].get(name, 1.0)) for name in names])
    of_name = draws.Draws(0, "length of waits", np.arange(len(_names()[0])))
    name_effect = section["name_spread"] * of_name.normal("effect")
    pairs = draws.Draws(fleet.seed, f"pairs/{_TABLE}", rows.draw.ids, slot)
    effect = section["device_spread"] * pairs.normal("effect") + name_effect[process]
    effect += 0.4 * fleet.starved[rows.device]
    triples = draws.Draws(
        fleet.seed,
        f"states/{_TABLE}",
        rows.draw.ids,
        slot * len(section["states"]) + state,
    )
    stuck = triples.chance("stuck", section["stuck_share"])
    length = seconds[event] * np.exp(effect + 0.8 * rows.draw.normal("length"))
    length *= np.where(stuck, section["stuck_factor"], 1.0)
    total = np.char.startswith(np.array(names), "TOTAL_")[event]
    milliseconds = np.where(total, 500.0 * length, 1_000.0 + 1_000.0 * length)
    return np.minimum(milliseconds, 6e8)
