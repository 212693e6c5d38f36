"""A CSV becomes raw Parquet once; a change of the file is seen."""

import duckdb

from teledp_jax.suites.eventlog import log, logfile
from tests import paths

SUITE = paths.SQL / "eventlog"
TEXT = (
    "Product Type,Event Type,Time of Event,User ID\n"
    "A,open,2024-05-04 13:00:01,u1\n"
    "B,error,2024-05-05 13:00:01,u1\n"
)


def test_a_csv_becomes_raw_parquet_and_is_known_until_it_changes(tmp_path):
    path, folder = tmp_path / "log.csv", tmp_path / "run"
    assert not logfile.is_loaded(path, folder, suite_folder=SUITE)
    path.write_text(TEXT)
    assert not logfile.is_loaded(path, folder, suite_folder=SUITE)
    logfile.load(path, folder, suite_folder=SUITE)
    raw = folder / log.RAW / "telemetry"
    for name, expected in (
        ("users", [("u1",)]),
        ("events", [("A", "open"), ("B", "error")]),
    ):
        found = duckdb.read_parquet(str(raw / name / "part-*.parquet"))
        columns = "user_id" if name == "users" else "product_type, event_type"
        assert found.project(columns).fetchall() == expected
    assert logfile.is_loaded(path, folder, suite_folder=SUITE)
    path.write_text(TEXT + "C,save,2024-05-05 13:00:01,u2\n")
    assert not logfile.is_loaded(path, folder, suite_folder=SUITE)
