"""Rare events."""

import pytest

from teledp_jax.evaluation import columns, rare
from tests.queries import fleet


def rows(folder, name):
    table = fleet.SCHEMA.table(name)
    return table, columns.read(folder / f"{name}.parquet", table, "guid")


@pytest.mark.parametrize("num_rows", [1, 2**20])
def test_events_count_devices(tmp_path, monkeypatch, num_rows):
    monkeypatch.setattr(rare, "_ROWS", num_rows)
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
