import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax.data import unload


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "prod/crashes"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"n": [1, 2, 3]}), folder / "a.parquet")
    return folder


def against(place, manifest) -> list[str]:
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    unload.manifest(place).write_text(text)
    with duckdb.connect() as connection:
        files, faults = unload.whole_files(connection, place)
    assert faults == []
    return list(unload.against_manifest(place, files))


def test_a_manifest_that_is_right_says_nothing(place):
    size = (place / "a.parquet").stat().st_size
    meta = {"content_length": size, "record_count": 3}
    entry = {"url": "s3://bucket/prod/crashes/a.parquet", "meta": meta}
    assert against(place, {"entries": [entry], "schema": {"elements": []}}) == []


def test_a_manifest_may_leave_out_what_it_does_not_know(place):
    for entry in ({"url": "a.parquet"}, {"url": "s3://b/a.parquet", "mandatory": True}):
        assert against(place, {"entries": [entry]}) == []
        assert against(place, {"entries": [{**entry, "meta": None}]}) == []


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "{}", '{"entries": [1]}', '{"entries": [{}]}', "\0", '{"entries": 1}'],
)
def test_what_is_no_manifest_is_told(place, manifest):
    assert against(place, manifest) == [
        "prod.crashes: crashes-manifest.json is no manifest of an unload."
    ]


def test_a_damaged_file_is_told_beside_whole_ones(place):
    (place / "b.parquet").write_bytes(b"PAR1PAR1")
    with duckdb.connect() as connection:
        files, faults = unload.whole_files(connection, place)
    assert [file.name for file in files] == ["a.parquet"]
    assert faults == ["prod.crashes: b.parquet is empty, truncated or no Parquet file."]
