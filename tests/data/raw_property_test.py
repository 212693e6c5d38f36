"""Any raw rows, written by any program: each device gets what was worked out by hand.

What a device gets depends on its own rows only, so that no row of one device changes
how the rows of others are read. Few files are tried here; any number by
python -m tests.data.raw_run --files=10000
"""

import pytest

from tests.data import raw_check


@pytest.mark.parametrize("seed", range(3))
def test_each_device_gets_what_its_own_rows_say(suite, source, tmp_path, seed):
    tried = raw_check.check(suite, source, tmp_path / "run", seed=seed, num_files=8)
    assert tried.writers.total() >= 8
