"""Device tables and queries of suite dca give what the raw rows give."""

import pathlib

import dca_fleet
import duckdb
import pyarrow as pa
import pytest

from teledp_jax import schema
from teledp_jax.data import sqlfile

RAW = pathlib.Path(__file__).parent / "dca_raw"
QUERIES = {
    query.name: query for query in sqlfile.read_folder(dca_fleet.SUITE / "queries")
}
SQL_TYPES = {"category": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}
METRICS = {
    "relative_error", "total_variation", "spearman", "agreement", "row_count",
    "mean_relative_error", "share_variation",
}  # fmt: skip

# What the raw statements of the tests may assume: readings that count, each power event
# once, and the public vocabularies.
RAW_VIEWS = """
CREATE TABLE good_readings AS
SELECT p.* FROM power_acdc_usage_v4_hist p
JOIN (VALUES
  ('HW::CORE:C0:PERCENT:', 0, 100), ('HW::CORE:AVG_FREQ:MHZ:', 1, 10000),
  ('HW::CORE:TEMPERATURE:CENTIGRADE:', 0, 150), ('HW:::PSYS_RAP:WATTS:', 0, 1000)
) AS limits(metric_name, low, high)
ON p.metric_name = limits.metric_name
WHERE nrs > 0 AND isfinite(avg_val) AND avg_val >= low AND avg_val <= high;
CREATE TABLE power_events AS
SELECT DISTINCT ON (guid, ts, event_name)
  guid, ts, event_name, dt, greatest(coalesce(duration_ms, 0), 0) / 3600000 AS hours
FROM power_acdc_usage_v4_hist ORDER BY ALL;
CREATE TABLE good_frequencies AS
FROM hw_cpu_frequency WHERE nrs >= 1 AND ia_freq_mhz >= 1 AND ia_freq_mhz <= 10000;
"""


def columns_of(table: sqlfile.SqlFile) -> list[schema.Column]:
    return [
        schema.parse_column(name, fields, dca_fleet.VOCABULARIES)
        for name, fields in table.get("columns").items()
    ]


def device_database(connection, *, order: str) -> duckdb.DuckDBPyConnection:
    """A database with the device tables made from the raw tables of another."""
    made = duckdb.connect()
    made.execute("SET threads = 1")
    for table in dca_fleet.DEVICE_FILES.values():
        rows = connection.sql(table.statement).to_arrow_table()
        made.register("rows", rows)
        made.execute(f"CREATE TABLE {table.name} AS FROM rows ORDER BY guid {order}")
        made.unregister("rows")
    return made


@pytest.fixture(scope="module")
def raw():
    connection = dca_fleet.connect(dca_fleet.fleet(600, seed=1))
    connection.execute(RAW_VIEWS)
    for name, values in dca_fleet.VOCABULARIES.items():
        listed = [str(value) for value in values if value != "Other"]
        connection.register(f"listed_{name}", pa.table({"name": listed}))
    return connection


@pytest.fixture(scope="module")
def devices(raw):
    return device_database(raw, order="ASC")


@pytest.fixture(scope="module")
def devices_backwards(raw):
    return device_database(raw, order="DESC")


def keyed(rows, num_keys):
    found = {row[:num_keys]: row[num_keys:] for row in rows}
    assert len(found) == len(rows), "a key occurs twice"
    return found


def test_every_query_has_a_raw_statement():
    assert {path.stem for path in RAW.glob("*.sql")} == set(QUERIES)


@pytest.mark.parametrize("name", QUERIES)
def test_query_gives_on_device_tables_what_raw_rows_give(name, raw, devices):
    num_keys = len(QUERIES[name].get("keys"))
    expected = keyed(
        raw.execute((RAW / f"{name}.sql").read_text()).fetchall(), num_keys
    )
    found = keyed(devices.execute(QUERIES[name].statement).fetchall(), num_keys)
    assert len(expected) >= 2
    assert set(found) == set(expected)
    for key, values in expected.items():
        for value, other in zip(found[key], values, strict=True):
            if isinstance(other, str) or other is None:
                assert value == other, key
            else:
                assert float(value) == pytest.approx(float(other), rel=1e-9), key


@pytest.mark.parametrize("name", QUERIES)
def test_query_orders_its_rows_in_one_way(name, devices, devices_backwards):
    num_keys = len(QUERIES[name].get("keys"))
    runs = [
        [row[:num_keys] for row in tables.execute(QUERIES[name].statement).fetchall()]
        for tables in (devices, devices_backwards)
    ]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("name", QUERIES)
def test_query_header_states_its_result(name, devices):
    query = QUERIES[name]
    result = devices.sql(query.statement)
    assert result.columns == [*query.get("keys"), *query.get("values")]
    assert query.get("type") in (
        "aggregate",
        "topk",
        "geographic",
        "histogram",
        "pivot",
    )
    assert query.get("question").endswith("?")
    assert set(query.header.get("within", [])) <= set(query.get("keys"))
    assert all(
        value["metric"] in METRICS and value["threshold"] > 0
        for value in query.get("values").values()
    )
    read = {name for name in dca_fleet.DEVICE_FILES if name in query.statement}
    assert set(query.get("tables")) == read


def test_queries_cover_all_types_and_rare_events():
    types = [query.get("type") for query in QUERIES.values()]
    assert set(types) == {"aggregate", "topk", "geographic", "histogram", "pivot"}
    assert len(types) >= 24
    assert sum(query.header.get("rare", False) for query in QUERIES.values()) >= 5
    names = [query.get("codename") for query in QUERIES.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", dca_fleet.DEVICE_FILES)
def test_device_table_has_the_columns_of_its_header(name, raw):
    table = dca_fleet.DEVICE_FILES[name]
    columns = columns_of(table)
    result = raw.sql(table.statement)
    assert result.columns == ["guid", *(column.name for column in columns)]
    assert [str(kind) for kind in result.types] == [
        "VARCHAR",
        *(SQL_TYPES[column.kind] for column in columns),
    ]
    role = table.get("role")
    schema.Table(
        name=name,
        role=role,
        grain=table.get("grain"),
        columns=tuple(columns),
        max_rows=table.header.get("max_rows", 1),
        cap_by=table.header.get("cap_by"),
    )
    assert table.get("reads") == [name]


@pytest.mark.parametrize("name", dca_fleet.DEVICE_FILES)
def test_device_table_keeps_its_grain(name, raw):
    rows = dca_fleet.device_rows(raw, name)
    width = 2 if dca_fleet.DEVICE_FILES[name].get("role") == "entity" else 1
    assert rows
    assert len(keyed(rows, width)) == len(rows)


def test_rows_of_a_device_depend_on_its_raw_rows_alone(raw):
    rows = dca_fleet.fleet(600, seed=1)
    kept = {f"{number:032x}" for number in range(0, 600, 60)}
    alone = dca_fleet.connect(
        {
            name: [row for row in table if row["guid"] in kept]
            for name, table in rows.items()
        }
    )
    for name in dca_fleet.DEVICE_FILES:
        among = [row for row in dca_fleet.device_rows(raw, name) if row[0] in kept]
        assert among == dca_fleet.device_rows(alone, name)


@pytest.mark.parametrize(
    ("table", "raw_column", "column", "vocabulary", "also"),
    [
        ("application_error_event_1000", "app_name", 1, "applications", {}),
        ("application_hang_event_1002", "app_name", 1, "applications", {}),
        ("wifi_error", "error_string", 1, "wifi_errors", {"error_count": 1}),
    ],
)
def test_unlisted_text_is_pooled_as_other(table, raw_column, column, vocabulary, also):
    values = [*dca_fleet.VOCABULARIES[vocabulary], "no such text", None]
    rows = [dca_fleet.event("a", 0, **{raw_column: value}, **also) for value in values]
    found = dca_fleet.device_rows(dca_fleet.connect({table: rows}), table)
    assert {row[column] for row in found} == set(dca_fleet.VOCABULARIES[vocabulary])
    assert {row[2] for row in found if row[column] == "Other"} == {3}


def test_unlisted_stop_codes_are_pooled_as_other():
    table = "microsoft_windows_kernel_power_event_41"
    listed = dca_fleet.VOCABULARIES["bugcheck_codes"]
    codes = [int(code, 16) for code in listed if code != "Other"]
    rows = [
        dca_fleet.event("a", 0, bugcheck_code=code) for code in [*codes, 4242, -1, None]
    ]
    found = dca_fleet.device_rows(dca_fleet.connect({table: rows}), table)
    assert {row[1]: row[2] for row in found} == {
        code: 3 if code == "Other" else 1 for code in listed
    }


def test_listed_exceptions_keep_their_code():
    table = "application_error_event_1000"
    codes = dca_fleet.VOCABULARIES["exception_codes"]
    rows = [
        dca_fleet.event(f"{i}", 0, app_name="a", exception_code=code)
        for i, code in enumerate([*codes, "0badc0de"])
    ]
    found = dca_fleet.device_rows(dca_fleet.connect({table: rows}), table)
    assert {row[4] for row in found} == set(codes)


def tables_of(**rows):
    connection = dca_fleet.connect(rows)
    return {name: dca_fleet.device_rows(connection, name) for name in rows}


def test_anchor_keeps_the_latest_row_and_reads_odd_values_as_absent():
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
        ("a", "Other", "Other", "Unknown", "Win10", "Other", "9th Gen", "Unknown", None,
         8, 31),
        ("b", "Other", "Other", "Unknown", "n/a", "Other", "Other", "Unknown", None,
         None, None),
    ]  # fmt: skip


def test_crashlog_counts_runs_days_finds_and_failures():
    codes = [(0, 0), (0, 1), (1, 1), (2, -1), (2, None)]
    rows = [dca_fleet.event("a", day, exit_code=code) for day, code in codes]
    assert tables_of(crashlog=rows)["crashlog"] == [("a", 5, 3, 2, 1)]


def test_crashes_are_counted_by_app_with_their_main_exception():
    crash = dca_fleet.event
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


def test_hangs_add_only_lengths_that_are_known():
    rows = [
        dca_fleet.event("a", 0, app_name="teams.exe", termination_time_ms=length)
        for length in (1500, 2500, -1, None)
    ]
    rows.append(dca_fleet.event("b", 0, app_name="teams.exe", termination_time_ms=None))
    assert tables_of(application_hang_event_1002=rows) == {
        "application_hang_event_1002": [
            ("a", "teams.exe", 4, 4.0),
            ("b", "teams.exe", 1, 0),
        ]
    }


def test_unclean_restarts_are_counted_by_stop_code():
    restart = dca_fleet.event
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


def test_frequency_is_weighted_by_samples_that_count():
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


def test_power_counts_a_length_once_and_only_readings_that_can_be():
    heat, load = "HW::CORE:TEMPERATURE:CENTIGRADE:", "HW::CORE:C0:PERCENT:"
    nan, hour = float("nan"), 3_600_000

    def reading(day, name, length, metric, nrs, mean, peak):
        return dca_fleet.event(
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


def test_wifi_errors_need_a_positive_count():
    error = dca_fleet.VOCABULARIES["wifi_errors"][0]
    counts = [(0, 2), (0, 3), (1, 4), (2, -5), (3, 0), (4, None)]
    rows = [
        dca_fleet.event("a", day, error_string=error, error_count=count)
        for day, count in counts
    ]
    rows.append(dca_fleet.event("b", 0, error_string=error, error_count=-1))
    assert tables_of(wifi_error=rows) == {"wifi_error": [("a", error, 9, 2)]}
