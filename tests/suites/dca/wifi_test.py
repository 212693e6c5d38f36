"""Wi-Fi errors."""

from teledp_jax.suites.dca import wifi
from tests.suites.dca import made


def test_devices_that_roam_through_bad_networks_fail_most(fleet):
    counts = made.num_rows(fleet, wifi.wifi_error)
    roaming = (fleet.latents["mobility"] > 0.7) & (fleet.latents["network"] < -0.3)
    some = counts > 0
    assert counts[some & roaming].mean() > 2.5 * counts[some & ~roaming].mean()


def test_errors_are_counted_and_points_have_names(fleet):
    rows, _ = made.rows_of(fleet, wifi.wifi_error)
    assert rows["error_count"].to_numpy().min() >= 1
    assert {len(name) for name in rows["ap_id"].to_pylist()[:100]} == {12}
