"""Reporting tables of suite dca, worked by hand from a few raw rows."""

import datetime

import pytest
import yaml

from tests import paths

SUITE = paths.SQL / "dca"
LOADED = paths.suite("dca")
NAN, INF = float("nan"), float("inf")
DAY = datetime.date(2024, 3, 1)


@pytest.fixture
def made(dca_raw):
    """Makes some columns of a reporting table, ordered, from rows of raw tables."""

    def make(name, columns, **rows):
        connection = dca_raw(rows)
        for other, file in LOADED.reporting_files.items():
            connection.sql(file.statement).create(other)
        found = connection.table(name).project(columns).order("ALL")
        return [tuple(row) for row in found.fetchall()]

    return make


def rows(columns, *values):
    return [dict(zip(columns.split(), row, strict=True)) for row in values]


def test_package_power_is_weighted_by_samples_that_count(made):
    name = "HW::PACKAGE:IA_POWER:WATTS:"
    stats = rows(
        "guid dt name instance nrs mean max",
        ("a", DAY, name, 0, 10, 2.0, 5.0),
        ("a", DAY, name, 0, 30, 4.0, 9.0),
        ("a", DAY, name, 0, 0, 99.0, 99.0),
        ("a", DAY, name, 0, -5, 99.0, 99.0),
        ("a", DAY, name, 0, None, 99.0, 99.0),
        ("a", DAY, name, 0, 10, NAN, 99.0),
        ("a", DAY, name, 0, 10, INF, 99.0),
        ("a", DAY, name, 0, 10, None, 99.0),
        ("a", DAY, name, 1, 10, 7.0, 8.0),
        ("a", DAY, "HW:::PSYS_RAP:WATTS:", 0, 10, 99.0, 99.0),
        (None, DAY, name, 0, 10, 99.0, 99.0),
    )
    found = made("system_hw_pkg_power", "guid, instance, nrs, mean, max",
                 hw_metric_stats=stats)  # fmt: skip
    assert found == [("a", 0, 40, 3.5, 9.0), ("a", 1, 10, 7.0, 8.0)]


@pytest.mark.parametrize(
    ("table", "names", "stem"),
    [
        ("system_psys_rap_watts", ("HW::PACKAGE:RAP:WATTS:", "HW:::PSYS_RAP:WATTS:"),
         "psys_rap_watts"),
        ("system_pkg_C0", ("HW::PACKAGE:C0_RESIDENCY:PERCENT:",), "pkg_c0"),
        ("system_pkg_avg_freq_mhz", ("HW::CORE:AVG_FREQ:MHZ:",), "avg_freq_mhz"),
        ("system_pkg_temp_centigrade", ("HW::CORE:TEMPERATURE:CENTIGRADE:",),
         "temp_centigrade"),
    ],
)  # fmt: skip
def test_all_statistics_of_a_metric_are_weighted_means_of_a_day(
    table, names, stem, made
):
    stats = rows(
        "guid dt name instance nrs min mean max",
        ("a", DAY, names[0], 0, 10, 1.0, 2.0, 3.0),
        ("a", DAY, names[-1], 1, 30, 3.0, 4.0, 7.0),
        ("a", DAY, names[0], 0, -1, 0.0, 99.0, 99.0),
        ("a", DAY, names[0], 0, 10, 0.0, NAN, 99.0),
        ("a", DAY, "HW::CORE:C0:PERCENT:", 0, 10, 0.0, 99.0, 99.0),
    )
    columns = f"guid, nrs, min_{stem}, avg_{stem}, max_{stem}"
    assert made(table, columns, hw_metric_stats=stats) == [("a", 40, 2.5, 3.5, 6.0)]


def test_a_day_on_battery_counts_episodes_and_no_sentinels(made):
    late = datetime.datetime.combine(DAY, datetime.time(23, 59))
    next_day = late + datetime.timedelta(minutes=1)
    episodes = rows(
        "guid power_on_dc_ts duration_mins power_on_battery_percent"
        " power_off_battery_percent",
        ("a", late, 30, 80, -1),
        ("a", late, 0, -1, -1),
        ("a", late, 60, 40, 20),
        ("a", late, -1, 100, 100),
        ("a", late, None, 100, 100),
        ("a", next_day, 5, 70, 60),
        ("a", None, 5, 70, 60),
    )
    found = made(
        "system_batt_dc_events",
        "dt, duration_mins, min_power_on_battery_percent, avg_power_on_battery_percent,"
        " max_power_on_battery_percent, max_power_off_battery_percent, num_power_ons",
        __tmp_batt_dc_events=episodes,
    )
    assert found == [
        (DAY, 90, 40, 60.0, 80, 20, 3),
        (DAY + datetime.timedelta(days=1), 5, 70, 70.0, 70, 60, 1),
    ]


def test_waits_are_counted_by_power_state_and_process(made):
    waits = rows(
        "guid dt event_name ac_dc_event_name proc_name_current duration_ms",
        ("a", DAY, "WAIT", "AC_DISPLAY_ON", "x", 1000),
        ("a", DAY, "WAIT", "AC_DISPLAY_ON", "x", 2500),
        ("a", DAY, "WAIT", "AC_DISPLAY_ON", "x", -1),
        ("a", DAY, "WAIT", "AC_DISPLAY_ON", "x", None),
        ("a", DAY, "WAIT", "unknown", "x", 1),
        ("a", DAY, "WAIT", None, None, 2),
    )
    found = made(
        "system_userwait",
        "acdc, ac_dc_event_name, proc_name, number_of_instances, total_duration_ms",
        userwait_v2=waits,
    )
    assert found == [
        ("", None, None, 1, 2),
        ("AC", "AC_DISPLAY_ON", "x", 2, 3500),
        ("UN", "unknown", "x", 1, 1),
    ]


def test_network_rates_are_weighted_over_interfaces_and_hours(made):
    received, sent = "OS::BYTES RECEIVED/SEC::", "OS::BYTES SENT/SEC::"
    hours = rows(
        "guid dt input_description network_interface nr_samples min_bytes_sec"
        " avg_bytes_sec max_bytes_sec",
        ("a", DAY, received, "wifi", 100, 1, 10, 50),
        ("a", DAY, received, "lan", 300, 0, 10**17, 2 * 10**17),
        ("a", DAY, received, "lan", 0, 0, 99, 99),
        ("a", DAY, received, "lan", None, 0, 99, 99),
        ("a", DAY, received, "lan", 10, 0, -1, 99),
        ("a", DAY, sent, "lan", 10, 1, 2, 3),
    )
    found = made(
        "system_network_consumption",
        "input_desc, nrs, min_bytes_sec, avg_bytes_sec, max_bytes_sec",
        os_network_consumption_v2=hours,
    )
    assert found == [
        (received, 400, 0, pytest.approx(7.5e16), 2 * 10**17),
        (sent, 10, 1, 2.0, 3),
    ]


def test_memory_in_use_is_a_share_of_what_sysinfo_records(made):
    samples = rows(
        "guid dt sample_count average",
        ("a", DAY, 10, 1024.0),
        ("a", DAY, 30, 3072.0),
        ("a", DAY, 0, 9.0),
        ("a", DAY, 5, NAN),
        ("a", DAY, 5, -1.0),
        ("more free than there is", DAY, 1, 3000.0),
        ("no size", DAY, 1, 3000.0),
        ("no sysinfo", DAY, 1, 3000.0),
    )
    devices = rows(
        "guid ram lastreportdate",
        ("a", 2.0, datetime.datetime(2020, 1, 1)),
        ("a", 4.0, datetime.datetime(2024, 1, 1)),
        ("more free than there is", 2.0, None),
        ("no size", 0.0, None),
    )
    found = made(
        "system_memory_utilization",
        "guid, nrs, avg_free_ram, sysinfo_ram, utilized_ram, avg_percentage_used",
        os_memsam_avail_percent=samples,
        system_sysinfo_unique_normalized=devices,
    )
    # (10 * 1024 + 30 * 3072) / 40 MB are free of 4096 MB.
    assert found == [
        ("a", 40, 2560.0, 4096.0, 1536.0, 38),
        ("more free than there is", 1, 3000.0, 2048.0, -952.0, -46),
    ]


def test_the_pivot_sums_pairs_of_categories_and_keeps_days_without_any(made):
    tomorrow = DAY + datetime.timedelta(days=1)
    usage = rows(
        "guid dt browser parent_category sub_category duration_ms",
        ("a", DAY, "chrome", "games", "other", 5),
        ("a", DAY, "edge", "games", "other", 7),
        ("a", DAY, "edge", "games", "video games", 11),
        ("a", DAY, "edge", "education", "", 13),
        ("a", DAY, "edge", "education", "education", 17),
        ("a", DAY, "edge", "education", None, 19),
        ("a", DAY, "edge", "other", "unclassified", 23),
        ("a", DAY, "edge", "games", "other", -1),
        ("a", tomorrow, "edge", "unheard of", "other", 29),
    )
    found = made(
        "system_web_cat_pivot_duration",
        "dt, games_other, games_video_games, education, unclassified, private",
        web_cat_usage_v2=usage,
    )
    assert found == [(DAY, 12, 11, 49, 23, 0), (tomorrow, 0, 0, 0, 0, 0)]


def test_copies_leave_out_rows_whose_measure_is_missing_or_negative(made):
    measures = {
        "system_on_off_suspend_time_day": (
            "guids_on_off_suspend_time_day", "on_time off_time mods_time sleep_time"
        ),
        "system_frgnd_apps_types": (
            "__tmp_fgnd_apps_date", "totalsecfocal_day lines_per_day"
        ),
        "system_web_cat_usage": ("web_cat_usage_v2", "duration_ms"),
        "system_display_devices": ("display_devices", "duration_ac duration_dc"),
        "system_mods_power_consumption": (
            "mods_sleepstudy_power_estimation_data_13wks", "total_power_consumption"
        ),
    }  # fmt: skip
    for name, (raw, columns) in measures.items():
        good = {"guid": "a", **dict.fromkeys(columns.split(), 1)}
        odd = [
            {**good, column: value}
            for column in columns.split()
            for value in (None, -1)
        ]
        raw_rows = [good, {**good, "guid": None}, *odd]
        expected = [("a", *(1 for _ in columns.split()))]
        listed = ", ".join(["guid", *columns.split()])
        assert made(name, listed, **{raw: raw_rows}) == expected, name


def test_a_blocker_keeps_the_day_of_the_study_and_any_active_time(made):
    blockers = rows(
        "guid ts_utc dt_utc ts_local active_time_ms",
        ("a", datetime.datetime(2024, 3, 1, 23), DAY, datetime.datetime(2024, 3, 2), 0),
        ("a", datetime.datetime(2024, 3, 1, 23), DAY, None, None),
    )
    found = made("system_mods_top_blocker_hist", "guid, dt, active_time_ms",
                 mods_sleepstudy_top_blocker_hist=blockers)  # fmt: skip
    assert found == [("a", DAY, 0), ("a", DAY, None)]


def test_a_full_device_keeps_rows_with_listed_texts():
    tables = LOADED.schema.tables
    capped = [t for t in tables if t.cap_by and not t.column(t.cap_by).is_number]
    assert {table.name for table in capped} == {
        "system_display_vendors", "system_frgnd_apps_types",
        "system_mods_top_blocker_hist", "system_userwait",
    }  # fmt: skip
    for table in capped:
        column = table.column(table.cap_by or "")
        # The rows kept are those with the largest codes; there Other is a true maker.
        is_pool = table.name != "system_display_vendors"
        assert column.categories.index(column.other) == (
            0 if is_pool else len(column.categories) - 1
        )


def test_vocabularies_are_all_of_use():
    lists = yaml.safe_load((SUITE / "vocabularies.yaml").read_text())
    used = {
        fields.get("values")
        for file in LOADED.device_files.values()
        for fields in file.get("columns").values()
        if isinstance(fields.get("values"), str)
    }
    assert used == set(lists)
