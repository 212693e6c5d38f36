"""How much devices do."""

import numpy as np
import pytest

from teledp_jax.suites.dca import amounts, applications, restarts
from tests.suites.dca import made


@pytest.mark.parametrize(
    ("trait", "table"),
    [
        ("hot", restarts.microsoft_windows_kernel_power_event_41),
        ("starved", applications.application_hang_event_1002),
        ("defective", applications.application_error_event_1000),
    ],
)
def test_interactions_multiply_rates(world_fleet, trait, table):
    counts = made.num_rows(world_fleet, table)
    affected = getattr(world_fleet, trait)
    reporting = counts > 0
    ratio = counts[reporting & affected].mean() / counts[reporting & ~affected].mean()
    assert ratio > 2.5


def test_activity_has_mean_one_and_few_do_little(large_fleet):
    factor = amounts.activity(large_fleet.draw("test"), "days", shape=0.7)
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    assert np.median(factor) < 0.7


def test_numbers_of_rows_keep_their_mean_and_are_at_least_one(large_fleet):
    factor = amounts.activity(large_fleet.draw("test"), "rows", shape=2.0)
    counts = amounts.counts(np.full(len(factor), 12.0), factor)
    assert counts.min() >= 1
    assert counts.mean() == pytest.approx(12.0, rel=0.02)
