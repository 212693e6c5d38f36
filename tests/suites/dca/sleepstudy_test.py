"""The stub of the sleep study."""

from teledp_jax.suites.dca import sleepstudy
from tests.suites.dca import made


def test_the_stub_is_of_one_device(fleet):
    table = sleepstudy.mods_sleepstudy_power_estimation_data_13wks
    _, device = made.rows_of(fleet, table)
    assert len(device) == 10_000
    assert set(device) == {0}
