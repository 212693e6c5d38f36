"""Statistics of single columns."""

import pytest

from teledp_jax.evaluation import columns, statistics
from tests.queries import fleet


def rows(folder, name):
    table = fleet.SCHEMA.table(name)
    return table, columns.read(folder / f"{name}.parquet", table, "guid")


def described(folder, name):
    table, found = rows(folder, name)
    result, _ = statistics.describe("real", table, found, {}, num_devices=4)
    return {row["column"]: row for row in result}


def shares(folder, name):
    table, found = rows(folder, name)
    return statistics.describe("real", table, found, {}, num_devices=4)[1]


def test_numbers_of_a_group(tmp_path):
    fleet.write_usual(tmp_path)
    row = described(tmp_path, "crashes")["num_crashes"]
    assert row["count"] == 3 and row["mean"] == 4.0 and row["median"] == 4.0
    assert row["variance"] == pytest.approx(8 / 3)
    assert (row["p25"], row["p75"]) == (3.0, 5.0)
    assert row["share_absent"] == 0.25 and row["share_zero"] == 0.0
    assert row["total_variation"] == 0.0


def test_categories_of_an_entity_count_devices_once(tmp_path):
    fleet.write_usual(tmp_path)
    row = described(tmp_path, "apps")["app"]
    assert row["count"] == 4 and row["num_values"] == 3
    assert row["top_share"] == 0.5
    assert row["share_absent"] == 0.25


def test_distance_to_the_real_shares(tmp_path):
    fleet.write_usual(tmp_path / "real")
    fleet.write(
        tmp_path / "pe", countries=["DE", "US", None], crashes={0: 3, 1: 9}, apps=[]
    )
    real = shares(tmp_path / "real", "crashes")
    table, own = rows(tmp_path / "pe", "crashes")
    (row,), _ = statistics.describe("pe", table, own, real, num_devices=3)
    # Bins [1, 5) and [5, 10): 2/3, 1/3 against 1/2, 1/2.
    assert row["total_variation"] == pytest.approx(1 / 6)
    real = shares(tmp_path / "real", "apps")
    table, own = rows(tmp_path / "pe", "apps")
    row = statistics.describe("pe", table, own, real, num_devices=3)[0][0]
    assert row["count"] == 0 and row["share_absent"] == 1.0
    assert row["total_variation"] == 1.0
