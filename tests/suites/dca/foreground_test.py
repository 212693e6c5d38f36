"""Applications in the foreground."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, foreground
from tests.suites.dca import made


def test_applications_keep_devices_and_detections(fleet):
    rows, device = made.rows_of(fleet, foreground.fgnd_apps_date)
    name = made.texts(rows, "exe_name")
    total = len(np.unique(device))
    for kind, app in (("Web Browsing", "chrome.exe"), ("Productivity", "excel.exe")):
        devices, detections = facts.listing("apps")["kinds"][kind][app]
        chosen = name == app
        share = len(np.unique(device[chosen])) / total
        assert share == pytest.approx(devices / 55_830, abs=0.03)
        lines = rows["lines_per_day"].to_numpy()[chosen].sum() / total
        assert lines == pytest.approx(detections / 55_830, rel=0.2)


def test_single_devices_lead_the_focus_ranking(fleet):
    rows, device = made.rows_of(fleet, foreground.fgnd_apps_date)
    name = rows["exe_name"].indices.to_numpy()
    mean = np.bincount(name, rows["totalsecfocal_day"].to_numpy())
    mean /= np.maximum(np.bincount(name), 1)
    leaders = np.argsort(mean)[-10:]
    owners = [len(np.unique(device[name == leader])) for leader in leaders]
    assert np.median(owners) <= 3
