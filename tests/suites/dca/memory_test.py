"""Free memory."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, memory
from tests.suites.dca import made


def test_more_memory_is_used_less(fleet):
    rows, device = made.rows_of(fleet, memory.os_memsam_avail_percent)
    sizes = np.array([float(v) for v in facts.attribute_values("ram")]) * 1024.0
    size = sizes[fleet.codes["ram"]][device]
    used = 100.0 * (1.0 - rows["average"].to_numpy() / np.maximum(size, 1.0))
    for gb, percent in ((4, 71), (8, 60), (16, 47)):
        chosen = (size == gb * 1024.0) & (used > 0.0)
        assert used[chosen].mean() == pytest.approx(percent, abs=3.0)
    samples = sum(rows[name].to_numpy() for name in rows if "below_" in name)
    samples = samples + rows["equal_to_greater_than_100"].to_numpy()
    np.testing.assert_array_equal(samples, rows["sample_count"].to_numpy())
