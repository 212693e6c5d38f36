"""Which devices have a table."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, margins, presence

LEANING = sorted(facts.world_named("a")["presence"])


def test_devices_that_have_a_table_do_so_with_their_chance(large_fleet):
    for table in ("web_cat_usage_v2", "display_devices", "__tmp_fgnd_apps_date"):
        chance = margins.chances(large_fleet, table, coverage=1.0)
        found = presence.reports(large_fleet, table).sum()
        assert found == pytest.approx(chance.sum(), abs=5.0 * chance.sum() ** 0.5)


def test_groups_of_tables_overlap_as_published(large_fleet):
    groups = {
        "os_network_consumption_v2": 1,
        "os_memsam_avail_percent": 1,
        "__tmp_batt_dc_events": 1,
        "web_cat_usage_v2": 2,
        "guids_on_off_suspend_time_day": 1,
        "display_devices": 1,
        "hw_metric_stats": 1,
    }
    number = sum(
        n * presence.reports(large_fleet, table) for table, n in groups.items()
    )
    assert (number == 0).mean() == pytest.approx(0.718, abs=0.01)
    assert (number == 1).mean() == pytest.approx(0.177, abs=0.01)
    # Only by chance, 0.02 % would have five or more.
    assert (number >= 5).mean() == pytest.approx(0.014, abs=0.004)


def test_newer_windows_reports_more_traffic(large_fleet):
    has = presence.reports(large_fleet, "os_network_consumption_v2")
    new = large_fleet.is_one_of("os", ["Win11"])
    assert new.mean() == pytest.approx(0.1045, abs=0.01)
    assert new[has].mean() == pytest.approx(0.232, abs=0.03)


def test_most_devices_lack_most_tables_and_presence_overlaps(world_fleet):
    present = np.stack([presence.reports(world_fleet, table) for table in LEANING])
    coverage = present.mean(axis=1)
    assert coverage.min() > 0.04
    assert coverage.max() < 0.46
    assert np.median(present.sum(axis=0)) < len(LEANING) / 2
    none_if_independent = np.prod(1.0 - coverage)
    assert (~present.any(axis=0)).mean() > 1.3 * none_if_independent
