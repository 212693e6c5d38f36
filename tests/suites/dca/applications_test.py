"""Application crashes and hangs."""

import numpy as np
import scipy.stats

from teledp_jax.suites.dca import applications
from tests.suites.dca import made


def test_a_few_extreme_devices_send_much(world_fleet):
    counts = made.num_rows(world_fleet, applications.application_error_event_1000)
    counts = np.sort(counts[counts > 0])
    assert counts[-1] > 100 * np.median(counts)
    assert counts[-len(counts) // 100 :].sum() > 0.1 * counts.sum()


def test_the_worlds_differ_in_correlations():
    def correlation(world: str) -> float:
        fleet = made.make_fleet(20_000, seed=0, world=world)
        counts = made.num_rows(fleet, applications.application_error_event_1000)
        some = counts > 0
        newness = fleet.codes["cpuname"][some]
        return scipy.stats.spearmanr(newness, counts[some]).statistic

    assert correlation("a") < -0.05
    assert correlation("b") > 0.2
