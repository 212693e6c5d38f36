import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax import errors
from teledp_jax.data import inspect
from teledp_jax.data import suite as suite_lib
from tests.data.raw import texts

ORPHANS = "rows are of devices that the anchor lacks and are not used"


def write_manifests(source) -> None:
    for place in source.glob("*/*"):
        entries = [
            {
                "url": f"s3://bucket/{place.name}/{file.name}",
                "meta": {
                    "content_length": file.stat().st_size,
                    "record_count": pa.parquet.read_metadata(file).num_rows,
                },
            }
            for file in place.glob("*.parquet")
        ]
        path = place / f"{place.name}-manifest.json"
        path.write_text(json.dumps({"entries": entries}))


@pytest.fixture
def listed(source):
    """The raw files, with manifests that are right."""
    write_manifests(source)
    return source


def test_a_source_is_listed_with_rows_types_times_and_words(suite, listed):
    folder = listed / "pad/data_dictionary"
    folder.mkdir()
    words = {
        "table_name": ["crashes"],
        "column_name": ["app"],
        "description": ["it's the app"],
    }
    pa.parquet.write_table(pa.table(words), folder / "part.parquet")
    write_manifests(listed)
    found = inspect.describe(suite, listed)
    assert found.differences == found.faults == ()
    assert found.losses == (f"crashes: 1 of 5 (20.00%) {ORPHANS}.",)
    tables = {table.name: table for table in found.tables}
    crashes = tables["crashes"]
    assert (crashes.schema, crashes.num_rows, crashes.num_files) == ("prod", 5, 1)
    assert (crashes.first, crashes.last) == (
        "2024-01-05 00:00:00",
        "2024-02-05 00:00:00",
    )
    path = listed / "prod/crashes/part.parquet"
    assert crashes.num_bytes == path.stat().st_size
    about = {column.name: (column.type, column.about) for column in crashes.columns}
    assert about["app"] == ("VARCHAR", "it's the app")
    assert about["weight"] == ("DOUBLE", "seconds")
    assert [column.name for column in tables["machines"].columns if column.assumed] == [
        "ram_gb"
    ]
    text = inspect.as_text(found)
    assert "prod.crashes: 5 rows" in text
    assert text.endswith(f"What a run would leave out:\n  - {found.losses[0]}")


def test_a_missing_and_an_unknown_table_are_told(suite, listed):
    (listed / "prod/crashes").rename(listed / "prod/hangs")
    found = inspect.describe(suite, listed)
    told = found.differences
    assert [fault.split(";")[0] for fault in found.faults] == [
        f"{listed / 'prod/crashes'}: table crashes is missing"
    ]
    assert "prod.hangs: the suite reads no such table." in told


def test_columns_that_differ_are_told(suite, listed):
    path = listed / "prod/crashes/part.parquet"
    table = pa.parquet.read_table(path).drop_columns("app")
    table = table.set_column(2, "weight", pa.array(["1"] * 5))
    pa.parquet.write_table(table.append_column("extra", pa.array([1] * 5)), path)
    write_manifests(listed)
    found = inspect.describe(suite, listed)
    header = suite.sources["crashes"].file.path
    assert found.faults == (
        f"{path}: lacks column app (VARCHAR); write it so, or change {header}.",
        f"{path}: column weight is VARCHAR, expected DOUBLE, as CAST(weight AS "
        f"DOUBLE); write it so, or change {header}.",
    )
    assert found.losses == ()
    assert found.differences == ("prod.crashes: the suite does not read column extra.",)


def test_files_that_differ_from_the_manifest_are_told(suite, listed):
    path = listed / "prod/crashes/part.parquet"
    size = path.stat().st_size
    manifest = listed / "prod/crashes/crashes-manifest.json"
    meta = {"content_length": size + 1, "record_count": 6}
    entries = [{"url": "part.parquet", "meta": meta}, {"url": "s3://b/gone.parquet"}]
    manifest.write_text(json.dumps({"entries": entries}))
    machines = listed / "pad/machines"
    pa.parquet.write_table(
        pa.parquet.read_table(machines / "part.parquet"), machines / "new.parquet"
    )
    assert inspect.describe(suite, listed).differences == (
        "pad.machines: new.parquet is not in the manifest.",
        f"prod.crashes: part.parquet has {size} bytes, the manifest says {size + 1}.",
        "prod.crashes: part.parquet has 5 rows, the manifest says 6.",
        "prod.crashes: gone.parquet is in the manifest, but absent.",
    )


def test_damaged_files_and_manifests_are_told(suite, listed):
    path = listed / "prod/crashes/part.parquet"
    path.write_bytes(path.read_bytes()[:50])
    (listed / "pad/machines/machines-manifest.json").write_text("[1]")
    (listed / "pad/countries/countries-manifest.json").unlink()
    found = inspect.describe(suite, listed)
    told = found.differences
    assert "pad.machines: machines-manifest.json is no manifest of an unload." in told
    assert "pad.countries: has no manifest countries-manifest.json." in told
    assert [path.name in fault for fault in found.faults] == [True]
    assert "copy it again" in found.faults[0]


def test_a_folder_without_tables_is_named(suite, tmp_path):
    with pytest.raises(errors.InputError, match="no such source folder"):
        inspect.describe(suite, tmp_path / "absent")
    (tmp_path / "none").mkdir()
    with pytest.raises(errors.InputError, match="holds no tables"):
        inspect.describe(suite, tmp_path / "none")


def odd(listed) -> None:
    """Writes odd values into the crashes."""
    table = pa.table(
        {
            "guid": texts(b"m01", b"m02 ", b"m\xff", b"", b"m03"),
            "ts": pa.array([0, 2**62, 0, 0, None], pa.int64()).cast(pa.timestamp("ms")),
            "app": ["edge"] * 5,
            "weight": [1.0, float("nan"), float("inf"), None, 2.0],
        }
    )
    pa.parquet.write_table(table, listed / "prod/crashes/part.parquet")


def test_what_a_run_would_leave_out_is_told_with_counts(suite, listed):
    odd(listed)
    found = inspect.describe(suite, listed)
    assert found.faults == ()
    assert found.losses == (
        "crashes, guid: 1 of 5 (20.00%) values are not UTF-8 and become absent.",
        "crashes, ts: 1 of 5 (20.00%) times are beyond any calendar and become absent.",
        "crashes: 2 of 5 (40.00%) rows have no id and are not used.",
        f"crashes: 1 of 5 (20.00%) {ORPHANS}.",
        "crashes, guid: 1 rows have an id with white space around it, which is another "
        "id than that without.",
        "crashes, ts: 2 rows have no time, and count only if the window is open.",
        "crashes, weight: 2 values are NaN or infinite, which is absent.",
    )


def test_a_statement_that_fails_on_the_data_is_a_fault(suite_folder, listed):
    path = suite_folder / "device/crashes.sql"
    path.write_text(path.read_text().replace("avg(weight)", "avg(app::INTEGER)"))
    found = inspect.describe(suite_lib.load(suite_folder), listed)
    assert len(found.faults) == 1
    assert "crashes.sql: the statement fails on these data" in found.faults[0]


def test_a_dictionary_of_any_bytes_and_names_is_read(suite, listed):
    folder = listed / "pad/data_dictionary"
    folder.mkdir()
    words = {
        "Table": ["crashes", "crashes"],
        "COLUMN_NAME": ["app", "ts"],
        "Comment": texts(b"a\xffb", b"when"),
    }
    pa.parquet.write_table(pa.table(words), folder / "part.parquet")
    pa.parquet.write_table(pa.table({"a": [1]}), folder / "other.parquet")
    write_manifests(listed)
    found = inspect.describe(suite, listed)
    assert found.differences == (
        "pad.data_dictionary: other.parquet has no columns ['table_name', "
        "'column_name', 'description']; it has ['a'].",
    )
    (crashes,) = (table for table in found.tables if table.name == "crashes")
    about = {column.name: column.about for column in crashes.columns}
    assert about["ts"] == "when"
    assert about["app"] == "what crashed"  # by the suite


def test_files_that_no_run_reads_are_told(suite, listed):
    (listed / "prod/crashes/more.csv").write_text("guid")
    assert inspect.describe(suite, listed).differences == (
        "prod.crashes: more.csv is not read, for it is no *.parquet file.",
    )
