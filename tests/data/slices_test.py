"""Files in the order of the ids are read slice by slice; what decides is the filter."""

import itertools

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax.data import lineage, passes, rawfiles, slices, warehouse
from tests.data.passes_test import all_counts, crash_more, in_passes, tables
from tests.data.raw import run_aggregate

OPEN = (None, None)


def put_in_order(source, *, rows_per_group=2_500):
    """Sorts the crashes of all files into one file of several row groups."""
    place = source / "prod/crashes"
    rows = pq.read_table(place).sort_by([("guid", "ascending")])
    for path in place.glob("*.parquet"):
        path.unlink()
    pq.write_table(rows, place / "sorted.parquet", row_group_size=rows_per_group)


@pytest.fixture
def read(monkeypatch):
    """The slices that were read."""
    seen = []
    true = passes.reduce_slices

    def reduce(connection, suite, found, *others, **options):
        seen.extend(one for one, _ in found)
        return true(connection, suite, found, *others, **options)

    monkeypatch.setattr(passes, "reduce_slices", reduce)
    return seen


def test_slices_by_order_give_the_same_files_and_counts(suite, source, tmp_path, read):
    crash_more(source)
    whole, _ = run_aggregate(suite, source, tmp_path / "whole", holdout=0.3)
    put_in_order(source)
    run = in_passes(suite, source, tmp_path)
    assert {type(one) for one in read} == {slices.Ordered} and len(read) == 3
    assert tables(run) == tables(whole)
    assert all_counts(run) == all_counts(whole)


def test_files_out_of_order_are_sliced_by_hash(suite, source, tmp_path, read):
    crash_more(source)
    in_passes(suite, source, tmp_path)
    assert {type(one) for one in read} == {slices.Hashed}


def test_each_id_is_in_one_slice_and_none_in_the_first(suite, source, tmp_path):
    crash_more(source)
    put_in_order(source)
    sources = lineage.narrowed(suite, OPEN)
    found = slices.find(suite, rawfiles.present(suite, source), sources, 4)
    assert len(found) == 4
    assert all(files["countries"] for _, files in found)
    ids = [None, "", "a", "m03", "m10", "m25", "m49", "z"]
    with warehouse.sealed() as connection:
        rows = connection.sql("SELECT unnest($ids) AS guid", params={"ids": ids})
        each = [
            [guid for (guid,) in rows.filter(one.holds("guid")).fetchall()]
            for one, _ in found
        ]
    assert sorted(itertools.chain(*each), key=str) == sorted(ids, key=str)
    assert None in each[0]


def test_ids_of_several_kinds_have_no_order(suite, source, tmp_path):
    crash_more(source)
    put_in_order(source)
    path = source / "prod/crashes/sorted.parquet"
    rows = pq.read_table(path)
    numbers = pa.array(range(len(rows)), pa.int32())  # whole numbers may stand for text
    pq.write_table(rows.set_column(0, "guid", numbers), path)
    sources = lineage.narrowed(suite, OPEN)
    assert slices.find(suite, rawfiles.present(suite, source), sources, 4) == []
