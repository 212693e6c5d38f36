"""Web use by day, browser and category."""

import functools

import numpy as np
import pyarrow as pa

from teledp_jax.suites import columns, draws
from teledp_jax.suites.dca import (
    amounts,
    facts,
    margins,
    presence,
    table_rows,
    traits,
    windows,
)

_TABLE = "web_cat_usage_v2"
_FAVOURITES = 6
_FAVOURED_SHARE = 0.6


def web_cat_usage_v2(fleet: traits.Fleet, guids: pa.Array) -> columns.Columns:
    """Draws rows by day: a browser of the device, and a category of its persona.

    Args:
        fleet: Some devices.
        guids: The id of each device.

    Returns:
        Columns by name, one value per row.
    """
    section = facts.section(_TABLE)
    draw = fleet.draw(_TABLE)
    days = amounts.counts(
        fleet.by_value("persona", section["days"]),
        amounts.activity(draw, "days", shape=0.5),
    )
    days = np.minimum(days, windows.of(_TABLE).days)
    daily = table_rows.Rows(fleet, _TABLE, days * presence.reports(fleet, _TABLE))
    owned, rate = _browsers(fleet, draw)
    per_day = 1 + daily.draw.poisson("rows", np.maximum(rate[daily.device] - 1.0, 0.0))
    num_owned = (owned > 0.0).sum(axis=1)
    first_day = daily.number == 0
    per_day = np.where(first_day, np.maximum(per_day, num_owned[daily.device]), per_day)
    day, number = draws.unfold(per_day)
    of = daily.device[day]
    rows = draws.Draws(
        fleet.seed, f"visits/{_TABLE}", fleet.ids[of], daily.number[day] * 256 + number
    )
    # The first rows show each of the device's browsers.
    ranked = np.argsort(owned == 0.0, axis=1, kind="stable")
    shown = first_day[day] & (number < num_owned[of])
    turn = np.minimum(number, ranked.shape[1] - 1)
    browser = np.where(
        shown,
        ranked[of, turn],
        _pick(owned[of], rows.uniform("browser")),
    )
    category = _categories(fleet, rows, of)
    milliseconds = _durations(fleet, draw, rows, of, browser)
    parts = [name.split("/", 1) for name in section["categories"]]
    loads = 1 + np.floor(milliseconds / 60_000.0 * rows.uniform("loads"))
    loads = np.minimum(loads, 5_000.0)
    utc = daily.days()[day] - fleet.offset[of]
    begin = table_rows.begin(fleet, _TABLE, guids, of, utc)
    return {
        **begin,
        "browser": columns.text(list(section["browsers"]), browser),
        "parent_category": columns.text([pair[0] for pair in parts], category),
        "sub_category": columns.text([(*pair, "")[1] for pair in parts], category),
        "duration_ms": pa.array(np.floor(milliseconds).astype(np.int64)),
        "page_load_count": pa.array(loads),
        "site_count": pa.array(np.ceil(np.sqrt(loads))),
        "domain_count": pa.array(np.ceil(np.sqrt(loads) * 1.2)),
        "page_visit_count": pa.array(loads + 1.0),
    }


def _browsers(
    fleet: traits.Fleet, draw: draws.Draws
) -> tuple[draws.Floats, draws.Floats]:
    """Weights of each device's browsers, 0 for those it lacks; and rows per day."""
    section = facts.section(_TABLE)
    names = list(section["browsers"])
    there = fleet.is_one_of("countryname_normalized", section["edge_countries"])
    chrome, edge, firefox = (draw.uniform(name) for name in names)
    away = margins.reference_share(
        fleet, "countryname_normalized", section["edge_countries"]
    )
    shares = {name: value / 100.0 for name, value in section["browsers"].items()}
    elsewhere = [
        (shares[name] - away * value) / (1.0 - away)
        for name, value in zip(names, section["edge_there"], strict=False)
    ]
    has_chrome = chrome < np.where(there, section["edge_there"][0], elsewhere[0])
    # Who lacks chrome has edge or firefox; edge keeps its share over all devices.
    without = 1.0 - np.where(there, section["edge_there"][0], elsewhere[0])
    wanted = np.where(there, section["edge_there"][1], elsewhere[1])
    alone = section["edge_without_chrome"]
    with_chrome = np.clip((wanted - without * alone) / (1.0 - without), 0.0, 1.0)
    has_edge = edge < np.where(has_chrome, with_chrome, alone)
    rest = shares["firefox"] - (1.0 - shares["chrome"]) * (1.0 - alone)
    has_firefox = firefox < rest / (1.0 - (1.0 - shares["chrome"]) * (1.0 - alone))
    has_firefox |= ~has_chrome & ~has_edge
    owned = np.stack([has_chrome, has_edge, has_firefox], axis=1).astype(np.float64)
    owned *= np.array([section["row_weights"][name] for name in names])
    return owned, section["rows_per_day"] * owned.sum(axis=1)


def _pick(weights: draws.Floats, uniform: draws.Floats) -> draws.Ints:
    """A column of each row of weights."""
    cumulative = np.cumsum(weights, axis=1)
    place = (uniform * cumulative[:, -1])[:, None] >= cumulative
    return np.minimum(place.sum(axis=1), weights.shape[1] - 1)


@functools.cache
def _category_choice() -> draws.Choice:
    """The choice of a category by persona, as shares of time."""
    section = facts.section(_TABLE)["shares"]
    names = facts.attribute_values("persona")
    return draws.Choice([section.get(name, section["all"]) for name in names])


def _categories(fleet: traits.Fleet, rows: draws.Draws, of: draws.Ints) -> draws.Ints:
    """Categories: mostly a device's favourites, which follow its persona too."""
    choice = _category_choice()
    persona = fleet.codes["persona"]
    slot = (rows.uniform("favourite") * _FAVOURITES).astype(np.int64)
    favourites = draws.Draws(fleet.seed, f"favourites/{_TABLE}", rows.ids, slot)
    favoured = rows.chance("favoured", _FAVOURED_SHARE)
    uniform = np.where(
        favoured, favourites.uniform("category"), rows.uniform("category")
    )
    return choice.pick(uniform, persona[of])


def _durations(
    fleet: traits.Fleet,
    draw: draws.Draws,
    rows: draws.Draws,
    of: draws.Ints,
    browser: draws.Ints,
) -> draws.Floats:
    """Milliseconds on pages; none at all for a few devices of some personas."""
    section = facts.section(_TABLE)
    ratio = np.array(
        [section["time"][name] / section["rows"][name] for name in section["browsers"]]
    )
    mean = section["duration_ms"] * amounts.activity(draw, "time", shape=0.5)
    blank = fleet.is_one_of("persona", section["blanked"])
    blank &= draw.chance("blank", section["blank_share"])
    mean = np.where(blank, 0.0, mean + 1_000.0)
    length = -np.log(rows.uniform("time")) * (mean[of] * ratio[browser])
    return np.where(blank[of], 0.0, np.clip(length, 1.0, 8.6e7))
