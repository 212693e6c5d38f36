"""Blockers of modern standby."""

import numpy as np
import pytest

from teledp_jax.suites.dca import blockers, versions
from tests.suites.dca import made


def test_blockers_lie_in_the_windows_of_their_versions(fleet):
    rows, device = made.rows_of(fleet, blockers.mods_sleepstudy_top_blocker_hist)
    history, owner = made.rows_of(fleet, versions.system_os_codename_history)
    day = rows["dt_utc"].to_numpy(zero_copy_only=False).astype("datetime64[us]")
    first, last = (history[name].to_numpy() for name in ("min_ts", "max_ts"))
    inside = np.zeros(len(device), dtype=bool)
    order = np.argsort(owner, kind="stable")
    for number in range(4):
        place = np.searchsorted(owner[order], device, side="left") + number
        row = order[np.minimum(place, len(order) - 1)]
        match = owner[row] == device
        inside |= match & (first[row] <= day) & (day <= last[row])
    assert inside.mean() == pytest.approx(0.95, abs=0.02)
    positive = rows["active_time_ms"].to_numpy() > 0
    assert positive.mean() == pytest.approx(0.62, abs=0.08)
