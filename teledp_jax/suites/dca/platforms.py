"""Micro-architectures and Windows versions of devices, and their two raw tables."""

import functools

import numpy as np
import pyarrow as pa
from scipy import special

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import coverage, facts, processors, spans, traits

_HISTORY = "system_os_codename_history"


@functools.cache
def platform_values() -> list[str]:
    """Micro-architectures with generations, in the order of their numbers."""
    section = facts.intel("platforms")
    names = [
        f"{architecture}, {name}"
        for name in facts.attribute_values("cpuname")
        for architecture in _architectures(name)
    ]
    names += [name for choice in section["others"].values() for name in choice]
    return list(dict.fromkeys([*names, "Unknown, Unknown"]))


def _architectures(cpuname: str) -> list[str]:
    """Those of a processor's generation: stationary, portable, and an early one."""
    section = facts.intel("platforms")
    generation = traits.generation_of(cpuname)
    known = section["by_generation"].get(generation, ["Unknown", "Unknown"])
    early = section["ice_lake"] if generation == 10 else known[1]
    return [*known, early]


def platforms(fleet: traits.Fleet) -> draws.Ints:
    """The number of each device's micro-architecture with its generation."""
    values = platform_values()
    names = facts.attribute_values("cpuname")
    table = np.array(
        [[values.index(_full(n, a)) for a in _architectures(n)] for n in names]
    )
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    early = processors.is_ice_lake(fleet) & portable
    code = fleet.codes["cpuname"]
    platform = table[code, np.where(early, 2, portable.astype(np.int64))]
    return _others(fleet, platform)


def _full(cpuname: str, architecture: str) -> str:
    """A micro-architecture with a generation, as the processor's name states it."""
    return "Unknown, Unknown" if cpuname == "Unknown" else f"{architecture}, {cpuname}"


def _others(fleet: traits.Fleet, platform: draws.Ints) -> draws.Ints:
    """Platforms of the processors whose name does not tell them."""
    values = platform_values()
    chosen = facts.intel("platforms")["others"]
    uniform = fleet.draw("platforms").uniform("platform")
    for name, choice in chosen.items():
        if name in facts.attribute_values("cpuname"):
            mine = fleet.is_one_of("cpuname", [name])
        else:
            mine = processors.is_of_other_family(fleet, name)
        pick = draws.Vocabulary({"all": choice})
        codes = np.array([values.index(value) for value in pick.values])
        platform = np.where(mine, codes[pick.pick(uniform)], platform)
    return platform


def system_cpu_metadata(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """What each device's processor is."""
    section = facts.intel("platforms")
    known = processors.columns_of(fleet, fleet.draw("sysinfo"))
    values = [name.split(", ") for name in platform_values()]
    platform = platforms(fleet)
    kinds = list(section["segments"])
    kind = np.where(fleet.is_one_of("chassistype", traits.PORTABLE), 0, 1)
    kind = np.where(fleet.is_one_of("cpuname", ["Xeon"]), 2, kind)
    year = np.where(fleet.generation > 0, 2009 + fleet.generation, 2008)
    years = [str(number) for number in range(2000, 2031)]
    age = (fleet.draw("platforms").uniform("first use") * 3.0).astype(np.int64)
    return {
        "guid": guids,
        "cpu": known["cpucode"],
        "cpucode": known["cpucode"],
        "processtechnology": known["processornumber"],
        "lithography": known["processornumber"],
        "marketsegment": columns.text(list(section["segments"].values()), kind),
        "cpugen": columns.text([name for _, name in values], platform),
        "launchdate": columns.text(years, year - 2000),
        "estfirstusedt": columns.text(years, year - 2000 + age),
        "marketcodename": columns.text([name for name, _ in values], platform),
        "#ofcores": known["#ofcores"],
        "spec_tdp": columns.text([str(section["tdp_w"][k]) for k in kinds], kind),
    }


@functools.cache
def version_values() -> list[str]:
    """Windows versions in the window, and none, in the order of their numbers."""
    return [*facts.intel("versions")["shares"], "none"]


def versions(fleet: traits.Fleet) -> draws.Ints:
    """The number of each device's Windows versions in the window; the last is none."""
    section = facts.intel("versions")
    draw = fleet.draw("versions")
    weight = section["newness"]
    score = weight * fleet.latents["newness"]
    score = score + np.sqrt(1.0 - weight**2) * draw.normal("versions")
    choice = draws.Choice([list(section["shares"].values())])
    share = coverage.share(_HISTORY, fleet.coverage)
    known = coverage.score(fleet, _HISTORY) > special.ndtri(1.0 - share)
    codes = choice.pick(np.asarray(special.ndtr(score)))
    return np.where(known, codes, len(version_values()) - 1)


def upgrades(fleet: traits.Fleet) -> draws.Ints:
    """When each device with two versions changed from one to the other, UTC seconds."""
    share = 0.1 + 0.8 * fleet.draw("versions").uniform("upgrade")
    length = spans.num_days() * columns.DAY_S
    return spans.start() + (share * length).astype(np.int64)


def system_os_codename_history(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Windows versions with the windows of their use, which meet end to end."""
    section = facts.intel("versions")
    order = section["order"]
    names = [value.split(", ") for value in version_values()[:-1]]
    numbers = [[order.index(name) for name in both] for both in names]
    first = np.array([both[0] for both in numbers] + [0])
    last = np.array([both[-1] for both in numbers] + [0])
    code = versions(fleet)
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
    start, day = spans.start(), columns.DAY_S
    installed = start - day - (draw.uniform("installed") * 300 * day).astype(np.int64)
    final = start + spans.num_days() * day
    upgraded = upgrades(fleet)[device]
    both = (num_current == 2)[device]
    before = installed[device] + place * 200 * day
    begin = np.where(place == 1, upgraded, before)
    end = np.where(place < 0, before + 200 * day, final)
    end = np.where((place == 0) & both, upgraded, end)
    overlapping = draw.chance("overlapping", facts.intel("versions")["overlapping"])
    longer = overlapping[device] & (place == 0) & both
    return begin, np.where(longer, np.minimum(end + 20 * day, final), end)
