"""Device tables of workload intel, worked by hand from a few raw rows."""

import datetime

import pytest

from tests import paths

LOADED = paths.suite("dca")
DAY = datetime.date(2024, 3, 1)


def moment(day, hour=0):
    return datetime.datetime(2024, 3, day, hour)


@pytest.fixture
def made(dca_raw):
    """Makes the rows of one device table, in order, from rows of raw tables."""

    def make(name, **rows):
        connection = dca_raw(rows)
        for other, file in LOADED.reporting_files.items():
            connection.sql(file.statement).create(other)
        found = connection.sql(LOADED.device_files[name].statement).order("ALL")
        return [tuple(row) for row in found.fetchall()]

    return make


def hour(guid, counter, samples, rate):
    return {"guid": guid, "dt": DAY, "input_description": f"OS::{counter}::",
            "nr_samples": samples, "avg_bytes_sec": rate}  # fmt: skip


def test_network_bytes_are_rates_times_samples_of_5_s(made):
    found = made(
        "system_network_consumption",
        os_network_consumption_v2=[
            hour("a", "BYTES RECEIVED/SEC", 100, 30),
            hour("a", "BYTES SENT/SEC", 200, 5),
            hour("a", "PACKETS SENT/SEC", 50, 999),
            hour("equal", "BYTES RECEIVED/SEC", 7, 3),
            hour("equal", "BYTES SENT/SEC", 7, 3),
            hour("idle", "BYTES SENT/SEC", 7, 0),
            hour("sends only", "BYTES SENT/SEC", 10, 2),
        ],
    )
    assert found == [
        ("a", 350, 20_000.0, 0.25),
        ("equal", 14, 210.0, 0.5),
        ("idle", 7, 0.0, None),
        ("sends only", 10, 100.0, 1.0),
    ]


def test_a_blocker_counts_for_each_window_that_holds_the_start_of_its_day(made):
    def window(start, end, codename):
        return {"guid": "a", "min_ts": start, "max_ts": end, "os_name": "Win10",
                "os_codename": codename}  # fmt: skip

    windows = [
        window(moment(1), moment(2), "21H2"),
        window(moment(2), moment(5, 12), "22H2"),  # meets the one before at midnight
        window(moment(4), moment(6), "22H2"),  # overlaps its own version
        window(moment(7, 1), moment(9), "RS5"),  # starts after midnight
    ]
    blockers = [
        {"guid": "a", "dt_utc": datetime.date(2024, 3, day), "active_time_ms": 2000 * k,
         "blocker_name": "x|y", "blocker_type": "Activator", "activity_level": "low"}
        for k, day in enumerate((1, 2, 5, 7, 8, 20))
    ]  # fmt: skip
    raw = {
        "system_os_codename_history": windows,
        "mods_sleepstudy_top_blocker_hist": blockers,
    }
    assert made("system_mods_blockers_by_os", **raw) == [
        ("a", "Win10|21H2", 2),  # days 1 and 2
        ("a", "Win10|22H2", 3),  # day 2, and day 5 twice
        ("a", "Win10|RS5", 1),  # day 8; day 7 began before the window
    ]
    blocker = ("Activator|x|y", "low")
    assert made("system_mods_top_blocker_hist", **raw) == [
        ("a", "Win10|21H2", *blocker, 1, 2.0),  # day 1 has no active time
        ("a", "Win10|22H2", *blocker, 3, pytest.approx(10 / 3)),
        ("a", "Win10|RS5", *blocker, 1, 8.0),
    ]


def test_shares_of_browsing_are_0_without_time_on_a_listed_category(made):
    def usage(guid, day, category, ms):
        return {"guid": guid, "dt": day, "parent_category": category,
                "duration_ms": ms}  # fmt: skip

    tomorrow = DAY + datetime.timedelta(days=1)
    found = made(
        "system_web_cat_pivot_duration",
        web_cat_usage_v2=[
            usage("a", DAY, "mail", 30),
            usage("a", tomorrow, "news", 10),
            usage("a", tomorrow, "unheard of", 70),
            usage("idle", DAY, "unheard of", 70),
        ],
    )
    columns = [
        c.name for c in LOADED.schema.table("system_web_cat_pivot_duration").columns
    ]
    named = [dict(zip(columns, row[1:], strict=True)) for row in found]
    assert [row.pop("num_days") for row in named] == [2, 1]
    positive = [{name: share for name, share in row.items() if share} for row in named]
    assert positive == [{"mail": 75.0, "news": 25.0}, {}]


def test_memory_leaves_out_days_without_a_positive_share(made):
    found = made(
        "system_memory_utilization",
        os_memsam_avail_percent=[
            {"guid": "a", "dt": datetime.date(2024, 3, day), "sample_count": count,
             "average": free}
            for day, count, free in ((1, 10, 768.0), (2, 30, 512.0), (3, 99, 2000.0))
        ],
        system_sysinfo_unique_normalized=[{"guid": "a", "ram": 1.0}],
    )  # fmt: skip
    # 25 % of 10 samples and 50 % of 30; on the third day more was free than there is.
    assert found == [("a", 40, 43.75)]


def test_waits_leave_out_what_stands_for_no_process(made):
    names = ("DUMMY_PROCESS", "DESKTOP", "explorer.exe", "RESTRICTED PROCESS",
             "UNKNOWN", None, "", "Explorer.exe", "unknown")  # fmt: skip
    found = made(
        "system_userwait",
        userwait_v2=[
            {"guid": "a", "proc_name_current": name, "event_name": "WAIT",
             "ac_dc_event_name": "", "duration_ms": 1500}
            for name in names
        ],
    )  # fmt: skip
    assert found == [
        ("a", name, "WAIT", None, 1, 1.5) for name in ("", "Explorer.exe", "unknown")
    ]


def test_displays_are_named_by_height_then_width(made):
    def display(connection, height, width, ac):
        return {"guid": "a", "connection_type": connection, "vendor_name": None,
                "resolution_heigth": height, "resolution_width": width,
                "duration_ac": ac, "duration_dc": 0}  # fmt: skip

    raw = {
        "display_devices": [
            display("HDMI", 1080, 1920, 10),
            display("HDMI", 1080, 1920, 20),
            display("HDMI", 1920, 1080, 5),
            display("HDMI", 0, 1080, 5),
            display("HDMI", 1080, None, 5),
            display(None, 1080, 1920, 5),
        ]
    }
    assert made("system_display_devices", **raw) == [
        ("a", "HDMI", "1080x1920", 2, 15.0, 0.0),
        ("a", "HDMI", "1920x1080", 1, 5.0, 0.0),
    ]
    assert made("system_display_vendors", **raw) == [("a", None)]
