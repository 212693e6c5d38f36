"""The processor columns of the anchor table."""

import functools
import re

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, traits

_FAMILIES = (
    ("i3", "Core i3"),
    ("i5", "Core i5"),
    ("i7", "Core i7"),
    ("i9", "Core i9"),
    ("Pentium", "Pentium/Celeron"),
    ("Core2", "Core2"),
    ("Atom", "Atom"),
    ("Xeon", "Xeon"),
)
_LITHOGRAPHY = {
    "Prescott": "90 nm",
    "Wolfdale": "45 nm",
    "Penryn": "45 nm",
    "Bay Trai": "22 nm",
    "1st Gen": "32 nm",
    "2nd Gen": "32 nm",
    "3rd Gen": "22 nm",
    "4th Gen": "22 nm",
    "11th Gen": "10 nm",
    "Unknown": "Unknown",
}
_UNKNOWN = "Unknown"


def columns_of(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Returns columns of the processor: name, SKU, family, lithography, cores."""
    names = facts.attribute_values("cpuname")
    code = fleet.codes["cpuname"]
    portable = fleet.is_one_of("chassistype", traits.PORTABLE).astype(np.int64)
    skus, choice = _skus()
    chances = facts.section("sysinfo")["chances"]
    sku = choice.pick(draw.uniform("sku"), code * 2 + portable)
    ice_lake = is_ice_lake(fleet)
    unclean = draw.chance("unclean", chances["unclean"]) & (fleet.generation == 7)
    litho = [_lithography(name) for name in names]
    lines = [_line(name) for name in skus]
    amd = draw.chance("amd", chances["amd"]) & fleet.is_one_of("cpuname", ["Other"])
    vpro = (
        draw.chance("vpro", chances["vpro"])
        & (fleet.rank >= 2)
        & (fleet.generation >= 4)
    )
    ages = ["0-2 years", "3-5 years", "6-8 years", "9+ years", _UNKNOWN]
    age = np.where(fleet.generation == 0, 4, np.clip(11 - fleet.generation, 0, 9) // 3)
    return {
        "cpuname": columns.text(names, code),
        "cpucode": columns.text(skus, sku),
        "cpu_family": _families(fleet, draw),
        "processornumber": columns.text(
            [*litho, "10 nm", "14"],
            np.where(ice_lake, len(litho), np.where(unclean, len(litho) + 1, code)),
        ),
        "cpuvendor": columns.text(["Intel", "AMD"], amd.astype(np.int64)),
        "cpu_suffix": columns.text([f"Core-{x}" if x else "Other" for x in lines], sku),
        "processor_line": columns.text(
            [f"{x}-Processor" if x else _UNKNOWN for x in lines], sku
        ),
        "#ofcores": columns.text([str(n) for n in range(9)], fleet.cores),
        "vpro_enabled": columns.text(["N", "Y"], vpro.astype(np.int64)),
        "age_category": columns.text(ages, age),
        "cpu_stepping": columns.text(
            [f"6/{60 + 7 * g}/{g % 5 + 1}" for g in range(13)], fleet.generation
        ),
    }


def is_ice_lake(fleet: traits.Fleet) -> draws.Bools:
    """Tells whether each device's processor is of the 10 nm kind of its generation."""
    share = facts.section("sysinfo")["chances"]["ice_lake"]
    chosen = fleet.draw("sysinfo").chance("ice lake", share)
    return np.asarray(chosen & (fleet.generation == 10))


def is_of_other_family(fleet: traits.Fleet, family: str) -> draws.Bools:
    """Tells which devices are of a family that the processor's name does not tell."""
    pooled = draws.Vocabulary({"all": facts.section("other_families")["shares"]})
    drawn = pooled.pick(fleet.draw("sysinfo").uniform("family"))
    other = fleet.is_one_of("cpuname", ["Other"])
    return np.asarray(other & (drawn == pooled.values.index(family)))


def _families(fleet: traits.Fleet, draw: draws.Draws) -> pa.Array:
    """Families of processors, those outside the list of names by a draw."""
    names = facts.attribute_values("cpuname")
    pooled = draws.Vocabulary({"all": facts.section("other_families")["shares"]})
    drawn = len(names) + pooled.pick(draw.uniform("family"))
    other = fleet.is_one_of("cpuname", ["Other"])
    families = [*(_family(name) for name in names), *pooled.values]
    return columns.text(families, np.where(other, drawn, fleet.codes["cpuname"]))


def _family(name: str) -> str:
    return next((family for part, family in _FAMILIES if part in name), "Other")


def _lithography(name: str) -> str:
    return next((nm for part, nm in _LITHOGRAPHY.items() if part in name), "14 nm")


def _line(sku: str) -> str:
    """The letter of a SKU's line; empty if it has none."""
    match = re.search(r"\d(U|HQ|H|M|G\d)$", sku)
    if match is None:
        return ""
    return "U" if match[1].startswith("G") else match[1][0]


def _sku_class(sku: str) -> str:
    """The processor name that a listed SKU belongs to."""
    rank, digits, suffix = re.findall(r"(i\d)-(\d+)(.*)", sku)[0]
    two = len(digits) == 5 or (len(digits) == 4 and suffix.startswith("G"))
    number = int(digits[:2] if two else digits[0])
    ordinal = {2: "2nd", 3: "3rd"}.get(number, f"{number}th")
    return f"{ordinal} Gen {rank}"


@functools.cache
def _skus() -> tuple[list[str], draws.Choice]:
    """All SKUs, and the choice of one by processor name and whether portable."""
    names = facts.attribute_values("cpuname")
    name_shares = facts.section("attributes")["cpuname"]["shares"]
    tail = facts.section("cpucode_tail")
    listed = facts.section("cpucodes")["shares"]
    skus: list[str] = []
    rows: list[dict[str, float]] = []
    for name in names:
        own = {sku: share for sku, share in listed.items() if _sku_class(sku) == name}
        rest = max(name_shares[name] - sum(own.values()), 0.05)
        zipf = np.arange(1, tail["num_codes"] + 1) ** -float(tail["exponent"])
        made = zip(_made_up(name, tail["num_codes"]), zipf / zipf.sum(), strict=True)
        own |= {sku: own.get(sku, 0.0) + rest * share for sku, share in made}
        rows.append(own)
        skus += [sku for sku in own if sku not in skus]
    place = {sku: number for number, sku in enumerate(skus)}
    weights = np.zeros((2 * len(names), len(skus)))
    for row, own in enumerate(rows):
        for sku, share in own.items():
            mobile = bool(_line(sku)) or sku == _UNKNOWN
            weights[2 * row, place[sku]] = share * (0.1 if mobile else 1.0)
            weights[2 * row + 1, place[sku]] = share * (1.0 if mobile else 0.1)
    return skus, draws.Choice(weights)


def _made_up(name: str, num_codes: int) -> list[str]:
    """SKUs for what the published list leaves out of a class."""
    if name == _UNKNOWN:
        return [_UNKNOWN, *(f"Unlisted-{n}" for n in range(1, num_codes))]
    generation, rank = traits.generation_of(name), name.split(" ")[-1]
    if not re.fullmatch(r"i\d", rank):
        word = "SKU" if name == "Other" else re.sub(r"\W", "", name)[-6:]
        return [
            f"{word}-{1000 + 35 * n}{'' if n % 3 else 'U'}" for n in range(num_codes)
        ]
    suffixes = ("U", "", "H", "T") if generation >= 5 else ("M", "", "U", "T")
    return [
        f"{rank}-{generation}{110 + 25 * n}{suffixes[n % 4]}" for n in range(num_codes)
    ]
