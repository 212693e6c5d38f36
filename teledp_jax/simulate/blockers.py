"""Blockers of modern standby, in the windows of Windows versions; and the stub."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from teledp_jax.simulate import (
    columns,
    draws,
    facts,
    members,
    platforms,
    spans,
    traits,
)

_TABLE = "mods_sleepstudy_top_blocker_hist"
_STUB = "mods_sleepstudy_power_estimation_data_13wks"
_LEVELS = ("low", "moderate", "high")


def mods_sleepstudy_top_blocker_hist(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """A row a blocker of a session; a third were not active at all."""
    table = _cells()
    window, device, version, begin, end = _windows(fleet)
    draw = draws.Draws(fleet.seed, f"windows/{_TABLE}", fleet.ids[device], window)
    active, cell, per_cell = _active(fleet, device, window, version)
    share = spans.rows_share(_TABLE)
    activity = spans.activity(draw, "factor", shape=facts.intel(_TABLE)["shape"])
    idle = draw.poisson("idle", table["idle"][version] * share * activity)
    place = np.concatenate(
        [np.repeat(active, per_cell), np.repeat(np.arange(len(device)), idle)]
    )
    cells = np.concatenate([np.repeat(cell, per_cell), np.full(idle.sum(), -1)])
    order = np.argsort(place, kind="stable")
    place, cells = place[order], cells[order]
    _, number = draws.unfold(np.bincount(place, minlength=len(device)))
    of = device[place]
    rows = draws.Draws(
        fleet.seed, f"rows/{_TABLE}", fleet.ids[of], window[place] * 10_000_000 + number
    )
    is_idle = cells < 0
    name = np.where(
        is_idle,
        (rows.uniform("name") ** 2 * len(table["names"])).astype(np.int64),
        table["name"][np.maximum(cells, 0)],
    )
    seconds = table["seconds"][version[place], np.maximum(cells, 0)]
    seconds = seconds * -np.log(rows.uniform("active"))
    level = np.where(is_idle, 0, table["level"][np.maximum(cells, 0)])
    length = (end - begin)[place]
    local = begin[place] + (rows.uniform("time") * length).astype(np.int64)
    local += fleet.offset[of]
    kinds = [kind for kind, _ in table["names"]]
    return {
        **spans.session(fleet, _TABLE, guids, of, local),
        "blocker_name": columns.text([name for _, name in table["names"]], name),
        "active_time_ms": pa.array(
            np.where(is_idle, 0, np.maximum(seconds * 1e3, 1.0)).astype(np.int64)
        ),
        "activity_level": columns.text(list(_LEVELS), level),
        "blocker_type": columns.text(kinds, name),
        "blocker_id": columns.text([f"B{n:04d}" for n in range(len(kinds))], name),
    }


def _windows(
    fleet: traits.Fleet,
) -> tuple[draws.Ints, draws.Ints, draws.Ints, draws.Ints, draws.Ints]:
    """Number, device, version, first and last second of each window with blockers."""
    names = [value.split(", ") for value in platforms.version_values()]
    order = _cells()["versions"]
    numbers = [[order.index(n) if n in order else len(order) for n in v] for v in names]
    both = np.array([[pair[0], pair[-1]] for pair in numbers])
    count = np.array([len(pair) for pair in numbers])
    code = platforms.versions(fleet)
    present = members.reports(fleet, _TABLE)
    device, window = draws.unfold(count[code] * present)
    version = both[code[device], window]
    # A record's date counts, at midnight: days away from an upgrade are safe.
    margin = 2 * columns.DAY_S
    upgraded = platforms.upgrades(fleet)[device]
    final = spans.start() + spans.num_days() * columns.DAY_S - margin
    double = (count[code] == 2)[device]
    begin = np.where(window == 1, upgraded + margin, spans.start())
    end = np.where(double & (window == 0), upgraded - margin, final)
    return window, device, version, begin, end


@functools.cache
def _cells() -> Mapping[str, Any]:
    """Cells of blocker and activity; by version, their devices, seconds and records.

    What is not published of a cell follows from what is published of other versions and
    activities of its blocker; made-up devices follow, each in one cell an activity.
    """
    section, listing = facts.intel(_TABLE), facts.listing("blockers")
    versions = list(section["records"])
    sizes = np.array([_devices_of(version) for version in versions])
    names: list[tuple[str, str]] = []
    parts: list[draws.Floats] = []
    for kind, blockers in listing["kinds"].items():
        for name, groups in blockers.items():
            names.append((kind, name))
            parts.append(_published(groups, versions, sizes))
    rank = np.arange(1, section["made_up"] + 1) ** -float(section["made_up_exponent"])
    for number, weight in enumerate(rank):
        names.append(
            ("Fx Device", f"Intel(R) Device #{number + 1} (\\_SB.PC00.D{number:03X})")
        )
        share = min(section["made_up_devices"] * weight / 1e3, 0.5)
        known = {
            "low": (share, section["mean_seconds"]["low"], section["made_up_records"])
        }
        parts.append(np.stack([_completed(known)] * len(versions)))
    table = np.stack(parts, axis=1)
    table = np.concatenate([table, table[:1]], axis=0)
    cells = np.moveaxis(table, -1, 0).reshape(4, len(table), -1)
    share, seconds, records, is_published = cells
    wanted = np.array([*section["records"].values(), section["other_records"]])
    records = _scaled(share, records, is_published, section["active_share"] * wanted)
    least = 1.0 / spans.rows_share(_TABLE)
    expected = (share * np.maximum(records, least)).sum(axis=1)
    return {
        "versions": versions,
        "names": names,
        "name": np.repeat(np.arange(len(names)), len(_LEVELS)),
        "level": np.tile(np.arange(len(_LEVELS)), len(names)),
        "share": share,
        "seconds": seconds,
        "records": records,
        "idle": np.maximum(wanted - expected, 0.0),
    }


def _scaled(
    share: draws.Floats,
    records: draws.Floats,
    is_published: draws.Floats,
    wanted: draws.Floats,
) -> draws.Floats:
    """Records of cells, those that are not published scaled to the sum of a version."""
    least = 1.0 / spans.rows_share(_TABLE)
    expected = share * np.maximum(records, least)
    known = (expected * is_published).sum(axis=1)
    rest = (expected * (1.0 - is_published)).sum(axis=1)
    factor = np.clip((wanted - known) / rest, 0.01, 3.0)[:, None]
    return np.where(is_published > 0.0, records, records * factor)


def _devices_of(version: str) -> float:
    """Devices of the million that have a version in the window, and blockers."""
    shares = facts.intel("versions")["shares"]
    return float(sum(n for name, n in shares.items() if version in name.split(", ")))


def _published(
    groups: Mapping[str, list[float]], versions: list[str], sizes: draws.Floats
) -> draws.Floats:
    """Share of devices, seconds and records: by version and activity, one blocker."""
    known: dict[str, dict[str, tuple[float, float, float]]] = {}
    for key, (devices, seconds, records) in groups.items():
        version, level = key.rsplit(" ", 1)
        share = devices / sizes[versions.index(version)]
        known.setdefault(version, {})[level] = (share, seconds, records / devices)
    pooled = {
        level: tuple(
            np.mean(
                [cells[level] for cells in known.values() if level in cells], axis=0
            )
        )
        for level in _LEVELS
        if any(level in cells for cells in known.values())
    }
    return np.stack(
        [
            _completed({**pooled, **known.get(version, {})}, known.get(version, {}))
            for version in versions
        ]
    )


def _completed(
    known: Mapping[str, tuple[float, ...]],
    own: Mapping[str, tuple[float, ...]] | None = None,
) -> draws.Floats:
    """Share, seconds, records of all activities, unknown ones from a known one.

    A fourth number is 1 for the activities in `own`, which are published.
    """
    section = facts.intel(_TABLE)
    shares = {"low": 1.0, **section["shares_of_low"]}
    records = {"low": 1.0, **section["records_of_low"]}
    base = next(level for level in _LEVELS if level in known)
    share, _, number = known[base]
    rows = []
    for level in _LEVELS:
        derived = (
            min(share / shares[base] * shares[level], 0.6),
            section["mean_seconds"][level],
            max(number / records[base] * records[level], 1.0),
        )
        is_published = float(own is not None and level in own)
        rows.append((*known.get(level, derived), is_published))
    return np.array(rows, dtype=np.float64)


def _active(
    fleet: traits.Fleet, device: draws.Ints, window: draws.Ints, version: draws.Ints
) -> tuple[draws.Ints, draws.Ints, draws.Ints]:
    """The window, cell and number of rows of each cell that a window has."""
    table = _cells()
    num_cells = table["share"].shape[1]
    grid = draws.Draws(
        fleet.seed,
        f"cells/{_TABLE}",
        np.repeat(fleet.ids[device], num_cells),
        (window[:, None] * num_cells + np.arange(num_cells)).ravel(),
    )
    has = grid.uniform("has").reshape(len(device), num_cells) < table["share"][version]
    place, cell = np.nonzero(has)
    picked = draws.Draws(
        fleet.seed,
        f"counts/{_TABLE}",
        fleet.ids[device[place]],
        window[place] * num_cells + cell,
    )
    factor = spans.activity(picked, "factor", shape=facts.intel(_TABLE)["shape"])
    mean = table["records"][version[place], cell] * spans.rows_share(_TABLE)
    number = 1 + picked.poisson("records", np.maximum(mean - 1.0, 0.0) * factor)
    return place, cell, number


def mods_sleepstudy_power_estimation_data_13wks(
    fleet: traits.Fleet, guids: pa.Array
) -> columns.Columns:
    """Processes by session, of the first device of the fleet alone."""
    section = facts.intel(_STUB)
    num_rows = np.where(fleet.ids == 0, section["rows"], 0)
    rows = spans.Rows(fleet, _STUB, num_rows)
    users = draws.Vocabulary({"all": section["users"]})
    user = users.pick(rows.draw.uniform("user"))
    num_apps = section["num_apps"]
    zipf = draws.Choice(
        np.arange(1, num_apps + 1)[None, :] ** -float(section["exponent"])
    )
    app = zipf.pick(rows.draw.uniform("app"))
    own = draws.Draws(0, f"apps/{_STUB}", np.arange(num_apps)).normal("power")[app]
    power = section["milliwatts"] * np.exp(
        own + section["spread"] * rows.draw.normal("power") - 0.5
    )
    parts = ("cpu", "display", "disk", "mbb", "network", "soc", "loss", "other")
    split = np.stack([rows.draw.uniform(part) for part in parts], axis=1) ** 4
    split = np.floor(power[:, None] * split / split.sum(axis=1, keepdims=True))
    session = rows.number // 100
    local = spans.start() + session * columns.DAY_S + 3_600
    sessions = [f"{number:08x}" for number in range(int(session.max(initial=0)) + 1)]
    return {
        **spans.session(fleet, _STUB, guids, rows.device, local),
        "app_id": columns.text([f"process{n:03d}.exe" for n in range(num_apps)], app),
        "user_id": columns.text(users.values, user),
        **{
            f"{part}_power_consumption": pa.array(split[:, n])
            for n, part in enumerate(parts)
        },
        "total_power_consumption": pa.array(split.sum(axis=1)),
        "recent_usage_hash": columns.text(sessions, session),
        "scenario_instance_hash": columns.text(sessions, session),
    }
