import json
import pathlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.suites.dca import (
    facts,
    windows,
)
from teledp_jax.suites.dca import fleet as dca
from tests import paths

SOURCES = sqlfile.read_folder(paths.SQL / "dca" / "source")
STABILITY = [
    "application_error_event_1000",
    "application_hang_event_1002",
    "crashlog",
    "hw_cpu_frequency",
    "microsoft_windows_kernel_power_event_41",
    "power_acdc_usage_v4_hist",
    "wifi_error",
]
NUM_DEVICES = 600


def run(folder: pathlib.Path, **changes) -> pathlib.Path:
    settings = {"num_devices": NUM_DEVICES, "seed": 3, "world": "a"} | changes
    dca.simulate(folder, source=SOURCES, progress=lambda done, total: None, **settings)
    return folder


def read(folder: pathlib.Path, file: sqlfile.SqlFile) -> pa.Table:
    parts = sorted((folder / file.path.parent.name / file.name).glob("*.parquet"))
    return pa.concat_tables([parquet.read_table(part) for part in parts])


@pytest.fixture(scope="module")
def fleet_folder(tmp_path_factory) -> pathlib.Path:
    return run(tmp_path_factory.mktemp("fleet"))


def test_tables_do_not_depend_on_the_chunk(fleet_folder, tmp_path):
    other = run(tmp_path, chunk_devices=170)
    for file in SOURCES:
        assert read(other, file).equals(read(fleet_folder, file))


def test_a_larger_fleet_begins_with_the_smaller_one(fleet_folder, tmp_path):
    smaller = run(tmp_path, num_devices=50)
    for file in SOURCES:
        begin = read(smaller, file)
        assert read(fleet_folder, file).slice(0, len(begin)).equals(begin)


def test_another_seed_gives_another_fleet(fleet_folder, tmp_path):
    other = run(tmp_path, seed=4)
    for file in SOURCES:
        assert not read(other, file).equals(read(fleet_folder, file))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_files_have_the_columns_and_types_of_the_ddl(fleet_folder, file):
    folder = fleet_folder / file.path.parent.name / file.name
    with duckdb.connect() as connection:
        connection.execute(file.statement)
        expected = connection.table(file.name)
        given = connection.read_parquet(str(folder / "*.parquet"))
        assert given.columns == expected.columns
        assert given.types == expected.types


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_the_manifest_counts_the_files(fleet_folder, file):
    folder = fleet_folder / file.path.parent.name / file.name
    manifest = json.loads((folder / f"{file.name}-manifest.json").read_text())
    parts = sorted(folder.glob("*.parquet"))
    assert [entry["url"] for entry in manifest["entries"]] == [p.name for p in parts]
    for entry, part in zip(manifest["entries"], parts, strict=True):
        assert entry["meta"]["content_length"] == part.stat().st_size
        assert entry["meta"]["record_count"] == parquet.read_metadata(part).num_rows
    assert manifest["meta"]["record_count"] == len(read(fleet_folder, file))
    elements = [element["name"] for element in manifest["schema"]["elements"]]
    assert elements == list(file.header["columns"])


def test_a_rerun_leaves_no_stale_parts(tmp_path):
    run(tmp_path, num_devices=30, chunk_devices=10)
    run(tmp_path, num_devices=10, chunk_devices=10)
    assert all(
        len(list((tmp_path / f.path.parent.name / f.name).glob("*.parquet"))) == 1
        for f in SOURCES
    )


def test_the_dictionary_marks_what_is_assumed(fleet_folder):
    path = fleet_folder / "university_prod" / "data_dictionary" / "part-00000.parquet"
    rows = parquet.read_table(path).to_pylist()
    stated = [row for row in rows if row["column"] != "*"]
    assert len(stated) == sum(len(file.header["columns"]) for file in SOURCES)
    thinned = {row["table"] for row in rows if row["column"] == "*"}
    assert thinned == set(facts.section("rows_share")["shares"])
    found = {(row["table"], row["column"]): row["source"] for row in rows}
    assert found["application_error_event_1000", "exception_code"] == "assumed"
    assert found["system_sysinfo_unique_normalized", "persona"] == "published"


def test_devices_are_distinct_and_events_are_theirs(fleet_folder):
    tables = {file.name: read(fleet_folder, file) for file in SOURCES}
    anchor = set(tables.pop("system_sysinfo_unique_normalized")["guid"].to_pylist())
    assert len(anchor) == NUM_DEVICES
    assert all(len(guid) == 32 for guid in anchor)
    for table in tables.values():
        assert set(table["guid"].to_pylist()) <= anchor


def test_events_lie_in_the_window(fleet_folder):
    for file in SOURCES:
        if file.header["role"] != "event" or not file.header.get("time"):
            continue
        start, days = windows.of(file.name)
        assert days == (91 if file.name in STABILITY else 730)
        first = np.datetime64(start, "s")
        times = read(fleet_folder, file)[file.header["time"]].to_numpy()
        # An interval may begin within the local day before its first sample.
        assert times.min() >= first - np.timedelta64(1, "D")
        assert times.max() < first + np.timedelta64(days, "D")


def test_the_extractor_runs_at_most_once_a_day(fleet_folder):
    file = next(file for file in SOURCES if file.name == "crashlog")
    table = read(fleet_folder, file)
    pairs = list(zip(table["guid"].to_pylist(), table["dt"].to_pylist(), strict=True))
    assert len(set(pairs)) == len(pairs)


def test_statistics_of_a_power_metric_are_in_order(fleet_folder):
    file = next(f for f in SOURCES if f.name == "power_acdc_usage_v4_hist")
    names = ["min_val", "percentile_50th", "percentile_75th", "percentile_90th"]
    names += ["percentile_99th", "max_val"]
    table = read(fleet_folder, file)
    values = np.stack([table[name].to_numpy() for name in names])
    assert np.all(np.diff(values, axis=0) >= 0.0)
    percent = np.char.find(table["metric_name"].to_numpy().astype(str), "PERCENT") > 0
    assert values[:, percent].max() <= 100.0


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"num_devices": 0}, "num_devices"),
        ({"world": "c"}, "no world 'c'; known:"),
        ({"chunk_devices": 0}, "chunk_devices"),
    ],
)
def test_bad_settings_are_refused(tmp_path, changes, match):
    with pytest.raises(errors.InputError, match=match):
        run(tmp_path, **changes)


def test_a_column_that_the_simulator_lacks_is_refused(tmp_path):
    file = sqlfile.SqlFile(
        path=tmp_path / "crashlog.sql",
        header={"columns": {"guid": "id", "novel": "new"}},
        statement="CREATE TABLE crashlog (guid VARCHAR, novel INTEGER)",
    )
    with pytest.raises(errors.InputError, match="novel"):
        dca.simulate(
            tmp_path,
            source=[file],
            num_devices=5,
            seed=0,
            progress=lambda done, total: None,
        )
