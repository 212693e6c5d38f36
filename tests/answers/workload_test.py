import functools

import dp_accounting
import jax
import numpy as np
import pytest

from teledp_jax import base
from teledp_jax.answers import workload
from teledp_jax.privacy import accounting, budgets, events, mechanisms

COUNT = workload.Block("count", 1, ((0.0, 1.0),), False)
CRASHES = workload.Block("crashes", 2, ((0.0, 1.0), (0.0, 50.0)), False)
DELAYS = workload.Block("delays", 1, ((0.0, 1.0), (-10.0, 40.0)), False)
PRIVATE = workload.Block("apps", 3, ((0.0, 1.0),), True)
SPENT = events.DiscreteGaussianDpEvent(20.0)


def context() -> base.Context:
    return base.Context(
        base.MemoryStore(), lambda *args: None, mechanisms.seeded_integer_noise
    )


@functools.lru_cache
def calibrate(*blocks: workload.Block) -> workload.Noise:
    allowed = budgets.Budget(epsilon=4.0, delta=1e-5, spent=SPENT, num_devices=100)
    return workload.calibrate(blocks, allowed)


def tally(block, rows, num_cells):
    """Sums of (device, cell, amounts...) rows."""
    table = np.array(rows, np.float64).reshape(-1, 2 + len(block.bounds))
    device, cell = table[:, 0].astype(int), table[:, 1].astype(int)
    return workload.tally(
        jax.random.key(5), block, device, cell, table[:, 2:], num_cells=num_cells
    )


@pytest.mark.parametrize("blocks", [[COUNT], [CRASHES, PRIVATE]])
def test_all_answers_together_meet_the_budget(blocks):
    noise = calibrate(*blocks)
    total = dp_accounting.ComposedDpEvent([SPENT, noise.event])
    assert 3.9 < accounting.epsilon_pld(total, 1e-5) <= 4.0


def test_amounts_are_clipped_and_counted_in_hundredths():
    rows = [[0, 1, 1, 25.0], [1, 1, 1, 900.0], [2, 0, 1, np.nan], [3, 0, 1, -5.0]]
    assert tally(CRASHES, rows, 2).tolist() == [[200, 0], [200, 150]]


def test_amounts_are_rounded_right_on_average():
    rows = [[device, 0, 1, 0.1] for device in range(4000)]
    found = tally(CRASHES, rows, 1)[0, 1]
    assert found == pytest.approx(4000 * 0.2, abs=4 * (4000 * 0.2 * 0.8) ** 0.5)


def test_bounds_below_zero_scale_by_the_larger_side():
    rows = [[0, 0, 1, -99.0], [1, 0, 1, 40.0], [2, 1, 1, 10.0]]
    assert tally(DELAYS, rows, 2).tolist() == [[200, 75], [100, 25]]


def test_a_device_keeps_its_largest_cells_and_one_row_of_each():
    rows = [[7, 0, 1, 1.0], [7, 1, 1, 9.0], [7, 1, 1, 8.0], [7, 2, 1, 5.0]]
    assert tally(CRASHES, rows, 3).tolist() == [[0, 0], [100, 18], [100, 10]]


def test_a_device_changes_no_more_numbers_than_stated():
    generator = np.random.default_rng(0)
    for _ in range(50):
        rows = generator.integers(0, [5, 4, 2, 99], (40, 4)).astype(float)
        others = rows[rows[:, 0] != 3]
        change = tally(CRASHES, rows, 4) - tally(CRASHES, others, 4)
        assert (change != 0).sum() <= workload.num_changes([CRASHES]) == 4
        assert np.abs(change).max() <= workload.STEPS


def test_noise_has_the_stated_spread():
    noise = calibrate(COUNT)
    sums = np.full((4000, 1), 500 * workload.STEPS)
    shown, found = workload.release(
        jax.random.key(0),
        COUNT,
        sums,
        noise,
        context=context(),
    )
    assert shown.tolist() == list(range(4000))
    spread = noise.sigma / workload.STEPS
    assert found.mean() == pytest.approx(500, abs=4 * spread / 4000**0.5)
    assert found.std() == pytest.approx(spread, rel=0.05)


def test_a_private_cell_of_one_device_is_not_shown():
    noise = calibrate(CRASHES, PRIVATE)
    sums = np.array([[1]] * 5000 + [[900]] * 10) * workload.STEPS
    shown, found = workload.release(
        jax.random.key(0),
        PRIVATE,
        sums,
        noise,
        context=context(),
    )
    assert shown.tolist() == list(range(5000, 5010))
    assert found.shape == (10, 1)
