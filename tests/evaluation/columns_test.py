"""Device tables as arrays."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from teledp_jax import errors
from teledp_jax.evaluation import columns
from tests.queries import fleet


def test_a_table_is_read_by_device(tmp_path):
    fleet.write_usual(tmp_path)
    table = fleet.SCHEMA.table("apps")
    rows = columns.read(tmp_path / "apps.parquet", table, "guid")
    assert len(rows.device) == 4 and len(rows.ids) == 3
    apps = rows.categories["app"]
    assert [apps.values[code] for code in apps.codes].count("a") == 2
    assert rows.num_devices(np.ones(4, bool)) == 3
    assert rows.num_devices(np.zeros(4, bool)) == 0


def test_a_table_without_a_column_is_refused(tmp_path):
    fleet.write_usual(tmp_path)
    table = fleet.SCHEMA.table("crashes")
    with pytest.raises(errors.InputError, match=r"apps\.parquet"):
        columns.read(tmp_path / "apps.parquet", table, "guid")


def test_a_column_is_read_when_it_is_asked_for_and_not_kept(tmp_path):
    fleet.write_usual(tmp_path)
    rows = columns.read(tmp_path / "apps.parquet", fleet.SCHEMA.table("apps"), "guid")
    assert rows.numbers["hangs"] is not rows.numbers["hangs"]
    assert list(rows.numbers) == ["hangs"] and list(rows.categories) == ["app"]
    (tmp_path / "apps.parquet").unlink()
    with pytest.raises(errors.InputError, match="cannot be read"):
        rows.numbers["hangs"]


def test_rows_of_a_device_are_found_in_order_and_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(columns, "_ROWS", 2)
    table = fleet.SCHEMA.table("apps")
    for name, guids in {
        "in_order": ["a", "a", "a", "b", "c", "c"],
        "apart": ["a", "c", "a", "b", "a", "c"],
    }.items():
        rows = {"guid": guids, "app": ["x"] * 6, "hangs": [1.0] * 6}
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table(rows), path)
        found = columns.read(path, table, "guid")
        assert [found.ids[place].as_py() for place in found.device] == guids
        assert sorted(found.ids.to_pylist()) == ["a", "b", "c"]
    parts = tmp_path / "parts.parquet"
    parts.mkdir()
    for part, guids in enumerate((["b", "b"], [], ["a", "c", "c"])):
        rows = {"guid": pa.array(guids, pa.string()), "app": ["x"] * len(guids)}
        rows["hangs"] = [1.0] * len(guids)
        pq.write_table(pa.table(rows), parts / f"part-{part}.parquet")
    found = columns.read(parts, table, "guid")
    assert found.ids.to_pylist() == ["b", "a", "c"]
    assert found.device.tolist() == [0, 0, 1, 2, 2]
