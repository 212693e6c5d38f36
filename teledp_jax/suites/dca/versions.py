"""Windows versions of devices, and the raw table of their history."""

import functools

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, overlap, traits, windows

_TABLE = "system_os_codename_history"


@functools.cache
def values() -> list[str]:
    """Windows versions in the window, and none, in the order of their numbers."""
    return [*facts.section("versions")["shares"], "none"]


def of(fleet: traits.Fleet) -> draws.Ints:
    """Numbers each device's Windows versions in the window; the last is none."""
    section = facts.section("versions")
    draw = fleet.draw("versions")
    weight = section["newness"]
    score = weight * fleet.latents["newness"]
    score = score + np.sqrt(1.0 - weight**2) * draw.normal("versions")
    choice = draws.Choice([list(section["shares"].values())])
    share = overlap.share(_TABLE, fleet.coverage)
    known = overlap.score(fleet, _TABLE) > special.ndtri(1.0 - share)
    codes = choice.pick(np.asarray(special.ndtr(score)))
    return np.where(known, codes, len(values()) - 1)


def upgrades(fleet: traits.Fleet) -> draws.Ints:
    """Draws when each device with two versions changed, in UTC seconds."""
    share = 0.1 + 0.8 * fleet.draw("versions").uniform("upgrade")
    start, days = windows.of(_TABLE)
    return start + (share * (days * columns.DAY_S)).astype(np.int64)


def system_os_codename_history(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws Windows versions with the windows of their use, which meet end to end.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section("versions")
    order = section["order"]
    names = [value.split(", ") for value in values()[:-1]]
    numbers = [[order.index(name) for name in both] for both in names]
    first = np.array([both[0] for both in numbers] + [0])
    last = np.array([both[-1] for both in numbers] + [0])
    code = of(fleet)
    draw = fleet.draw("history")
    rate = np.full(len(code), float(section["earlier"]))
    earlier = np.minimum(draw.poisson("earlier", rate), first[code])
    num_current = 1 + (first != last)[code]
    known = code < len(names)
    device, number = draws.unfold((earlier + num_current) * known)
    place = number - earlier[device]
    version = np.where(
        place > 0, last[code][device], first[code][device] + np.minimum(place, 0)
    )
    begin, end = _windows(fleet, draw, device, place, num_current)
    parts = [name.split(" ") for name in order]
    return {
        "load_ts": columns.stamps(end + columns.DAY_S),
        "guid": columns.by_device(guids, device),
        "min_ts": columns.stamps(begin),
        "max_ts": columns.stamps(end),
        "os_name": columns.text([name for name, _ in parts], version),
        "os_codename": columns.text([codename for _, codename in parts], version),
    }


def _windows(
    fleet: traits.Fleet,
    draw: draws.Draws,
    device: draws.Ints,
    place: draws.Ints,
    num_current: draws.Ints,
) -> tuple[draws.Ints, draws.Ints]:
    """First and last second of each version; few devices have overlapping ones."""
    (start, days), day = windows.of(_TABLE), columns.DAY_S
    installed = start - day - (draw.uniform("installed") * 300 * day).astype(np.int64)
    final = start + days * day
    upgraded = upgrades(fleet)[device]
    both = (num_current == 2)[device]
    before = installed[device] + place * 200 * day
    begin = np.where(place == 1, upgraded, before)
    end = np.where(place < 0, before + 200 * day, final)
    end = np.where((place == 0) & both, upgraded, end)
    overlapping = draw.chance("overlapping", facts.section("versions")["overlapping"])
    longer = overlapping[device] & (place == 0) & both
    return begin, np.where(longer, np.minimum(end + 20 * day, final), end)
