"""Files that lie by device are read bucket by bucket; a bucket that lies is refused."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.data import buckets, passes, slices
from tests.data.passes_test import all_counts, crash_more, tables
from tests.data.raw import rewrite, run_aggregate, texts

TABLES = ("pad/machines", "prod/crashes")


def bucketed(source, *, lie=()):
    """Puts the rows of both tables into folders by the last letter of the id."""
    for name in TABLES:
        files = sorted((source / name).glob("*.parquet"))
        rows = pa.concat_tables(pq.read_table(path) for path in files)
        for path in files:
            path.unlink()
        last = pc.utf8_slice_codeunits(rows["guid"], -1)
        own = [
            "0" if name in lie and i == 0 else value
            for i, value in enumerate(last.to_pylist())
        ]
        for value in sorted(set(own)):
            folder = source / name / f"bucket={value}"
            folder.mkdir()
            mask = pa.array([bucket == value for bucket in own])
            pq.write_table(rows.filter(mask), folder / "part.parquet")


def test_buckets_give_the_same_files_and_counts_and_are_not_rewritten(
    suite, source, tmp_path, monkeypatch
):
    crash_more(source)
    whole, _ = run_aggregate(suite, source, tmp_path / "whole", holdout=0.3)
    bucketed(source)
    monkeypatch.setattr(passes, "_rewrite", None)
    rule = {"holdout": 0.3, "buckets_by": "bucket"}
    run, _ = run_aggregate(suite, source, tmp_path, **rule)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert not list((tmp_path / "temp's").iterdir())


def test_an_id_that_no_database_takes_is_mended_in_its_bucket(suite, source, tmp_path):
    ids = [b"m07", b"m07", b"\xff", b"m07", b"stranger"]
    rewrite(
        source, "prod/crashes", lambda rows: rows.set_column(0, "guid", [texts(*ids)])
    )
    whole, _ = run_aggregate(suite, source, tmp_path / "whole")
    for name in TABLES:
        (source / name / "bucket=0").mkdir()
        path = source / name / "part.parquet"
        path.rename(path.parent / "bucket=0" / path.name)
    run, _ = run_aggregate(suite, source, tmp_path, buckets_by="bucket")
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)


@pytest.mark.parametrize("key", ["bucket", None])
def test_buckets_are_recognised_and_several_folders_make_one_pass(
    suite, source, tmp_path, monkeypatch, key
):
    crash_more(source)
    whole, _ = run_aggregate(suite, source, tmp_path / "whole", holdout=0.3)
    bucketed(source)
    monkeypatch.setattr(passes, "reduce_slices", None)
    seen = []
    true = buckets.reduce
    monkeypatch.setattr(
        buckets, "reduce", lambda *a, **o: seen.append(len(a[2])) or true(*a, **o)
    )
    rule = {"holdout": 0.3, "num_passes": 4, "buckets_by": key}
    run, _ = run_aggregate(suite, source, tmp_path, **rule)
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)
    assert seen == [11 if key else 4]  # ids end in a digit or r; the setting takes each


@pytest.mark.parametrize("sampled_rows", [10_000, 0])
def test_folders_that_part_devices_are_not_used_if_nothing_names_them(
    suite, source, tmp_path, monkeypatch, sampled_rows
):
    monkeypatch.setattr(buckets, "_SAMPLED_ROWS", sampled_rows)
    monkeypatch.setattr(buckets, "reduce", None)
    crash_more(source, num_rows=200)
    whole, _ = run_aggregate(suite, source, tmp_path / "whole")
    bucketed(source, lie=["prod/crashes"])
    run, _ = run_aggregate(suite, source, tmp_path, num_passes=11)
    assert tables(run) == tables(whole)


def test_nothing_looks_at_files_if_the_setting_says_so(
    suite, source, tmp_path, monkeypatch
):
    monkeypatch.setattr(buckets, "recognise", None)
    monkeypatch.setattr(slices, "find", None)
    run_aggregate(suite, source, tmp_path, num_passes=2, buckets_by="none")


@pytest.mark.parametrize("sampled_rows", [10_000, 0])
def test_a_bucket_that_lies_is_refused(
    suite, source, tmp_path, monkeypatch, sampled_rows
):
    monkeypatch.setattr(buckets, "_SAMPLED_ROWS", sampled_rows)
    reduced = []
    true = buckets.parts.reduce_partition
    monkeypatch.setattr(
        buckets.parts,
        "reduce_partition",
        lambda *args: reduced.append(args) or true(*args),
    )
    crash_more(source, num_rows=200)
    bucketed(source, lie=["prod/crashes"])
    with pytest.raises(errors.InputError, match="buckets part the rows of a device"):
        run_aggregate(suite, source, tmp_path, buckets_by="bucket")
    assert not reduced
    assert not (tmp_path / 'it\'s a "run"' / "real").exists()


def test_a_file_without_a_bucket_is_refused(suite, source, tmp_path):
    with pytest.raises(errors.InputError, match=r"lies in no folder bucket=\.\.\."):
        run_aggregate(suite, source, tmp_path, buckets_by="bucket")
