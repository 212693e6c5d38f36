"""Device tables as arrays."""

import numpy as np
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
