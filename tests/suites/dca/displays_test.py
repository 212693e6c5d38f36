"""Displays."""

import numpy as np
import pytest

from teledp_jax.suites.dca import displays, facts, traits
from tests.suites.dca import made


def test_displays_have_their_shares_and_lengths(fleet):
    rows, device = made.rows_of(fleet, displays.display_devices)
    total = len(np.unique(device))
    connection = made.texts(rows, "connection_type")
    height = rows["resolution_heigth"].to_numpy()
    for name in ("HDMI", "INTERNAL"):
        devices, mains, _ = facts.listing("displays")["groups"][name]["1080x1920"]
        chosen = (connection == name) & (height == 1080)
        chosen &= rows["resolution_width"].to_numpy() == 1920
        share = len(np.unique(device[chosen])) / total
        assert share == pytest.approx(devices / 209_239, abs=0.03)
        seconds = rows["duration_ac"].to_numpy()[chosen]
        assert seconds.mean() == pytest.approx(mains, rel=0.1)
    vendor = made.texts(rows, "vendor_name")
    for name in ("LG", "Dell"):
        share = 100.0 * len(np.unique(device[vendor == name])) / total
        expected = facts.section("display_devices")["vendors"][name]
        assert share == pytest.approx(expected, abs=1.5)


def test_internal_displays_go_with_portable_devices(fleet):
    rows, device = made.rows_of(fleet, displays.display_devices)
    internal = np.unique(device[made.texts(rows, "connection_type") == "INTERNAL"])
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    others = np.setdiff1d(device, internal)
    assert portable[internal].mean() > portable[others].mean() + 0.2
