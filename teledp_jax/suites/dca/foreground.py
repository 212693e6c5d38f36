"""Applications in the foreground, by day."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import amounts, facts, ownership, presence, traits, windows

_TABLE = "__tmp_fgnd_apps_date"
_HIDDEN = ("restricted process", "desktop")


def fgnd_apps_date(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws a row per day and application; rows stand for those thinned out.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    draw = fleet.draw(_TABLE)
    present = np.flatnonzero(presence.reports(fleet, _TABLE))
    device, app = _apps(fleet, draw, present)
    table = _listing()
    activity = amounts.activity(draw, "days", shape=0.7)
    pairs = draws.Draws(fleet.seed, f"pairs/{_TABLE}", fleet.ids[device], app)
    extra = np.maximum(table["rows"][app] - 1.0, 0.0) * activity[device]
    num_rows = 1 + pairs.poisson("rows", extra)
    pair, number = draws.unfold(np.minimum(num_rows, windows.of(_TABLE).days))
    of, code = device[pair], app[pair]
    rows = draws.Draws(
        fleet.seed, f"rows/{_TABLE}", fleet.ids[of], app[pair] * 1024 + number
    )
    seconds, detections = _amounts(fleet, pairs, pair, rows, code, activity[of])
    first = (pairs.uniform("first") * windows.of(_TABLE).days).astype(np.int64)[pair]
    day = (first + number) % windows.of(_TABLE).days
    companies = facts.section(_TABLE)["companies"]
    maker = draws.Draws(0, f"makers/{_TABLE}", np.arange(len(table["names"])))
    makers = (maker.uniform("maker") * len(companies)).astype(np.int64)
    kinds = table["kinds"]
    unknown = table["tail"][code] & (
        maker.uniform("kind")[code] < facts.section(_TABLE)["no_kind_share"]
    )
    return {
        "guid": columns.by_device(guids, of),
        "date": columns.dates(windows.of(_TABLE).start + day * columns.DAY_S),
        "app_type": columns.text(kinds, table["kind"][code], null=unknown),
        "exe_name": columns.text(table["names"], code),
        "company_short": columns.text(companies, makers[code]),
        "totalsecfocal_day": pa.array(np.rint(seconds)),
        "avg_fract_desktop": pa.array(np.round(rows.uniform("fraction"), 3)),
        "process_desc": columns.text(kinds, table["kind"][code]),
        "lines_per_day": pa.array(np.floor(detections + rows.uniform("round"))),
    }


@functools.cache
def _listing() -> Mapping[str, Any]:
    """Name, kind, share of devices, rows and detections of each application.

    Published ones come first, then two hidden ones, then the tail of each kind.
    """
    section, listing = facts.section(_TABLE), facts.listing("apps")
    kinds = list(listing["kinds"])
    names, kind, share, rows, lines = [], [], [], [], []
    for place, (name, apps) in enumerate(listing["kinds"].items()):
        everyone = sum(devices for devices, _ in apps.values())
        known = section["rows"].get(name, section["other_rows"])
        mean = (
            known * section["rows_of_published"] / everyone * facts.rows_share(_TABLE)
        )
        least = min(number for _, number in apps.values() if number)
        for app, (devices, detections) in apps.items():
            detections = detections or section["unpublished_detections"] * least
            names.append(app)
            kind.append(place)
            share.append(devices / listing["systems"])
            rows.append(max(mean, 1.0))
            lines.append(detections / devices)
    for name in _HIDDEN:
        names.append(name)
        kind.append(kinds.index("Other"))
        share.append(0.9)
        rows.append(10.0)
        lines.append(1000.0)
    tail = section["tail"]
    for place, name in enumerate(kinds):
        names += [
            f"{name.split(' ')[0].lower()}{n:04d}.exe" for n in range(tail["num_apps"])
        ]
        kind += [place] * tail["num_apps"]
    num_tail = len(names) - len(share)
    return {
        "kinds": kinds,
        "names": names,
        "kind": np.array(kind),
        "tail": np.arange(len(names)) >= len(share),
        "share": np.array([share]),
        "rows": np.array([*rows, *[1.4] * num_tail]),
        "lines": np.array([*lines, *[float(tail["detections"])] * num_tail]),
    }


def _apps(
    fleet: traits.Fleet, draw: draws.Draws, present: draws.Ints
) -> tuple[draws.Ints, draws.Ints]:
    """Each application that each device has used."""
    section, table = facts.section(_TABLE), _listing()
    leaning, num_known = section["traits"], table["share"].shape[1]
    weights = [leaning.get(table["kinds"][k], {}) for k in table["kind"][:num_known]]
    device, app = ownership.owned(
        fleet, f"apps/{_TABLE}", present, table["share"], weights
    )
    tail = section["tail"]
    rate = tail["apps_per_device"] * amounts.activity(draw, "tail", shape=1.5)
    counts = np.zeros(len(fleet.ids), dtype=np.int64)
    counts[present] = draw.poisson("tail apps", rate)[present]
    owner, number = draws.unfold(counts)
    others = draws.Draws(fleet.seed, f"tail/{_TABLE}", fleet.ids[owner], number)
    rank = draws.Choice(
        np.arange(1, tail["num_apps"] + 1)[None, :] ** -float(tail["exponent"])
    )
    kind = (others.uniform("kind") * len(table["kinds"])).astype(np.int64)
    other = num_known + kind * tail["num_apps"] + rank.pick(others.uniform("app"))
    pair = np.concatenate([device, owner]) * len(table["names"])
    pair = np.unique(pair + np.concatenate([app, other]))
    return pair // len(table["names"]), pair % len(table["names"])


def _amounts(
    fleet: traits.Fleet,
    pairs: draws.Draws,
    pair: draws.Ints,
    rows: draws.Draws,
    code: draws.Ints,
    activity: draws.Floats,
) -> tuple[draws.Floats, draws.Floats]:
    """Seconds in focus and focus events of each row.

    A row carries the events of the days that thinning left out, so that totals hold.
    """
    section, table = facts.section(_TABLE), _listing()
    tail = section["tail"]
    of_name = draws.Draws(0, f"focus/{_TABLE}", np.arange(len(table["names"])))
    focus = section["focus_s"] * np.exp(
        section["focus_name_spread"] * of_name.normal("effect")
    )
    effect = section["focus_spread"] * pairs.normal("focus")
    seconds = (focus[code] * np.exp(effect[pair])) * -np.log(rows.uniform("focus"))
    busy = pairs.chance("busy", tail["busy_share"])[pair] & table["tail"][code]
    seconds = np.where(busy, seconds * tail["busy_factor"], seconds)
    expected = 1.0 + np.maximum(table["rows"][code] - 1.0, 0.0) * activity
    mean = table["lines"][code] * activity / expected
    own = amounts.activity(pairs, "detections", shape=0.6)[pair]
    detections = mean * own * -np.log(rows.uniform("detections"))
    detections = np.where(busy, detections * tail["busy_factor"], detections)
    return np.minimum(seconds, 86_400.0), detections
