"""Draws the anchor table: one row per device."""

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import facts, processors, traits, windows

_TABLE = "system_sysinfo_unique_normalized"


def guids(fleet: traits.Fleet) -> pa.Array:
    """Draws the id of each device.

    Args:
        fleet: Some devices.

    Returns:
        A column of ids, one per device.
    """
    draw = fleet.draw("guid")
    return columns.identifiers(draw.bits("high"), draw.bits("low"))


def system_sysinfo_unique_normalized(
    fleet: traits.Fleet, ids: pa.Array
) -> columns.Columns:
    """Draws the whole table: one row per device.

    Args:
        fleet: Some devices.
        ids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    draw = fleet.draw("sysinfo")
    window = windows.of(_TABLE)
    last = window.start + (
        draw.uniform("last") ** 0.3 * window.days * columns.DAY_S
    ).astype(np.int64)
    life = 3.0 * 365 * draw.uniform("life") ** 2 * columns.DAY_S
    return {
        "load_ts": columns.stamps(last + columns.DAY_S),
        "guid": ids,
        "lastreportdate": columns.stamps(last),
        "firstreportdate": columns.stamps(last - 300 - life.astype(np.int64)),
        **_identity(fleet, draw),
        **processors.columns_of(fleet, draw),
        **_graphics(fleet, draw),
    }


def _by_code(attribute: str, fleet: traits.Fleet) -> pa.Array:
    return columns.text(facts.attribute_values(attribute), fleet.codes[attribute])


def _identity(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Form, country, maker, use."""
    section = facts.section("sysinfo")
    sizes = np.array([float(size) for size in facts.attribute_values("ram")])
    convertible = draws.Choice([section["convertible"]]).pick(
        draw.uniform("convertible")
    )
    two_in_one = fleet.is_one_of("chassistype", ["2 in 1"])
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    screen = draws.Choice(
        [section["screens_stationary"], section["screens_portable"]]
    ).pick(draw.uniform("screen"), portable.astype(np.int64))
    engagement = draws.Vocabulary({"all": section["engagements"]})
    deployed = engagement.pick(draw.uniform("engagement"))
    return {
        "chassistype": _by_code("chassistype", fleet),
        "chassistype_2in1_category": columns.text(
            ["Convertible", "Detachable", "Unknown"],
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
    names = facts.attribute_values("countryname_normalized")
    others = facts.section("sysinfo")["other_countries"]
    own = len(names) + (draw.uniform("country") * len(others)).astype(np.int64)
    other = fleet.is_one_of("countryname_normalized", ["Other"])
    code = np.where(other, own, fleet.codes["countryname_normalized"])
    return columns.text([*names, *others], code)


def _models(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Makers and models, as reported and cleaned."""
    section = facts.section("sysinfo")
    vendors = facts.attribute_values("modelvendor_normalized")
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


def _graphics(fleet: traits.Fleet, draw: draws.Draws) -> columns.Columns:
    """Graphics device."""
    cards = facts.section("sysinfo")["graphics"]
    makers = list(cards)
    nvidia = facts.section("sysinfo")["chances"]["nvidia"]
    maker = np.where(fleet.discrete, np.where(draw.chance("nvidia", nvidia), 1, 2), 0)
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
