"""Windows versions."""

import numpy as np
import pytest

from teledp_jax.suites.dca import versions
from tests.suites.dca import made


def test_windows_of_versions_meet_end_to_end(fleet):
    rows, device = made.rows_of(fleet, versions.system_os_codename_history)
    first, last = (rows[name].to_numpy() for name in ("min_ts", "max_ts"))
    assert (first < last).all()
    same = device[1:] == device[:-1]
    gap = first[1:][same] - last[:-1][same]
    assert (gap == np.timedelta64(0)).mean() > 0.97
    assert (gap <= np.timedelta64(0)).all()
    assert len(device) / len(np.unique(device)) == pytest.approx(2.14, abs=0.1)
