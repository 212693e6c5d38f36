"""Vendors and the countries that favour them."""

import numpy as np

from teledp_jax.suites.dca import facts, vendors
from tests.suites.dca import made


def test_a_country_favours_its_vendor():
    fleet = made.make_fleet(50_000)
    for country, vendor in (("China", "Lenovo"), ("India", "HP")):
        home = fleet.is_one_of("countryname_normalized", [country])
        made_by = fleet.is_one_of("modelvendor_normalized", [vendor])
        assert made_by[home].mean() > made_by[~home].mean() + 0.1


def test_an_effect_is_of_a_vendor_and_a_world():
    a, b = (vendors.effects(facts.world_named(name)) for name in "ab")
    assert len(a) == len(facts.attribute_values("modelvendor_normalized"))
    np.testing.assert_array_equal(a, vendors.effects(facts.world_named("a")))
    assert not np.allclose(a, b)
