"""The tables behind workload intel: published margins, and the traps of the corpus."""

import numpy as np
import pytest

from teledp_jax.suites import columns
from teledp_jax.suites.dca import (
    battery,
    blocker_cells,
    blockers,
    browsing,
    displays,
    facts,
    foreground,
    margins,
    memory,
    metrics,
    network,
    overlap,
    platforms,
    presence,
    sleepstudy,
    sysinfo,
    traits,
    versions,
    waits,
)

LEANING = facts.world_named("a")["presence"]
MARGINS = sorted(facts.section("tables").keys() - LEANING.keys())
NUM_DEVICES = 8_000
COVERAGE = 10.0


def make_fleet(num_devices: int, *, coverage: float, seed: int = 4) -> traits.Fleet:
    return traits.make_fleet(
        seed=seed,
        ids=np.arange(num_devices),
        world=facts.world_named("a"),
        coverage=coverage,
    )


@pytest.fixture(scope="module")
def fleet() -> traits.Fleet:
    return make_fleet(NUM_DEVICES, coverage=COVERAGE)


@pytest.fixture(scope="module")
def large_fleet() -> traits.Fleet:
    return make_fleet(100_000, coverage=1.0)


def rows_of(fleet: traits.Fleet, table) -> tuple[columns.Columns, np.ndarray]:
    rows = table(fleet, sysinfo.guids(fleet))
    return rows, rows["guid"].indices.to_numpy().astype(np.int64)


def texts(rows: columns.Columns, name: str) -> np.ndarray:
    """A text column, whose values are few, as an array of text."""
    values = np.array([str(value) for value in rows[name].dictionary.to_pylist()])
    return values[rows[name].indices.to_numpy(zero_copy_only=False)]


@pytest.mark.parametrize("world", ["a", "b"])
@pytest.mark.parametrize("table", MARGINS)
def test_as_many_devices_have_a_table_as_published(world, table):
    # Margins are raked on other devices than these, so that they differ by chance.
    fleet = traits.make_fleet(
        seed=9, ids=np.arange(50_000), world=facts.world_named(world)
    )
    section = facts.section("tables")[table]
    chance = margins.chances(fleet, table, coverage=1.0)
    if within := section.get("within"):
        weight = margins.chances(fleet, within, coverage=1.0)
        chance = chance * weight / weight.mean()
    assert chance.mean() == pytest.approx(section["all"] / 1e6, rel=0.08)
    for attribute, numbers in section.get("by", {}).items():
        value, number = max(numbers.items(), key=lambda pair: pair[1])
        if attribute in fleet.codes:
            code = margins.values(attribute).index(str(value))
            found = chance[fleet.codes[attribute] == code].sum() / len(chance)
            assert found == pytest.approx(number / 1e6, rel=0.15)


def test_devices_that_have_a_table_do_so_with_their_chance(large_fleet):
    for table in ("web_cat_usage_v2", "display_devices", "__tmp_fgnd_apps_date"):
        chance = margins.chances(large_fleet, table, coverage=1.0)
        found = presence.reports(large_fleet, table).sum()
        assert found == pytest.approx(chance.sum(), abs=5.0 * chance.sum() ** 0.5)


def test_coverage_is_a_factor_with_a_cap():
    assert overlap.share("userwait_v2", 2.0) == pytest.approx(2 * 0.038142)
    assert overlap.share("display_devices", 10.0) == 0.6


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
    # By chance alone, 0.02 % would have five or more.
    assert (number >= 5).mean() == pytest.approx(0.014, abs=0.004)


def test_newer_windows_reports_more_traffic(large_fleet):
    has = presence.reports(large_fleet, "os_network_consumption_v2")
    new = large_fleet.is_one_of("os", ["Win11"])
    assert new.mean() == pytest.approx(0.1045, abs=0.01)
    assert new[has].mean() == pytest.approx(0.232, abs=0.03)


def test_two_devices_have_nine_tenths_of_the_network_bytes():
    everyone = make_fleet(100_000, coverage=COVERAGE)
    extreme = network.extremes(everyone)
    chosen = np.flatnonzero(extreme >= 0)
    assert sorted(extreme[chosen]) == [0, 1, 2]
    ids = np.union1d(everyone.ids[chosen], np.arange(4_000))
    fleet = traits.make_fleet(
        seed=4, ids=ids, world=facts.world_named("a"), coverage=COVERAGE
    )
    rows, device = rows_of(fleet, network.os_network_consumption_v2)
    volume = rows["avg_bytes_sec"].to_numpy().astype(np.float64)
    volume *= rows["nr_samples"].to_numpy() * 5
    assert volume.max() < 2**63
    totals = np.sort(np.bincount(device, volume, minlength=len(ids)))
    assert 0.9 < totals[-2:].sum() / totals.sum() < 0.95
    assert totals[-4] < 1e-4 * totals[-3]


def test_an_extreme_device_does_not_depend_on_its_chunk():
    whole = network.extremes(make_fleet(100_000, coverage=COVERAGE))
    part = traits.make_fleet(
        seed=4,
        ids=np.arange(50_000, 60_000),
        world=facts.world_named("a"),
        coverage=COVERAGE,
    )
    np.testing.assert_array_equal(network.extremes(part), whole[50_000:60_000])


def test_few_devices_send_more_than_they_receive(fleet):
    rows, device = rows_of(fleet, network.os_network_consumption_v2)
    volume = rows["avg_bytes_sec"].to_numpy() * rows["nr_samples"].to_numpy() * 5.0
    sent = rows["input_description"].indices.to_numpy() == 1
    received = np.bincount(device, volume * ~sent, minlength=NUM_DEVICES)
    total_sent = np.bincount(device, volume * sent, minlength=NUM_DEVICES)
    has = (received > 0.0) & (total_sent > 0.0)
    assert (total_sent[has] > received[has]).mean() == pytest.approx(0.04, abs=0.015)
    ratio = np.median(received[has]) / np.median(total_sent[has])
    assert ratio == pytest.approx(9.0, rel=0.4)


def test_more_memory_is_used_less(fleet):
    rows, device = rows_of(fleet, memory.os_memsam_avail_percent)
    sizes = np.array([float(v) for v in facts.attribute_values("ram")]) * 1024.0
    size = sizes[fleet.codes["ram"]][device]
    used = 100.0 * (1.0 - rows["average"].to_numpy() / np.maximum(size, 1.0))
    for gb, percent in ((4, 71), (8, 60), (16, 47)):
        chosen = (size == gb * 1024.0) & (used > 0.0)
        assert used[chosen].mean() == pytest.approx(percent, abs=3.0)
    samples = sum(rows[name].to_numpy() for name in rows if "below_" in name)
    samples = samples + rows["equal_to_greater_than_100"].to_numpy()
    np.testing.assert_array_equal(samples, rows["sample_count"].to_numpy())


def test_device_days_on_battery_are_far_shorter_than_device_totals(fleet):
    rows, device = rows_of(fleet, battery.batt_dc_events)
    minutes = rows["duration_mins"].to_numpy()
    day = rows["power_on_dc_ts"].to_numpy().astype("datetime64[D]").astype(np.int64)
    keys = np.unique(device * 10**6 + day)
    assert minutes.sum() / len(keys) == pytest.approx(144.0, rel=0.15)
    assert len(minutes) / len(keys) == pytest.approx(2.5, abs=0.15)
    assert minutes.sum() / len(np.unique(device)) > 1_500.0


def test_modern_standby_is_zero_on_old_processors(fleet):
    rows, device = rows_of(fleet, battery.guids_on_off_suspend_time_day)
    values = platforms.values()
    platform = platforms.of(fleet)[device]
    seconds = rows["mods_time"].to_numpy()
    old = platform == values.index("Coffee Lake, 9th Gen i3")
    new = platform == values.index("Tiger Lake, 11th Gen i5")
    assert seconds[old].sum() == 0.0
    assert seconds[new].mean() == pytest.approx(13_721, rel=0.3)
    names = ("on_time", "off_time", "mods_time", "sleep_time")
    total = sum(rows[name].to_numpy() for name in names)
    assert total.min() > 82_000
    assert total.max() < 86_400


@pytest.fixture(scope="module")
def visits(fleet):
    return rows_of(fleet, browsing.web_cat_usage_v2)


def test_browsers_have_their_shares_of_devices_and_rows(visits):
    rows, device = visits
    names, browser = facts.section("web_cat_usage_v2"), texts(rows, "browser")
    total = len(np.unique(device))
    for name, percent in names["browsers"].items():
        chosen = browser == name
        share = 100.0 * len(np.unique(device[chosen])) / total
        assert share == pytest.approx(percent, abs=3.0)
        assert 100.0 * chosen.mean() == pytest.approx(names["rows"][name], abs=4.0)


def test_only_some_personas_have_devices_without_time(fleet, visits):
    rows, device = visits
    milliseconds = rows["duration_ms"].to_numpy().astype(np.float64)
    total = np.bincount(device, milliseconds, minlength=NUM_DEVICES)
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
    days = np.bincount(np.unique(device * 10**6 + day) // 10**6, minlength=NUM_DEVICES)
    for name in ("Unknown", "Web User"):
        chosen = fleet.is_one_of("persona", [name]) & (days > 0)
        expected = facts.section("web_cat_usage_v2")["days"][name]
        assert days[chosen].mean() == pytest.approx(expected, rel=0.15)


def test_few_devices_have_all_four_metrics():
    fleet = make_fleet(60_000, coverage=COVERAGE)
    names = ("C0", "PSYS", "frequency", "temperature")
    having = np.stack([metrics.measures(fleet, name) for name in names])
    number = having.all(axis=0).sum()
    assert number == pytest.approx(104 * 0.6, rel=0.4)
    assert having[0].sum() > 50 * number


def test_displays_have_their_shares_and_lengths(fleet):
    rows, device = rows_of(fleet, displays.display_devices)
    total = len(np.unique(device))
    connection = texts(rows, "connection_type")
    height = rows["resolution_heigth"].to_numpy()
    for name in ("HDMI", "INTERNAL"):
        devices, mains, _ = facts.listing("displays")["groups"][name]["1080x1920"]
        chosen = (connection == name) & (height == 1080)
        chosen &= rows["resolution_width"].to_numpy() == 1920
        share = len(np.unique(device[chosen])) / total
        assert share == pytest.approx(devices / 209_239, abs=0.03)
        seconds = rows["duration_ac"].to_numpy()[chosen]
        assert seconds.mean() == pytest.approx(mains, rel=0.1)
    vendor = texts(rows, "vendor_name")
    for name in ("LG", "Dell"):
        share = 100.0 * len(np.unique(device[vendor == name])) / total
        expected = facts.section("display_devices")["vendors"][name]
        assert share == pytest.approx(expected, abs=1.5)


def test_internal_displays_go_with_portable_devices(fleet):
    rows, device = rows_of(fleet, displays.display_devices)
    internal = np.unique(device[texts(rows, "connection_type") == "INTERNAL"])
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    others = np.setdiff1d(device, internal)
    assert portable[internal].mean() > portable[others].mean() + 0.2


def test_applications_keep_devices_and_detections(fleet):
    rows, device = rows_of(fleet, foreground.fgnd_apps_date)
    name = texts(rows, "exe_name")
    total = len(np.unique(device))
    for kind, app in (("Web Browsing", "chrome.exe"), ("Productivity", "excel.exe")):
        devices, detections = facts.listing("apps")["kinds"][kind][app]
        chosen = name == app
        share = len(np.unique(device[chosen])) / total
        assert share == pytest.approx(devices / 55_830, abs=0.03)
        lines = rows["lines_per_day"].to_numpy()[chosen].sum() / total
        assert lines == pytest.approx(detections / 55_830, rel=0.2)


def test_single_devices_lead_the_focus_ranking(fleet):
    rows, device = rows_of(fleet, foreground.fgnd_apps_date)
    name = rows["exe_name"].indices.to_numpy()
    mean = np.bincount(name, rows["totalsecfocal_day"].to_numpy())
    mean /= np.maximum(np.bincount(name), 1)
    leaders = np.argsort(mean)[-10:]
    owners = [len(np.unique(device[name == leader])) for leader in leaders]
    assert np.median(owners) <= 3


def test_waits_on_battery_are_of_portable_devices(fleet):
    rows, device = rows_of(fleet, waits.userwait_v2)
    state = texts(rows, "ac_dc_event_name")
    event = texts(rows, "event_name")
    on_battery = np.char.startswith(state, "DC_")
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    assert portable[device[on_battery]].all()
    assert on_battery.mean() == pytest.approx(0.083, abs=0.02)
    assert (event == "APPSTARTING").mean() == pytest.approx(0.815, abs=0.01)
    milliseconds = rows["duration_ms"].to_numpy()
    assert milliseconds.max() > 1_000 * np.median(milliseconds)


def test_windows_of_versions_meet_end_to_end(fleet):
    rows, device = rows_of(fleet, versions.system_os_codename_history)
    first, last = (rows[name].to_numpy() for name in ("min_ts", "max_ts"))
    assert (first < last).all()
    same = device[1:] == device[:-1]
    gap = first[1:][same] - last[:-1][same]
    assert (gap == np.timedelta64(0)).mean() > 0.97
    assert (gap <= np.timedelta64(0)).all()
    assert len(device) / len(np.unique(device)) == pytest.approx(2.14, abs=0.1)


def test_blockers_lie_in_the_windows_of_their_versions(fleet):
    rows, device = rows_of(fleet, blockers.mods_sleepstudy_top_blocker_hist)
    history, owner = rows_of(fleet, versions.system_os_codename_history)
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


def test_versions_have_their_records(fleet):
    table = blocker_cells.cells()
    share = np.maximum(table["records"], 1.0 / facts.rows_share(blockers.TABLE))
    expected = (table["share"] * share).sum(axis=1) + table["idle"]
    wanted = facts.section(blockers.TABLE)["records"].values()
    np.testing.assert_allclose(expected[:-1], list(wanted), rtol=0.02)


def test_the_stub_is_of_one_device(fleet):
    table = sleepstudy.mods_sleepstudy_power_estimation_data_13wks
    _, device = rows_of(fleet, table)
    assert len(device) == 10_000
    assert set(device) == {0}


def test_listings_state_no_group_below_100_devices():
    groups = facts.listing("displays")["groups"].values()
    assert min(row[0] for group in groups for row in group.values()) >= 100
    kinds = facts.listing("apps")["kinds"].values()
    assert min(row[0] for kind in kinds for row in kind.values()) >= 100
    kinds = facts.listing("blockers")["kinds"].values()
    cells = [row for kind in kinds for name in kind.values() for row in name.values()]
    assert min(row[0] for row in cells) >= 100
