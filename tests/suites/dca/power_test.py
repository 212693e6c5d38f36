"""Metrics of power events."""

from teledp_jax.suites.dca import power, sysinfo
from tests.suites.dca import made


def test_broken_sensors_return_garbage():
    fleet = made.make_fleet(20_000, seed=0)
    columns = power.power_acdc_usage_v4_hist(fleet, sysinfo.guids(fleet))
    values = columns["avg_val"].to_numpy()
    assert 0.0 < (values > 10_000.0).mean() < 0.01
