"""Device tables of suite dca, worked by hand from a few raw rows."""

import datetime
from typing import Any

import pytest
import yaml

from teledp_jax.data import sqlfile
from tests import paths

SUITE = paths.SQL / "dca"
DEVICE_FILES = {table.name: table for table in sqlfile.read_folder(SUITE / "device")}
VOCABULARIES = yaml.safe_load((SUITE / "vocabularies.yaml").read_text())
START = datetime.date(2024, 10, 1)


def event(device: str, day: int, **values: Any) -> dict[str, Any]:
    """A raw event at noon of a day."""
    date = START + datetime.timedelta(days=day)
    noon = datetime.datetime.combine(date, datetime.time(12))
    return {"guid": device, "dt": date, "ts": noon, **values}


@pytest.fixture
def tables_of(dca_raw):
    """Makes device tables of the same names from rows of raw tables."""

    def make(**rows):
        connection = dca_raw(rows)
        return {
            name: sorted(
                connection.execute(DEVICE_FILES[name].statement).fetchall(),
                key=lambda row: row[:2],
            )
            for name in rows
        }

    return make


@pytest.mark.parametrize(
    ("table", "raw_column", "column", "vocabulary", "also"),
    [
        ("application_error_event_1000", "app_name", 1, "applications", {}),
        ("application_hang_event_1002", "app_name", 1, "applications", {}),
        ("wifi_error", "error_string", 1, "wifi_errors", {"error_count": 1}),
    ],
)
def test_unlisted_text_is_pooled_as_other(
    table, raw_column, column, vocabulary, also, tables_of
):
    values = [*VOCABULARIES[vocabulary], "no such text", None]
    rows = [event("a", 0, **{raw_column: value}, **also) for value in values]
    found = tables_of(**{table: rows})[table]
    assert {row[column] for row in found} == set(VOCABULARIES[vocabulary])
    assert {row[2] for row in found if row[column] == "Other"} == {3}


def test_unlisted_stop_codes_are_pooled_as_other(tables_of):
    table = "microsoft_windows_kernel_power_event_41"
    listed = VOCABULARIES["bugcheck_codes"]
    codes = [int(code, 16) for code in listed if code != "Other"]
    rows = [event("a", 0, bugcheck_code=code) for code in [*codes, 4242, -1, None]]
    found = tables_of(**{table: rows})[table]
    assert {row[1]: row[2] for row in found} == {
        code: 3 if code == "Other" else 1 for code in listed
    }


def test_listed_exceptions_keep_their_code(tables_of):
    table = "application_error_event_1000"
    codes = VOCABULARIES["exception_codes"]
    rows = [
        event(f"{i}", 0, app_name="a", exception_code=code)
        for i, code in enumerate([*codes, "0badc0de"])
    ]
    found = tables_of(**{table: rows})[table]
    assert {row[4] for row in found} == set(codes)


def test_anchor_keeps_the_latest_row_and_reads_odd_values_as_absent(tables_of):
    noon = "2024-01-01 12:00:00"
    base = {"guid": "a", "firstreportdate": noon, "os": "Win10", "ram": 8.2}
    found = tables_of(
        system_sysinfo_unique_normalized=[
            {**base, "lastreportdate": "2024-02-01 01:00:00", "cpuname": "9th Gen i5"},
            {**base, "lastreportdate": "2024-01-02 01:00:00", "os": "Win8"},
            {"guid": "b", "firstreportdate": noon, "lastreportdate": "2023-12-01",
             "ram": float("inf"), "cpuname": "Pentium/Celeron-2nd Gen"},
            {"guid": None, "os": "Win10"},
        ]
    )  # fmt: skip
    assert found["system_sysinfo_unique_normalized"] == [
        ("a", "Other", "Other", "Unknown", "Win10", "Other", "9th Gen",
         "Non-Server Class", "Unknown", None, 8, 31),
        ("b", "Other", "Other", "Unknown", "n/a", "Other", "Other",
         "Non-Server Class", "Unknown", None, None, None),
    ]  # fmt: skip


def test_crashlog_counts_runs_days_finds_and_failures(tables_of):
    codes = [(0, 0), (0, 1), (1, 1), (2, -1), (2, None)]
    rows = [event("a", day, exit_code=code) for day, code in codes]
    assert tables_of(crashlog=rows)["crashlog"] == [("a", 5, 3, 2, 1)]


def test_crashes_are_counted_by_app_with_their_main_exception(tables_of):
    crash = event
    rows = [
        crash("a", 0, app_name="Chrome.exe", exception_code="c0000005"),
        crash("a", 0, app_name="chrome.exe", exception_code="C0000005"),
        crash("a", 1, app_name="chrome.exe", exception_code="e0434352"),
        crash("a", 1, app_name="mine.exe", exception_code="c0000005"),
        crash("a", 1, app_name=None, exception_code=None),
        crash("b", 1, app_name="chrome.exe", exception_code=None),
    ]
    found = tables_of(application_error_event_1000=rows)
    assert found["application_error_event_1000"] == [
        ("a", "Other", 2, 1, "c0000005"),
        ("a", "chrome.exe", 3, 2, "c0000005"),
        ("b", "chrome.exe", 1, 1, "Other"),
    ]


def test_hangs_add_only_lengths_that_are_known(tables_of):
    rows = [
        event("a", 0, app_name="teams.exe", termination_time_ms=length)
        for length in (1500, 2500, -1, None)
    ]
    rows.append(event("b", 0, app_name="teams.exe", termination_time_ms=None))
    assert tables_of(application_hang_event_1002=rows) == {
        "application_hang_event_1002": [
            ("a", "teams.exe", 4, 4.0),
            ("b", "teams.exe", 1, 0),
        ]
    }


def test_unclean_restarts_are_counted_by_stop_code(tables_of):
    restart = event
    rows = [
        restart("a", 0, bugcheck_code=0, power_button_timestamp=9, sleep_in_progress=0),
        restart("a", 1, bugcheck_code=0, power_button_timestamp=0, sleep_in_progress=4),
        restart("a", 1, bugcheck_code=0x9F, power_button_timestamp=-1),
    ]
    found = tables_of(microsoft_windows_kernel_power_event_41=rows)
    assert found["microsoft_windows_kernel_power_event_41"] == [
        ("a", "0x0", 2, 1, 1),
        ("a", "0x9F", 1, 0, 0),
    ]


def test_frequency_is_weighted_by_samples_that_count(tables_of):
    rows = [
        {"guid": "a", "ia_freq_mhz": mhz, "ia_active_cores": cores, "nrs": nrs}
        for mhz, cores, nrs in [
            (800, 1, 30), (3000, 3, 10), (4000, None, 10), (2000, 2, -50),
            (2000, 2, None), (-1, 2, 10), (90_000, 2, 10), (None, 2, 10),
        ]
    ]  # fmt: skip
    rows.append({"guid": "b", "ia_freq_mhz": 800, "ia_active_cores": 1, "nrs": 0})
    found = tables_of(hw_cpu_frequency=rows)["hw_cpu_frequency"]
    # (30 * 800 + 10 * 3000 + 10 * 4000) / 50 MHz; (30 * 1 + 10 * 3) / 40 cores.
    assert found == [("a", 50, 1880.0, 4000, 1.5, 60.0, 40.0)]


def test_power_counts_a_length_once_and_only_readings_that_can_be(tables_of):
    heat, load = "HW::CORE:TEMPERATURE:CENTIGRADE:", "HW::CORE:C0:PERCENT:"
    nan, hour = float("nan"), 3_600_000

    def reading(day, name, length, metric, nrs, mean, peak):
        return event(
            "a", day, event_name=name, duration_ms=length, metric_name=metric,
            nrs=nrs, avg_val=mean, max_val=peak,
        )  # fmt: skip

    rows = [
        reading(0, "AC_DISPLAY_ON", 2 * hour, heat, 10, 40.0, 70.0),
        reading(0, "AC_DISPLAY_ON", 2 * hour, heat, 30, 60.0, nan),
        reading(0, "AC_DISPLAY_ON", 2 * hour, load, 5, 20.0, 99.0),
        reading(0, "DC_DISPLAY_ON", hour, heat, -10, 40.0, 90.0),
        reading(0, "DC_DISPLAY_ON", hour, heat, 10, nan, 90.0),
        reading(1, "DC_DISPLAY_OFF", hour, heat, 10, float("inf"), 90.0),
        reading(1, "AC_DISPLAY_OFF", -hour, load, None, 50.0, 50.0),
        reading(1, "UN_DISPLAY_UN", hour, load, 15, 40.0, 50.0),
    ]
    found = tables_of(power_acdc_usage_v4_hist=rows)["power_acdc_usage_v4_hist"]
    # (10 * 40 + 30 * 60) / 40 degrees; (5 * 20 + 15 * 40) / 20 %.
    assert found == [
        ("a", 2, 2.0, 2.0, 20, 35.0, 0, None, 40, 55.0, 70.0, 0, None)
    ]  # fmt: skip


def test_wifi_errors_need_a_positive_count(tables_of):
    error = VOCABULARIES["wifi_errors"][0]
    counts = [(0, 2), (0, 3), (1, 4), (2, -5), (3, 0), (4, None)]
    rows = [
        event("a", day, error_string=error, error_count=count) for day, count in counts
    ]
    rows.append(event("b", 0, error_string=error, error_count=-1))
    assert tables_of(wifi_error=rows) == {"wifi_error": [("a", error, 9, 2)]}
