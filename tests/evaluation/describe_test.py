"""Statistics and rare events of single tables."""

import pytest

from teledp_jax.evaluation import columns, rare, statistics
from tests.queries import fleet


def rows(folder, name):
    table = fleet.SCHEMA.table(name)
    return table, columns.read(folder / f"{name}.parquet", table, "guid")


def described(folder, name):
    table, found = rows(folder, name)
    result = statistics.describe("real", table, found, found, num_devices=4)
    return {row["column"]: row for row in result}


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
    table, real = rows(tmp_path / "real", "crashes")
    _, own = rows(tmp_path / "pe", "crashes")
    (row,) = statistics.describe("pe", table, own, real, num_devices=3)
    # Bins [1, 5) and [5, 10): 2/3, 1/3 against 1/2, 1/2.
    assert row["total_variation"] == pytest.approx(1 / 6)
    table, real = rows(tmp_path / "real", "apps")
    _, own = rows(tmp_path / "pe", "apps")
    row = statistics.describe("pe", table, own, real, num_devices=3)[0]
    assert row["count"] == 0 and row["share_absent"] == 1.0
    assert row["total_variation"] == 1.0


def test_events_count_devices(tmp_path):
    fleet.write(
        tmp_path,
        countries=["DE", "DE", None],
        crashes={0: 0, 1: 4},
        apps=[(0, "a", 0), (0, "a", 2), (0, "b", 0), (1, "a", 0)],
    )
    assert rare.count_events(*rows(tmp_path, "crashes")) == {
        ("", "any row"): 2,
        ("num_crashes", "not zero"): 1,
    }
    assert rare.count_events(*rows(tmp_path, "apps")) == {
        ("", "any row"): 2,
        ("hangs", "not zero"): 1,
        ("app", "a"): 2,
        ("app", "b"): 1,
    }
    assert rare.count_events(*rows(tmp_path, "devices"))["country", "DE"] == 2


def test_only_events_of_20_devices_and_under_5_percent_are_rare():
    table = fleet.SCHEMA.table("apps")
    real = {("app", "a"): 19, ("app", "b"): 20, ("app", "c"): 50}
    found = rare.compare(
        "pe", table, real, {("app", "b"): 5}, num_real=1000, num_synthetic=500
    )
    assert [row["value"] for row in found] == ["b"]
    assert found[0]["real_share"] == pytest.approx(0.02)
    assert found[0]["synthetic_share"] == pytest.approx(0.01)
    assert found[0]["ratio"] == pytest.approx(0.5)
