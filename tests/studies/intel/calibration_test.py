import math

import pytest

from teledp_jax.studies.intel import calibration
from teledp_jax.suites.dca import facts

VENDORS = "display_devices_vendors_percentage"
BATTERY = "battery_on_duration_cpu_family_gen"
BLOCKERS = "mods_blockers_by_osname_and_codename"
SYSTEMS = "top_10_applications_by_app_type_ranked_by_system_count"
DETECTIONS = "top_10_applications_by_app_type_ranked_by_total_detections"


def measures(query, theirs, ours, **options) -> dict[str, tuple[float, int]]:
    options = {"num_devices": 1_000_000} | options
    rows = calibration.compare(query, theirs, ours, **options)
    return {row["column"]: (row["value"], row["groups"]) for row in rows}


def platform(name: str, devices: str, minutes: str) -> dict[str, str]:
    return {
        "marketcodename": name,
        "cpugen": "",
        "number_of_systems": devices,
        "avg_duration_mins_on_battery": minutes,
    }


def test_errors_are_medians_over_groups_of_100_devices():
    theirs = [
        platform("a", "100", "50"),
        platform("b", "400", "20"),
        platform("c", "200", "10"),
        platform("small", "99", "1"),
    ]
    ours = [
        platform("a", "11", "50"),
        platform("b", "50", "30"),
        platform("c", "20", "11"),
        platform("small", "99", "9"),
    ]
    found = measures(BATTERY, theirs, ours, num_devices=100_000)
    # Devices 110, 500 and 200 in a million: errors 0.1, 0.25, 0.
    assert found["number_of_systems"] == (pytest.approx(0.1), 3)
    # Minutes: errors 0, 0.5, 0.1.
    assert found["avg_duration_mins_on_battery"] == (pytest.approx(0.1), 3)


def test_counts_of_rows_are_taken_at_their_share():
    share = facts.section("rows_share")["shares"]["mods_sleepstudy_top_blocker_hist"]
    theirs = {
        "os_name": "Win11",
        "os_codename": "22H2",
        "number_of_systems": "200",
        "num_entries": "4000",
        "entries_per_system": "20",
    }
    ours = theirs | {
        "num_entries": str(4000 * share),
        "entries_per_system": str(20 * share),
    }
    found = measures(BLOCKERS, [theirs], [ours])
    assert {value for value, _ in found.values()} == {0.0}


def test_shares_are_compared_by_total_variation():
    theirs = [
        {"vendor_name": "a", "number_of_systems": "1", "percentage_of_systems": "75"},
        {"vendor_name": "b", "number_of_systems": "1", "percentage_of_systems": "25"},
    ]
    ours = [{**theirs[0], "percentage_of_systems": "10"}]
    assert measures(VENDORS, theirs, ours)["percentage_of_systems"][0] == 0.25


def test_rankings_are_compared_over_items_known_to_have_devices():
    names = ["a", "b", "c", "rare"]
    theirs = [
        {"app_type": "x", "exe_name": n, "total_number_of_detections": str(9 - k)}
        for k, n in enumerate(names)
    ]
    known = [
        {"app_type": "x", "exe_name": n, "number_of_systems": "500"} for n in names[:3]
    ]
    ours = [row | {"total_number_of_detections": "1"} for row in theirs]
    for row, value in zip(ours, ("1", "2", "3", "9"), strict=True):
        row["total_number_of_detections"] = value
    found = measures(DETECTIONS, theirs, ours, known=known)
    assert found["total_number_of_detections"] == (pytest.approx(-1.0), 3)


def test_missing_values_are_left_out():
    theirs = [platform("a", "100", ""), platform("b", "100", "10")]
    ours = [platform("a", "100", "5"), platform("b", "100", "10")]
    assert measures(BATTERY, theirs, ours)["avg_duration_mins_on_battery"] == (0.0, 1)
    assert math.isnan(measures(BATTERY, theirs, [])["number_of_systems"][0])


def test_every_query_of_the_workload_is_compared_or_named():
    assert len(calibration.queries()) == 21
    codenames = {section["codename"] for section in calibration.queries().values()}
    assert len(codenames) == 21
    blocker = "top_mods_blocker_types_durations_by_osname_and_codename"
    assert calibration.file_of(blocker) == f"{blocker}.first2000"
    assert calibration.file_of(SYSTEMS) == SYSTEMS
