import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from teledp_jax import errors
from teledp_jax.data import inspect


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
    assert found.differences == ()
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
    assert text.endswith("The source is what the suite expects.")


def test_a_missing_and_an_unknown_table_are_told(suite, listed):
    (listed / "prod/crashes").rename(listed / "prod/hangs")
    told = inspect.describe(suite, listed).differences
    assert "prod.crashes: the table is missing, or has no whole file." in told
    assert "prod.hangs: the suite reads no such table." in told


def test_columns_that_differ_are_told(suite, listed):
    path = listed / "prod/crashes/part.parquet"
    table = pa.parquet.read_table(path).drop_columns("app")
    table = table.set_column(2, "weight", pa.array(["1"] * 5))
    pa.parquet.write_table(table.append_column("extra", pa.array([1] * 5)), path)
    write_manifests(listed)
    assert inspect.describe(suite, listed).differences == (
        "prod.crashes: column app (VARCHAR) is missing (in part.parquet).",
        "prod.crashes: column weight is VARCHAR, expected DOUBLE (in part.parquet).",
        "prod.crashes: column extra is not one that the suite reads.",
    )


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
    told = inspect.describe(suite, listed).differences
    assert "pad.machines: machines-manifest.json is no manifest of an unload." in told
    assert "pad.countries: has no manifest countries-manifest.json." in told
    assert "prod.crashes: part.parquet is empty, truncated or no Parquet file." in told


def test_a_folder_without_tables_is_named(suite, tmp_path):
    with pytest.raises(errors.InputError, match="no such source folder"):
        inspect.describe(suite, tmp_path / "absent")
    (tmp_path / "none").mkdir()
    with pytest.raises(errors.InputError, match="holds no tables"):
        inspect.describe(suite, tmp_path / "none")
