"""The anchor table: one row a device."""

import functools
import re

import numpy as np
import pyarrow as pa

from teledp_jax.simulate import columns, draws, presence, traits

_UNKNOWN = "Unknown"
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
_PORTABLE = ["Notebook", "2 in 1", "Tablet"]


def guids(fleet: traits.Fleet) -> pa.Array:
    """The id of each device."""
    draw = fleet.draw("guid")
    return columns.identifiers(draw.bits("high"), draw.bits("low"))


def system_sysinfo_unique_normalized(
    fleet: traits.Fleet, ids: pa.Array
) -> columns.Columns:
    """The whole table, for some devices."""
    draw = fleet.draw("sysinfo")
    last = presence.window_start() + (
        draw.uniform("last") ** 0.3 * presence.window_days() * columns.DAY_S
    ).astype(np.int64)
    life = 3.0 * 365 * draw.uniform("life") ** 2 * columns.DAY_S
    return {
        "load_ts": columns.stamps(last + columns.DAY_S),
        "guid": ids,
        "lastreportdate": columns.stamps(last),
        "firstreportdate": columns.stamps(last - 300 - life.astype(np.int64)),
        **_identity(fleet, draw),
        **_processor(fleet, draw),
        **_graphics(fleet, draw),
    }


def _by_code(attribute: str, fleet: traits.Fleet) -> pa.Array:
    return columns.text(traits.attribute_values(attribute), fleet.codes[attribute])


def _identity(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Form, country, maker, use."""
    section = traits.constants()["sysinfo"]
    sizes = np.array([float(size) for size in traits.attribute_values("ram")])
    convertible = draws.Choice([[0.7, 0.2, 0.1]]).pick(draw.uniform("convertible"))
    two_in_one = fleet.is_one_of("chassistype", ["2 in 1"])
    portable = fleet.is_one_of("chassistype", _PORTABLE)
    screen = draws.Choice(
        [[0, 0, 0, 1, 2, 2, 3, 20, 40, 30], [3, 8, 6, 22, 24, 33, 8, 0, 0, 0]]
    ).pick(draw.uniform("screen"), portable.astype(np.int64))
    engagement = draws.Vocabulary({"all": section["engagements"]})
    deployed = engagement.pick(draw.uniform("engagement"))
    return {
        "chassistype": _by_code("chassistype", fleet),
        "chassistype_2in1_category": columns.text(
            ["Convertible", "Detachable", _UNKNOWN],
            np.where(two_in_one, convertible, 2),
        ),
        "countryname_normalized": _by_code("countryname_normalized", fleet),
        "countryname": _countries(fleet, draw),
        "modelvendor_normalized": _by_code("modelvendor_normalized", fleet),
        **_models(fleet, draw),
        "ram": pa.array(sizes[fleet.codes["ram"]]),
        "os": _by_code("os", fleet),
        "persona": _by_code("persona", fleet),
        "screensize_category": columns.text(section["screens"], screen),
        "engagement_id": columns.text(engagement.values, deployed),
    }


def _countries(fleet: traits.Fleet, draw: draws.Draws) -> pa.Array:
    """Countries, those of Other by their own names."""
    names = traits.attribute_values("countryname_normalized")
    others = traits.constants()["sysinfo"]["other_countries"]
    own = len(names) + (draw.uniform("country") * len(others)).astype(np.int64)
    other = fleet.is_one_of("countryname_normalized", ["Other"])
    code = np.where(other, own, fleet.codes["countryname_normalized"])
    return columns.text([*names, *others], code)


def _models(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Makers and models, as reported and cleaned."""
    section = traits.constants()["sysinfo"]
    vendors = traits.attribute_values("modelvendor_normalized")
    spellings = [section["vendor_spellings"].get(v, [v]) for v in vendors]
    vendor = fleet.codes["modelvendor_normalized"]
    spelling = (draw.uniform("spelling") * 2).astype(np.int64)
    num_models = section["num_models"]
    model = vendor * num_models + (draw.uniform("model") ** 2 * num_models).astype(int)
    names = [f"{v} {n:02d}" for v in vendors for n in range(1, num_models + 1)]
    return {
        "modelvendor": columns.text(
            [(pair * 2)[n] for pair in spellings for n in (0, 1)], vendor * 2 + spelling
        ),
        "model": columns.text([name.upper() for name in names], model),
        "model_normalized": columns.text(names, model),
    }


def _processor(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Processor: name, SKU, family, lithography, cores."""
    names = traits.attribute_values("cpuname")
    code = fleet.codes["cpuname"]
    portable = fleet.is_one_of("chassistype", _PORTABLE).astype(np.int64)
    skus, choice = _skus()
    sku = choice.pick(draw.uniform("sku"), code * 2 + portable)
    ice_lake = draw.chance("ice lake", 0.35) & (fleet.generation == 10)
    unclean = draw.chance("unclean", 0.05) & (fleet.generation == 7)
    litho = [_lithography(name) for name in names]
    lines = [_line(name) for name in skus]
    amd = draw.chance("amd", 0.1) & fleet.is_one_of("cpuname", ["Other"])
    vpro = draw.chance("vpro", 0.35) & (fleet.rank >= 2) & (fleet.generation >= 4)
    ages = ["0-2 years", "3-5 years", "6-8 years", "9+ years", _UNKNOWN]
    age = np.where(fleet.generation == 0, 4, np.clip(11 - fleet.generation, 0, 9) // 3)
    return {
        "cpuname": _by_code("cpuname", fleet),
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


def _families(fleet: traits.Fleet, draw: draws.Draws) -> pa.Array:
    """Families of processors, those outside the list of names by a draw."""
    names = traits.attribute_values("cpuname")
    pooled = draws.Vocabulary({"all": traits.constants()["other_families"]["shares"]})
    drawn = len(names) + pooled.pick(draw.uniform("family"))
    other = fleet.is_one_of("cpuname", ["Other"])
    families = [*(_family(name) for name in names), *pooled.values]
    return columns.text(families, np.where(other, drawn, fleet.codes["cpuname"]))


def _graphics(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Graphics device."""
    cards = traits.constants()["sysinfo"]["graphics"]
    makers = list(cards)
    maker = np.where(fleet.discrete, np.where(draw.chance("nvidia", 0.75), 1, 2), 0)
    place = (draw.uniform("card") * 4).astype(np.int64)
    level = np.where(fleet.discrete, 1 + (place > 1), 0)
    return {
        "graphicsmanuf": columns.text(makers, maker),
        "gfxcard": columns.text(
            [c for m in makers for c in cards[m]], maker * 4 + place
        ),
        "graphicscardclass": columns.text(["Integrated", "Mid", "High"], level),
        "discretegraphics": columns.text(["N", "Y"], fleet.discrete.astype(np.int64)),
    }


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
    names = traits.attribute_values("cpuname")
    name_shares = traits.constants()["attributes"]["cpuname"]["shares"]
    tail = traits.constants()["cpucode_tail"]
    listed = traits.constants()["cpucodes"]["shares"]
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
