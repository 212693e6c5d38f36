"""Micro-architectures of processors, and the raw table that states them."""

import functools

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, processors, traits


@functools.cache
def values() -> list[str]:
    """Micro-architectures with generations, in the order of their numbers."""
    section = facts.section("platforms")
    names = [
        f"{architecture}, {name}"
        for name in facts.attribute_values("cpuname")
        for architecture in _architectures(name)
    ]
    names += [name for choice in section["others"].values() for name in choice]
    return list(dict.fromkeys([*names, "Unknown, Unknown"]))


def _architectures(cpuname: str) -> list[str]:
    """Those of a processor's generation: stationary, portable, and an early one."""
    section = facts.section("platforms")
    generation = traits.generation_of(cpuname)
    known = section["by_generation"].get(generation, ["Unknown", "Unknown"])
    early = section["ice_lake"] if generation == 10 else known[1]
    return [*known, early]


def of(fleet: traits.Fleet) -> draws.Ints:
    """Returns the number of each device's micro-architecture with its generation."""
    known = values()
    names = facts.attribute_values("cpuname")
    table = np.array(
        [[known.index(_full(n, a)) for a in _architectures(n)] for n in names]
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
    known = values()
    chosen = facts.section("platforms")["others"]
    uniform = fleet.draw("platforms").uniform("platform")
    for name, choice in chosen.items():
        if name in facts.attribute_values("cpuname"):
            mine = fleet.is_one_of("cpuname", [name])
        else:
            mine = processors.is_of_other_family(fleet, name)
        pick = draws.Vocabulary({"all": choice})
        codes = np.array([known.index(value) for value in pick.values])
        platform = np.where(mine, codes[pick.pick(uniform)], platform)
    return platform


def system_cpu_metadata(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Tells what each device's processor is.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section("platforms")
    known = processors.columns_of(fleet, fleet.draw("sysinfo"))
    pairs = [name.split(", ") for name in values()]
    platform = of(fleet)
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
        "cpugen": columns.text([name for _, name in pairs], platform),
        "launchdate": columns.text(years, year - 2000),
        "estfirstusedt": columns.text(years, year - 2000 + age),
        "marketcodename": columns.text([name for name, _ in pairs], platform),
        "#ofcores": known["#ofcores"],
        "spec_tdp": columns.text([str(section["tdp_w"][k]) for k in kinds], kind),
    }
