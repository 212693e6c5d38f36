"""Times on battery, and device-days."""

import numpy as np
import pytest

from teledp_jax.suites.dca import battery, platforms
from tests.suites.dca import made


def test_device_days_on_battery_are_far_shorter_than_device_totals(fleet):
    rows, device = made.rows_of(fleet, battery.batt_dc_events)
    minutes = rows["duration_mins"].to_numpy()
    day = rows["power_on_dc_ts"].to_numpy().astype("datetime64[D]").astype(np.int64)
    keys = np.unique(device * 10**6 + day)
    assert minutes.sum() / len(keys) == pytest.approx(144.0, rel=0.15)
    assert len(minutes) / len(keys) == pytest.approx(2.5, abs=0.15)
    assert minutes.sum() / len(np.unique(device)) > 1_500.0


def test_modern_standby_is_zero_on_old_processors(fleet):
    rows, device = made.rows_of(fleet, battery.guids_on_off_suspend_time_day)
    values = platforms.values()
    platform = platforms.of(fleet)[device]
    seconds = rows["mods_time"].to_numpy()
    old = platform == values.index("Coffee Lake, 9th Gen i3")
    new = platform == values.index("Tiger Lake, 11th Gen i5")
    assert seconds[old].sum() == 0.0
    assert seconds[new].mean() == pytest.approx(13_721, rel=0.3)
    names = ("on_time", "off_time", "mods_time", "sleep_time")
    total = sum(rows[name].to_numpy() for name in names)
    assert total.min() > 82_000
    assert total.max() < 86_400
