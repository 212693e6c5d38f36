"""Network traffic by day and direction, two extreme devices among them."""

import functools

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, margins, presence, table_rows, traits, windows

_TABLE = "os_network_consumption_v2"
_SAMPLE_S = 5
_SAMPLES_A_DAY = columns.DAY_S // _SAMPLE_S
_DIRECTIONS = ("RECEIVED", "SENT")


def os_network_consumption_v2(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per day and direction, with the samples of all hours of the day.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    draw = fleet.draw(_TABLE)
    extreme = extremes(fleet)
    sender = senders(fleet)
    samples = _samples(fleet, draw, sender, extreme)
    per_day = facts.section(_TABLE)["samples_per_day"]
    usual = per_day * np.exp(0.35 * draw.normal("hours"))
    usual = np.clip(usual, 600.0, _SAMPLES_A_DAY)
    days = np.minimum(np.ceil(samples / usual), windows.of(_TABLE).days).astype(
        np.int64
    )
    totals = _totals(fleet, draw, sender, extreme)
    present = presence.reports(fleet, _TABLE) | (extreme >= 0)
    rows = table_rows.Rows(fleet, _TABLE, 2 * days * present)
    of, direction = rows.device, rows.number % 2
    lonely = draw.chance("one direction", facts.section(_TABLE)["one_direction"])
    direction = np.where(lonely[of], 0, direction)
    nrs = np.minimum(samples / days, _SAMPLES_A_DAY)[of]
    nrs = np.maximum(np.rint(nrs * (0.9 + 0.2 * rows.draw.uniform("nrs"))), 1.0)
    rate = (totals / (samples * _SAMPLE_S)[:, None])[of, direction]
    rate *= np.exp(0.5 * rows.draw.normal("day") - 0.125)
    day = rows.days(rows_a_day=len(_DIRECTIONS))
    interfaces = ["Wi-Fi", "Ethernet"]
    wired = (~fleet.is_one_of("chassistype", traits.PORTABLE)).astype(np.int64)
    counters = [f"NETWORK INTERFACE: BYTES {name}/SEC::" for name in _DIRECTIONS]
    return {
        **table_rows.begin(fleet, _TABLE, guids, of, day - fleet.offset[of]),
        "dt_hr": columns.stamps(day // columns.DAY_S * columns.DAY_S),
        "nr_samples": pa.array(np.minimum(nrs, _SAMPLES_A_DAY).astype(np.int64)),
        "max_bytes_sec": pa.array((rate * 8.0).astype(np.int64)),
        "min_bytes_sec": pa.array((rate * 0.05).astype(np.int64)),
        "avg_bytes_sec": pa.array(np.rint(rate).astype(np.int64)),
        "input_description": columns.text(counters, direction),
        "network_interface": columns.text(interfaces, wired[of]),
    }


def senders(fleet: traits.Fleet) -> draws.Bools:
    """Tells whether each device sends more than it receives."""
    chance = margins.chances(fleet, "senders", coverage=1.0)
    return fleet.draw(_TABLE).chance("sender", chance)


def extremes(fleet: traits.Fleet) -> draws.Ints:
    """Numbers the extreme devices, -1 for all others: one of each in a block.

    Blocks of ids shrink as coverage grows, so that extremes keep their part of the
    table; they do not depend on the size of the fleet.
    """
    block = max(int(1e6 / fleet.coverage), 1)
    extreme = np.full(len(fleet.ids), -1)
    for number in np.unique(fleet.ids // block):
        chosen = _chosen(
            fleet.seed, margins.world_name(fleet), fleet.coverage, int(number), block
        )
        for place, device in enumerate(chosen):
            extreme[fleet.ids == device] = place
    return extreme


@functools.cache
def _chosen(
    seed: int, world: str, coverage: float, number: int, block: int
) -> tuple[int, ...]:
    """The extreme devices of a block: the first candidates with their attributes."""
    section = facts.section("extreme_network_devices")
    tries = np.arange(section["candidates"])
    draw = draws.Draws(
        seed, "extreme network device", np.full(len(tries), number), tries
    )
    ids = number * block + (draw.uniform("place") * block).astype(np.int64)
    fleet = traits.make_fleet(
        seed=seed, ids=ids, world=facts.world_named(world), coverage=coverage
    )
    server = fleet.is_one_of("cpuname", ["Xeon"])
    chosen = []
    for device in section["devices"]:
        fits = fleet.is_one_of("os", [device["os"]]) & (server == device["server"])
        chosen.append(int(ids[np.argmax(fits)]) if fits.any() else -1)
    return tuple(chosen)


def _of_extremes(name: str, extreme: draws.Ints) -> draws.Floats:
    """A number of each extreme device."""
    devices = facts.section("extreme_network_devices")["devices"]
    return np.array([float(device[name]) for device in devices])[extreme]


def _samples(
    fleet: traits.Fleet, draw: draws.Draws, sender: draws.Bools, extreme: draws.Ints
) -> draws.Floats:
    """Samples of each device and direction, over all days."""
    section = facts.section(_TABLE)
    score = draw.normal("samples") + section["sender_samples"] * sender
    samples = section["samples"] * np.exp(section["samples_spread"] * score)
    samples = np.clip(samples, 1.0, section["largest_samples"])
    return np.where(extreme >= 0, _of_extremes("samples", extreme), samples)


def _totals(
    fleet: traits.Fleet, draw: draws.Draws, sender: draws.Bools, extreme: draws.Ints
) -> draws.Floats:
    """Bytes that each device (a row) receives and sends, over all days."""
    section = facts.section(_TABLE)
    # Who is observed for longer receives more; who works hard, too.
    score = 0.75 * draw.normal("samples") + 0.3 * fleet.latents["workload"]
    score += np.sqrt(1.0 - 0.75**2 - 0.3**2) * draw.normal("bytes")
    received = section["received_bytes"] * np.exp(section["received_spread"] * score)
    received = np.minimum(received, section["largest_received"])
    less = special.gammaincinv(3.0, draw.uniform("ratio")) / 3.0
    more = -np.log(draw.uniform("ratio"))
    ratio = np.where(
        sender,
        section["sent_over_received"] * more + 0.02,
        -section["received_over_sent"] * less,
    )
    sent = received * np.exp(ratio)
    most = _of_extremes("bytes", extreme)
    return np.stack(
        [
            np.where(extreme >= 0, most, received),
            np.where(extreme >= 0, most * 0.9999, sent),
        ],
        axis=1,
    )
