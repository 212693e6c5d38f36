import pathlib

import pytest

from teledp_jax import errors
from teledp_jax.data import suite as suite_lib


def test_a_suite_holds_what_its_files_state(suite):
    assert [table.name for table in suite.schema.tables] == [
        "machines",
        "apps",
        "crashes",
    ]
    assert suite.schema.device == "guid"
    assert suite.sources["crashes"].types == {
        "guid": "VARCHAR",
        "ts": "TIMESTAMP",
        "app": "VARCHAR",
        "weight": "DOUBLE",
    }
    assert suite.sources["machines"].assumed == {"ram_gb"}
    assert suite.sources["machines"].folder == "pad"
    assert suite.sources["countries"].device is None
    assert suite.reads("machines") == ("countries", "machines")
    vendor = suite.schema.anchor.column("vendor")
    assert vendor.categories == ("Dell", "HP", "Other")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("source/pad/machines.sql", "role: devices", "role: owner", "role="),
        ("source/pad/machines.sql", "device: guid", "", "name the id column"),
        ("source/pad/machines.sql", "ram_gb: memory", "ram: memory", "differ in"),
        ("source/pad/machines.sql", "[ram_gb]", "[ramgb]", "lacks the columns"),
        ("source/pad/machines.sql", "CREATE TABLE", "CREATE TABEL", "CREATE TABLE"),
        ("source/prod/crashes.sql", "time: ts", "time: app", "use DATE or TIMESTAMP"),
        ("source/prod/crashes.sql", "about:", "abuot:", "unknown header keys"),
        ("device/crashes.sql", "reads: [crashes]", "reads: [crash]", "lack"),
        (
            "device/crashes.sql",
            "reads: [crashes]",
            "reads: [machines]",
            "does not run",
        ),
        ("device/crashes.sql", "count(*)::BIGINT", "count(*)::INT", "cast it"),
        ("device/crashes.sql", "AS mean_weight", "AS mean", "the SELECT gives"),
        ("device/crashes.sql", "SELECT", "SELCT", "does not run"),
        ("device/crashes.sql", "role: group", "role: groups", "role="),
        ("device/crashes.sql", "bins: 8", "bins: many", "wrong type"),
        ("device/crashes.sql", "high: 100", "hihg: 100", "unknown"),
        ("device/apps.sql", "max_rows: 2", "max_rows: two", "max_rows="),
        ("device/apps.sql", "cap_by: num_crashes", "cap_by: sum", "cap_by"),
        ("device/machines.sql", "role: anchor", "role: group", "role anchor"),
        ("vocabularies.yaml", "vendors:", "vendor:", "lacks a list"),
        ("vocabularies.yaml", "HP", "no", "quote texts"),
    ],
)
def test_a_fault_is_one_line_that_names_the_file(
    suite_folder: pathlib.Path, name: str, old: str, new: str, message: str
):
    path = suite_folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(errors.InputError) as caught:
        suite_lib.load(suite_folder)
    text = str(caught.value)
    assert message in text
    assert "\n" not in text
    assert "tiny" in text


def test_a_folder_without_a_suite_is_named(tmp_path):
    with pytest.raises(errors.InputError, match="no such suite folder"):
        suite_lib.load(tmp_path / "absent")


REPORTING = """/*
grain: One row per device and day.
reads: [{reads}]
device: guid
columns: {{guid: device, num_events: events}}
*/
SELECT guid, count(*) AS num_events FROM {reads} GROUP BY guid
"""


def _write_reporting(folder, name, reads):
    (folder / "reporting").mkdir(exist_ok=True)
    path = folder / "reporting" / f"{name}.sql"
    path.write_text(REPORTING.format(reads=reads))


def test_reporting_tables_stand_between_raw_and_device_tables(suite_folder):
    _write_reporting(suite_folder, "upper", "lower")
    _write_reporting(suite_folder, "lower", "crashes")
    loaded = suite_lib.load(suite_folder)
    assert list(loaded.reporting_files) == ["lower", "upper"]
    assert loaded.raw(loaded.reporting_files["upper"]) == ("crashes",)


def test_reporting_tables_in_a_circle_are_refused(suite_folder):
    _write_reporting(suite_folder, "upper", "lower")
    _write_reporting(suite_folder, "lower", "upper")
    with pytest.raises(errors.InputError, match="circle"):
        suite_lib.load(suite_folder)


def test_a_reporting_table_with_the_name_of_a_raw_one_is_refused(suite_folder):
    _write_reporting(suite_folder, "crashes", "crashes")
    with pytest.raises(errors.InputError, match="already"):
        suite_lib.load(suite_folder)


def test_a_suite_without_a_table_lacks_what_only_it_reads(suite_folder):
    loaded = suite_lib.load(suite_folder)
    less = loaded.without({"crashes", "apps"})
    assert set(less.sources) == {"machines", "countries"}
    assert [table.name for table in less.schema.tables] == ["machines"]
