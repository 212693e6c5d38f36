"""Processor columns of the anchor."""

import re

import pytest

from teledp_jax.suites.dca import processors, traits
from tests.suites.dca import made


@pytest.fixture(scope="module")
def columns(fleet):
    return processors.columns_of(fleet, fleet.draw("sysinfo"))


def test_a_sku_is_of_its_processor(columns):
    names, skus = (made.texts(columns, name) for name in ("cpuname", "cpucode"))
    for name, sku in zip(names[:2000], skus[:2000], strict=True):
        if found := re.fullmatch(r"(\d+)\w\w Gen (i\d)", name):
            assert sku.startswith(f"{found[2]}-{found[1]}")


def test_a_portable_device_has_a_mobile_processor(fleet, columns):
    mobile = made.texts(columns, "cpu_suffix") == "Core-U"
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    assert mobile[portable].mean() > 2 * mobile[~portable].mean()


def test_families_outside_the_list_keep_their_shares(fleet):
    other = fleet.is_one_of("cpuname", ["Other"])
    found = processors.is_of_other_family(fleet, "Core i7")
    assert not found[~other].any()
    assert found[other].mean() == pytest.approx(0.7 / 4.2, abs=0.06)
