"""Waits of the user."""

import numpy as np
import pytest

from teledp_jax.suites.dca import traits, waits
from tests.suites.dca import made


def test_waits_on_battery_are_of_portable_devices(fleet):
    rows, device = made.rows_of(fleet, waits.userwait_v2)
    state = made.texts(rows, "ac_dc_event_name")
    event = made.texts(rows, "event_name")
    on_battery = np.char.startswith(state, "DC_")
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    assert portable[device[on_battery]].all()
    assert on_battery.mean() == pytest.approx(0.083, abs=0.02)
    assert (event == "APPSTARTING").mean() == pytest.approx(0.815, abs=0.01)
    milliseconds = rows["duration_ms"].to_numpy()
    assert milliseconds.max() > 1_000 * np.median(milliseconds)
