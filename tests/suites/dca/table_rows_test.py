"""Rows of a table, and what they begin with."""

import numpy as np

from teledp_jax.suites import columns
from teledp_jax.suites.dca import sysinfo, table_rows, windows
from tests.suites.dca import made


def test_rows_are_numbered_by_device_and_days_follow_each_other():
    fleet = made.make_fleet(3)
    rows = table_rows.Rows(fleet, "userwait_v2", np.array([2, 0, 3]))
    assert rows.device.tolist() == [0, 0, 2, 2, 2]
    assert rows.number.tolist() == [0, 1, 0, 1, 2]
    steps = np.diff(rows.days())[[0, 2, 3]] % (730 * columns.DAY_S)
    assert set(steps) == {columns.DAY_S}
    assert rows.days(rows_a_day=2)[0] == rows.days(rows_a_day=2)[1]
    assert set(rows.days() % columns.DAY_S) == {windows.NOON_S}


def test_times_lie_in_the_window_and_nights_are_quiet():
    fleet = made.make_fleet(200)
    rows = table_rows.Rows(fleet, "crashlog", np.full(200, 50))
    start, days = rows.window
    for times in (rows.utc_times(), rows.local_times()):
        assert start <= times.min() and times.max() < start + days * columns.DAY_S
    local = (rows.utc_times() + fleet.offset[rows.device]) % columns.DAY_S // 3600
    assert (local < 4).mean() < 0.1 < (abs(local - 14) <= 2).mean()


def test_rows_begin_with_their_device_and_local_day():
    fleet = made.make_fleet(20)
    rows = table_rows.Rows(fleet, "crashlog", np.ones(20, dtype=np.int64))
    utc = rows.utc_times()
    found = table_rows.begin(fleet, "crashlog", sysinfo.guids(fleet), rows.device, utc)
    local = (utc + fleet.offset[rows.device]) // columns.DAY_S
    assert found["guid"].to_pylist() == sysinfo.guids(fleet).to_pylist()
    days = found["dt"].cast("int32").to_numpy()
    np.testing.assert_array_equal(days, local)
    begin = found["interval_local_start"].to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(begin.astype(np.int64), local)
