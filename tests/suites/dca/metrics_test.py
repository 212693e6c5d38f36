"""Hardware metrics by day."""

import numpy as np
import pytest

from teledp_jax.suites.dca import metrics
from tests.suites.dca import made


def test_few_devices_have_all_four_metrics():
    fleet = made.make_fleet(60_000, coverage=made.COVERAGE)
    names = ("C0", "PSYS", "frequency", "temperature")
    having = np.stack([metrics.measures(fleet, name) for name in names])
    number = having.all(axis=0).sum()
    assert number == pytest.approx(104 * 0.6, rel=0.4)
    assert having[0].sum() > 50 * number
