"""Cells of blocker, Windows version and activity: devices, seconds and records."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts

LEVELS = ("low", "moderate", "high")

_TABLE = "mods_sleepstudy_top_blocker_hist"


@functools.cache
def cells() -> Mapping[str, Any]:
    """Cells of blocker and activity; by version, their devices, seconds and records.

    What is not published of a cell follows from what is published of other versions and
    activities of its blocker; made-up devices follow, each in one cell an activity.
    """
    section, listing = facts.section(_TABLE), facts.listing("blockers")
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
    numbers = np.moveaxis(table, -1, 0).reshape(4, len(table), -1)
    share, seconds, records, is_published = numbers
    wanted = np.array([*section["records"].values(), section["other_records"]])
    records = _scaled(share, records, is_published, section["active_share"] * wanted)
    least = 1.0 / facts.rows_share(_TABLE)
    expected = (share * np.maximum(records, least)).sum(axis=1)
    return {
        "versions": versions,
        "names": names,
        "name": np.repeat(np.arange(len(names)), len(LEVELS)),
        "level": np.tile(np.arange(len(LEVELS)), len(names)),
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
    least = 1.0 / facts.rows_share(_TABLE)
    expected = share * np.maximum(records, least)
    known = (expected * is_published).sum(axis=1)
    rest = (expected * (1.0 - is_published)).sum(axis=1)
    factor = np.clip((wanted - known) / rest, 0.01, 3.0)[:, None]
    return np.where(is_published > 0.0, records, records * factor)


def _devices_of(version: str) -> float:
    """Devices of the million that have a version in the window, and blockers."""
    shares = facts.section("versions")["shares"]
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
        for level in LEVELS
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
    section = facts.section(_TABLE)
    shares = {"low": 1.0, **section["shares_of_low"]}
    records = {"low": 1.0, **section["records_of_low"]}
    base = next(level for level in LEVELS if level in known)
    share, _, number = known[base]
    rows = []
    for level in LEVELS:
        derived = (
            min(share / shares[base] * shares[level], 0.6),
            section["mean_seconds"][level],
            max(number / records[base] * records[level], 1.0),
        )
        is_published = float(own is not None and level in own)
        rows.append((*known.get(level, derived), is_published))
    return np.array(rows, dtype=np.float64)
