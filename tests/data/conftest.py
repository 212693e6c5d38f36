"""A tiny suite of three raw tables, and its raw files."""

import datetime
import pathlib

import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax.data import definition
from teledp_jax.data import suite as suite_lib

FILES = {
    "source/pad/machines.sql": """/*
about: One row per machine.
role: devices
device: guid
columns: {guid: machine id, vendor: who made it, country: ISO code, ram_gb: memory}
assumed: [ram_gb]
*/
CREATE TABLE machines (guid VARCHAR, vendor VARCHAR, country VARCHAR, ram_gb INTEGER)
""",
    "source/prod/crashes.sql": """/*
about: One row per crash.
role: event
device: guid
time: ts
columns: {guid: machine id, ts: time of the crash, app: what crashed, weight: seconds}
*/
CREATE TABLE crashes (guid VARCHAR, ts TIMESTAMP, app VARCHAR, weight DOUBLE)
""",
    "source/pad/countries.sql": """/*
about: One row per country.
role: public
columns: {country: ISO code, region: its region}
*/
CREATE TABLE countries (country VARCHAR, region VARCHAR)
""",
    "device/machines.sql": """/*
role: anchor
grain: One row per machine.
reads: [machines, countries]
device: guid
columns:
  vendor: {kind: category, values: vendors, other: Other}
  region: {kind: category, values: [EU, US]}
  ram_gb: {kind: integer, unit: GB, low: 1, high: 64, bins: 8, scale: log}
*/
SELECT guid, vendor, region, ram_gb::BIGINT AS ram_gb
FROM machines LEFT JOIN countries USING (country)
""",
    "device/crashes.sql": """/*
role: group
grain: One row per machine that crashed.
reads: [crashes]
device: guid
columns:
  num_crashes: {kind: integer, unit: crashes, low: 1, high: 100, bins: 8, scale: log}
  mean_weight: {kind: double, unit: s, low: 0.1, high: 1000, bins: 8, scale: log}
*/
SELECT guid, count(*)::BIGINT AS num_crashes, avg(weight)::DOUBLE AS mean_weight
FROM crashes GROUP BY guid
""",
    "device/apps.sql": """/*
role: entity
grain: One row per machine and app that crashed.
reads: [crashes]
device: guid
max_rows: 2
cap_by: num_crashes
columns:
  app: {kind: category, values: [edge, word], other: word}
  num_crashes: {kind: integer, unit: crashes, low: 1, high: 100, bins: 8, scale: log}
*/
SELECT guid, app, count(*)::BIGINT AS num_crashes FROM crashes GROUP BY guid, app
""",
    "vocabularies.yaml": "vendors: [Dell, HP, Other]\n",
}


def write_suite(folder: pathlib.Path) -> pathlib.Path:
    """Writes the tiny suite."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def suite_folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Folder of the tiny suite, which a test may spoil."""
    return write_suite(tmp_path / "tiny")


@pytest.fixture
def suite(suite_folder: pathlib.Path) -> definition.Suite:
    """The tiny suite."""
    return suite_lib.load(suite_folder)


def write_raw(folder: pathlib.Path, columns: dict, *, part: str = "part") -> None:
    """Writes one raw Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    pa.parquet.write_table(pa.table(columns), folder / f"{part}.parquet")


@pytest.fixture
def source(tmp_path: pathlib.Path) -> pathlib.Path:
    """Raw files of forty machines."""
    return write_source(tmp_path)


def write_source(folder: pathlib.Path) -> pathlib.Path:
    """Writes raw files of forty machines, to a folder whose name has quotes.

    Machine `m07` crashed thrice in January and once in February; `stranger` is no
    machine.
    """
    folder = folder / 'it\'s "raw" [x] data'
    ids = [f"m{i:02d}" for i in range(40)]
    write_raw(
        folder / "pad/machines",
        {
            "guid": ids,
            "vendor": ["Dell", "Acer"] * 20,
            "country": ["DE", "US"] * 20,
            "ram_gb": pa.array([8, 16] * 20, pa.int32()),
        },
    )
    write_raw(
        folder / "pad/countries", {"country": ["DE", "US"], "region": ["EU", "US"]}
    )
    times = [datetime.datetime(2024, month, 5) for month in (1, 1, 1, 2, 1)]
    write_raw(
        folder / "prod/crashes",
        {
            "guid": ["m07"] * 4 + ["stranger"],
            "ts": pa.array(times, pa.timestamp("us")),
            "app": ["edge", "edge", "word", "edge", "edge"],
            "weight": [1.0, 2.0, 3.0, 4.0, 5.0],
        },
    )
    return folder
