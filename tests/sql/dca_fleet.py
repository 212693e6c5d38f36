"""A small raw fleet of suite dca, for its tests, with missing and broken values."""

import datetime
import pathlib
import random
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from teledp_jax.data import sqlfile

SUITE = pathlib.Path(__file__).parents[2] / "sql" / "dca"
SOURCES = {source.name: source for source in sqlfile.read_folder(SUITE / "source")}
DEVICE_FILES = {table.name: table for table in sqlfile.read_folder(SUITE / "device")}
VOCABULARIES = yaml.safe_load((SUITE / "vocabularies.yaml").read_text())
START = datetime.date(2024, 10, 1)
APPS = ("chrome.exe", "Outlook.EXE", "explorer.exe", "teams.exe", "unlisted.exe", None)
METRICS = {
    "HW::CORE:C0:PERCENT:": (2, 99),
    "HW::CORE:AVG_FREQ:MHZ:": (500, 4000),
    "HW::CORE:TEMPERATURE:CENTIGRADE:": (30, 99),
    "HW:::PSYS_RAP:WATTS:": (2, 60),
    "HW::PACKAGE:IA_POWER:WATTS:": (1, 40),
}
BROKEN = (float("nan"), float("inf"), float("-inf"), -5.0, 1e9, None)

Rows = dict[str, list[dict[str, Any]]]


def connect(rows: Rows) -> duckdb.DuckDBPyConnection:
    """A database with the raw tables of the suite that holds these rows."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for name, source in SOURCES.items():
        connection.execute(source.statement)
        if rows.get(name):
            batch = pa.Table.from_pylist(rows[name])
            connection.register("batch", batch)
            connection.execute(f"INSERT INTO {name} BY NAME FROM batch")
            connection.unregister("batch")
    return connection


def device_rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple]:
    """Rows of a device table, made from the raw tables of the database."""
    found = connection.execute(DEVICE_FILES[table].statement).fetchall()
    return sorted(found, key=lambda row: tuple(str(value) for value in row))


def event(device: str, day: int, **values: Any) -> dict[str, Any]:
    """A raw event at noon of a day."""
    date = START + datetime.timedelta(days=day)
    noon = datetime.datetime.combine(date, datetime.time(12))
    return {"guid": device, "dt": date, "ts": noon, **values}


def fleet(num_devices: int, seed: int) -> Rows:
    """A random raw fleet, the same for the same seed."""
    draw = random.Random(seed)
    rows: Rows = {name: [] for name in SOURCES}
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
    errors = (*VOCABULARIES["wifi_errors"][:5], "A new error", None)
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
