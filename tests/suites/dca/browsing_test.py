"""Web use."""

import numpy as np
import pytest

from teledp_jax.suites.dca import browsing, facts
from tests.suites.dca import made


@pytest.fixture(scope="module")
def visits(fleet):
    return made.rows_of(fleet, browsing.web_cat_usage_v2)


def test_browsers_have_their_shares_of_devices_and_rows(visits):
    rows, device = visits
    names, browser = facts.section("web_cat_usage_v2"), made.texts(rows, "browser")
    total = len(np.unique(device))
    for name, percent in names["browsers"].items():
        chosen = browser == name
        share = 100.0 * len(np.unique(device[chosen])) / total
        assert share == pytest.approx(percent, abs=3.0)
        assert 100.0 * chosen.mean() == pytest.approx(names["rows"][name], abs=4.0)


def test_only_some_personas_have_devices_without_time(fleet, visits):
    rows, device = visits
    milliseconds = rows["duration_ms"].to_numpy().astype(np.float64)
    total = np.bincount(device, milliseconds, minlength=made.NUM_DEVICES)
    empty = np.intersect1d(np.flatnonzero(total == 0.0), device)
    blanked = fleet.is_one_of("persona", facts.section("web_cat_usage_v2")["blanked"])
    assert len(empty) > 0
    assert blanked[empty].all()


def test_personas_browse_on_their_number_of_days(fleet, visits):
    rows, device = visits
    day = (
        rows["dt"]
        .to_numpy(zero_copy_only=False)
        .astype("datetime64[D]")
        .astype(np.int64)
    )
    days = np.bincount(
        np.unique(device * 10**6 + day) // 10**6, minlength=made.NUM_DEVICES
    )
    for name in ("Unknown", "Web User"):
        chosen = fleet.is_one_of("persona", [name]) & (days > 0)
        expected = facts.section("web_cat_usage_v2")["days"][name]
        assert days[chosen].mean() == pytest.approx(expected, rel=0.15)
