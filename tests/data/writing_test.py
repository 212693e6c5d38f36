import duckdb
import pyarrow.parquet as pq
import pytest

from teledp_jax.data import device_files, warehouse, writing
from tests import toys

SCHEMA = toys.schema(toys.anchor("base", toys.KIND, toys.SIZE))
TABLE = SCHEMA.anchor


@pytest.fixture
def reduced(tmp_path):
    return writing.Reduced(real=tmp_path / "real", holdout=tmp_path / "holdout")


def read(folder):
    return pq.read_table(folder / "base.parquet")


def test_the_holdout_lies_apart_and_rows_are_ordered_by_id(reduced):
    with duckdb.connect() as connection:
        rows = connection.sql(
            "SELECT (99 - i)::VARCHAR AS guid, 'a' AS kind, i / 3 AS size "
            "FROM range(100) r(i)"
        )
        aside = rows.filter(warehouse.hashed_below("guid", 0.3, salt="holdout"))
        expected = {row[0] for row in aside.fetchall()}
        writing.write_parts(rows, SCHEMA, TABLE, reduced, holdout=0.3)
    ids = read(reduced.holdout)["guid"].to_pylist()
    assert set(ids) == expected
    assert 0 < len(ids) < 60
    others = read(reduced.real)["guid"].to_pylist()
    assert ids == sorted(ids)
    assert others == sorted(others)
    assert sorted(ids + others) == sorted(map(str, range(100)))


def test_numbers_keep_twelve_digits_and_nan_is_absent(reduced):
    with duckdb.connect() as connection:
        rows = connection.sql(
            "SELECT i::VARCHAR AS guid, 'a' AS kind, size FROM (VALUES "
            "(1, 0.1 + 0.2), (2, 0.3), (3, 'nan'::DOUBLE), (4, NULL)) t(i, size)"
        )
        writing.write_parts(rows, SCHEMA, TABLE, reduced, holdout=0.0)
    first, second, *absent = read(reduced.real)["size"].to_pylist()
    assert first == second == pytest.approx(0.3, rel=1e-12)
    assert absent == [None, None]


def test_a_table_without_rows_has_all_columns(reduced):
    writing.write_empty(SCHEMA, TABLE, reduced)
    for folder in (reduced.real, reduced.holdout):
        assert read(folder).schema == device_files.arrow_schema(SCHEMA, TABLE)
        assert len(read(folder)) == 0
