"""The anchor table."""

import numpy as np

from teledp_jax.suites.dca import sysinfo
from tests.suites.dca import made


def test_each_device_has_one_row_and_an_id_of_its_own():
    fleet = made.make_fleet(500)
    ids = sysinfo.guids(fleet)
    rows = sysinfo.system_sysinfo_unique_normalized(fleet, ids)
    assert len(set(ids.to_pylist())) == 500
    assert {len(column) for column in rows.values()} == {500}
    first, last = (rows[f"{name}reportdate"].to_numpy() for name in ("first", "last"))
    assert (first < last).all()


def test_only_devices_with_discrete_graphics_have_a_card_of_another_maker(fleet):
    rows = sysinfo.system_sysinfo_unique_normalized(fleet, sysinfo.guids(fleet))
    makers = made.texts(rows, "graphicsmanuf")
    np.testing.assert_array_equal(makers != "Intel", fleet.discrete)
