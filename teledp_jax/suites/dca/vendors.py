"""Draws vendors: those that a country favours, and how well each one builds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from teledp_jax.suites import draws
from teledp_jax.suites.dca import facts


def _home_vendors() -> dict[int, int]:
    """Finds the vendor that a country favours, both by number."""
    vendors = facts.attribute_values("modelvendor_normalized")
    countries = facts.attribute_values("countryname_normalized")
    favoured = facts.section("home_vendors")["vendors"]
    return {countries.index(c): vendors.index(v) for c, v in favoured.items()}


def without_home(shares: draws.Floats) -> draws.Floats:
    """Computes shares before countries favour theirs, so that both give `shares`."""
    section = facts.section("attributes")["countryname_normalized"]["shares"]
    country = np.array(list(section.values()))
    country /= country.sum()
    rest = shares / shares.sum()
    for place, vendor in _home_vendors().items():
        rest[0, vendor] -= facts.section("home_vendors")["share"] * country[place]
    return np.maximum(rest, 1e-5)


def with_home(draw: draws.Draws, codes: Mapping[str, draws.Ints]) -> draws.Ints:
    """Replaces some vendors by the one that the device's country favours."""
    favoured = np.full(len(facts.attribute_values("countryname_normalized")), -1)
    for country, vendor in _home_vendors().items():
        favoured[country] = vendor
    home = favoured[codes["countryname_normalized"]]
    moved = draw.chance("home vendor", facts.section("home_vendors")["share"])
    return np.where(moved & (home >= 0), home, codes["modelvendor_normalized"])


def effects(world: Mapping[str, Any]) -> draws.Floats:
    """Draws a fixed effect per vendor."""
    numbers = np.arange(len(facts.attribute_values("modelvendor_normalized")))
    purpose = "vendor " + ",".join(world["driver_vendors"])
    scores = draws.Draws(0, purpose, numbers).normal("effect")
    return world["vendor_spread"] * scores
