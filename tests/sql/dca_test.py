"""Device tables and queries of workload stability give what the raw rows give."""

import datetime
import pathlib
import random
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from teledp_jax import schemas
from teledp_jax.data import headers, sqlfile
from tests import paths

SUITE = paths.SQL / "dca"
QUERIES = {
    query.name: query for query in sqlfile.read_folder(SUITE / "queries" / "stability")
}
DEVICE_FILES = {
    table.name: table
    for table in sqlfile.read_folder(SUITE / "device")
    if any(table.name in query.get("tables") for query in QUERIES.values())
}
VOCABULARIES = yaml.safe_load((SUITE / "vocabularies.yaml").read_text())
RAW = pathlib.Path(__file__).parent / "dca_raw"
SQL_TYPES = {"category": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}
SCORES = {
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
START = datetime.date(2024, 10, 1)
APPS = (*VOCABULARIES["applications"][:12], "Outlook.EXE", "unlisted.exe", None)
METRICS = {
    "HW::CORE:C0:PERCENT:": (2, 99),
    "HW::CORE:AVG_FREQ:MHZ:": (500, 4000),
    "HW::CORE:TEMPERATURE:CENTIGRADE:": (30, 99),
    "HW:::PSYS_RAP:WATTS:": (2, 60),
    "HW::PACKAGE:IA_POWER:WATTS:": (1, 40),
}
BROKEN = (float("nan"), float("inf"), float("-inf"), -5.0, 1e9, None)

Rows = dict[str, list[dict[str, Any]]]


def event(device: str, day: int, **values: Any) -> dict[str, Any]:
    """A raw event at noon of a day."""
    date = START + datetime.timedelta(days=day)
    noon = datetime.datetime.combine(date, datetime.time(12))
    return {"guid": device, "dt": date, "ts": noon, **values}


def fleet(num_devices: int, seed: int) -> Rows:
    """A random raw fleet, the same for the same seed."""
    draw = random.Random(seed)
    rows: Rows = {name: [] for name in DEVICE_FILES}
    for number in range(num_devices):
        device = f"{number:032x}"
        rows["system_sysinfo_unique_normalized"].append(_device(draw, device))
        makers = {
            "crashlog": _run,
            "application_error_event_1000": _crash,
            "application_hang_event_1002": _hang,
            "microsoft_windows_kernel_power_event_41": _restart,
            "wifi_error": _wifi,
            "hw_cpu_frequency": _frequency,
        }
        for table, make in makers.items():
            if draw.random() < 0.6:
                size = 60 if draw.random() < 0.06 else draw.randint(1, 9)
                rows[table] += [make(draw, device) for _ in range(size)]
        if draw.random() < 0.9:
            rows["power_acdc_usage_v4_hist"] += _power(draw, device)
    return rows


def _device(draw: random.Random, device: str) -> dict[str, Any]:
    first = datetime.datetime(2023, 1, 1, 8) + datetime.timedelta(
        hours=draw.randint(0, 9000)
    )
    ages = (5, 50, 200, 500, 900, -3)
    last = first + datetime.timedelta(days=draw.choice(ages), hours=draw.randint(0, 23))
    return {
        "guid": device,
        "chassistype": draw.choice(("Notebook", "Notebook", "Desktop", "2 in 1", None)),
        "countryname_normalized": draw.choice(("India", "China", "Brazil", None)),
        "modelvendor_normalized": draw.choice(("HP", "Dell", "Lenovo", None)),
        "os": draw.choice(("Win10", "Win10", "Win11", None)),
        "cpu_family": draw.choice(("Core i5", "Core i7", "Xeon", None)),
        "cpuname": draw.choice(
            ("8th Gen i5", "11th Gen i7", "Xeon", "Pentium/Celeron-2nd Gen", None)
        ),
        "persona": draw.choice(("Gamer", "Web User", "Casual User", None)),
        "discretegraphics": draw.choice(("Y", "N", None)),
        "ram": draw.choice((4, 7.9, 8, 16, 4194304, float("nan"), 0, None)),
        "firstreportdate": first,
        "lastreportdate": draw.choice((last, last, last, None)),
    }


def _run(draw: random.Random, device: str) -> dict[str, Any]:
    return event(device, draw.randint(0, 5), exit_code=draw.choice((0, 0, 1, 2, None)))


def _crash(draw: random.Random, device: str) -> dict[str, Any]:
    codes = ("c0000005", "C0000409", "e0434352", "c0000374", "deadbeef", None)
    return event(
        device,
        draw.randint(0, 5),
        app_name=draw.choice(APPS),
        exception_code=draw.choice(codes),
    )


def _hang(draw: random.Random, device: str) -> dict[str, Any]:
    return event(
        device,
        draw.randint(0, 5),
        app_name=draw.choice(APPS),
        termination_time_ms=draw.choice((draw.randint(1, 90_000), 0, -1, None)),
    )


def _restart(draw: random.Random, device: str) -> dict[str, Any]:
    return event(
        device,
        draw.randint(0, 5),
        bugcheck_code=draw.choice((0, 0, 0x9F, 0x116, 0x124, 0x133, 77777, -7, None)),
        power_button_timestamp=draw.choice((0, 133_000_000_000_000_000, -1, None)),
        sleep_in_progress=draw.choice((0, 0, 4, None)),
    )


def _wifi(draw: random.Random, device: str) -> dict[str, Any]:
    errors = (*VOCABULARIES["wifi_errors"][:8], "A new error", None)
    return event(
        device,
        draw.randint(0, 5),
        error_string=draw.choice(errors),
        error_count=draw.choice((1, 2, 30, 0, -4, None)),
    )


def _frequency(draw: random.Random, device: str) -> dict[str, Any]:
    return {
        "guid": device,
        "ia_freq_mhz": draw.choice((800, 1600, 2400, 3000, 4200, 0, -1, 50_000, None)),
        "ia_active_cores": draw.choice((0, 1, 4, -1, None)),
        "nrs": draw.choice((1, 720, 30_000, 2_000_000_000, 0, -9, None)),
    }


def _power(draw: random.Random, device: str) -> Iterable[dict[str, Any]]:
    """Events of some days; each repeats its length for its metrics and instances."""
    names = ("AC_DISPLAY_ON", "DC_DISPLAY_ON", "DC_DISPLAY_OFF", "UN_DISPLAY_UN", None)
    for day in range(draw.randint(1, 3)):
        for name in draw.sample(names, k=draw.randint(1, 4)):
            length = draw.choice((3_600_000, draw.randint(1, 10**8), 0, -8, None))
            for metric, (low, high) in METRICS.items():
                for instance in range(draw.randint(0, 2)):
                    value = draw.uniform(low, high)
                    yield event(
                        device,
                        day,
                        event_name=name,
                        duration_ms=length,
                        metric_name=metric,
                        attribute_metric_level1=instance,
                        nrs=draw.choice((1, 40, 700, 700, 0, -3, None)),
                        avg_val=draw.choice((value, value, value, *BROKEN)),
                        max_val=draw.choice((*[value * 1.1] * 12, *BROKEN)),
                    )


def device_rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple]:
    """Rows of a device table, made from the raw tables of the database."""
    found = connection.execute(DEVICE_FILES[table].statement).fetchall()
    return sorted(found, key=lambda row: tuple(str(value) for value in row))


def columns_of(table: sqlfile.SqlFile) -> list[schemas.Column]:
    return [
        headers.column(name, fields, VOCABULARIES)
        for name, fields in table.get("columns").items()
    ]


def device_database(connection, *, order: str) -> duckdb.DuckDBPyConnection:
    """A database with the device tables made from the raw tables of another."""
    made = duckdb.connect()
    made.execute("SET threads = 1")
    for table in DEVICE_FILES.values():
        rows = connection.sql(table.statement).to_arrow_table()
        made.register("rows", rows)
        made.execute(f"CREATE TABLE {table.name} AS FROM rows ORDER BY guid {order}")
        made.unregister("rows")
    return made


@pytest.fixture(scope="module")
def raw(dca_raw):
    connection = dca_raw(fleet(600, seed=1))
    connection.execute(RAW_VIEWS)
    for name, values in VOCABULARIES.items():
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
        value["metric"] in SCORES and value["threshold"] > 0
        for value in query.get("values").values()
    )
    read = {name for name in DEVICE_FILES if name in query.statement}
    assert set(query.get("tables")) == read


def test_queries_cover_all_types_and_rare_events():
    types = [query.get("type") for query in QUERIES.values()]
    assert set(types) == {"aggregate", "topk", "geographic", "histogram", "pivot"}
    assert len(types) >= 24
    assert sum(query.header.get("rare", False) for query in QUERIES.values()) >= 5
    names = [query.get("codename") for query in QUERIES.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", DEVICE_FILES)
def test_device_table_has_the_columns_of_its_header(name, raw):
    table = DEVICE_FILES[name]
    columns = columns_of(table)
    result = raw.sql(table.statement)
    assert result.columns == ["guid", *(column.name for column in columns)]
    assert [str(kind) for kind in result.types] == [
        "VARCHAR",
        *(SQL_TYPES[column.kind] for column in columns),
    ]
    role = table.get("role")
    schemas.Table(
        name=name,
        role=role,
        grain=table.get("grain"),
        columns=tuple(columns),
        max_rows=table.header.get("max_rows", 1),
        cap_by=table.header.get("cap_by"),
    )
    assert table.get("reads") == [name]


@pytest.mark.parametrize("name", DEVICE_FILES)
def test_device_table_keeps_its_grain(name, raw):
    rows = device_rows(raw, name)
    width = 2 if DEVICE_FILES[name].get("role") == "entity" else 1
    assert rows
    assert len(keyed(rows, width)) == len(rows)


def test_rows_of_a_device_depend_on_its_raw_rows_alone(raw, dca_raw):
    rows = fleet(600, seed=1)
    kept = {f"{number:032x}" for number in range(0, 600, 60)}
    alone = dca_raw(
        {
            name: [row for row in table if row["guid"] in kept]
            for name, table in rows.items()
        }
    )
    for name in DEVICE_FILES:
        among = [row for row in device_rows(raw, name) if row[0] in kept]
        assert among == device_rows(alone, name)
