import functools

import dp_accounting
import hypothesis
import jax
import numpy as np
import pytest
import scipy.stats
from hypothesis import strategies as st

from teledp_jax import base
from teledp_jax.answers import workload
from teledp_jax.privacy import accounting, budgets, events, mechanisms
from tests import toys

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
    coin = workload.coins(jax.random.key(5), [str(own) for own in device])
    return workload.tally(coin, block, device, cell, table[:, 2:], num_cells=num_cells)


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


def test_coins_follow_from_the_id_and_a_secret_key():
    ids = [str(number) for number in range(4000)]
    found = workload.coins(jax.random.key(0), ids)
    assert found[7] == workload.coins(jax.random.key(0), ["7"])[0]
    assert found[7] != workload.coins(jax.random.key(1), ["7"])[0]
    assert scipy.stats.kstest(found, scipy.stats.uniform.cdf).pvalue > 0.01
    assert 0 <= found.min() and found.max() < 1


def test_noise_has_the_stated_spread():
    noise = calibrate(COUNT)
    sums = np.full((4000, 1), 500 * workload.STEPS)
    shown, found = workload.release(
        jax.random.key(0),
        COUNT,
        sums,
        noise,
        cells=range(len(sums)),
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
        cells=range(len(sums)),
        context=context(),
    )
    assert shown.tolist() == list(range(5000, 5010))
    assert found.shape == (10, 1)


def test_only_cells_that_hold_a_kept_contribution_are_asked():
    # One device has 20,000 cells of its own, of which 3 are kept. Noise on the others
    # would show one by chance thousands of times too often.
    rows = [[0, cell, 1] for cell in range(20_000)]
    noised = []

    def all_shown(key, values, sigma):
        noised.append(values.shape)
        return values + 10**9

    shown, _ = workload.release(
        jax.random.key(0),
        PRIVATE,
        tally(PRIVATE, rows, 20_000),
        calibrate(CRASHES, PRIVATE),
        cells=range(20_000),
        context=context()._replace(integer_noise=all_shown),
    )
    assert noised == [(3, 1)] and len(shown) == PRIVATE.max_cells


def test_a_device_alone_in_its_cells_shows_no_more_often_than_delta_says():
    # The chance of each of its cells, exactly: 100 hundredths plus noise at the
    # threshold, over the cells that one device keeps.
    noise = calibrate(CRASHES, PRIVATE)
    most, steps = PRIVATE.max_cells, workload.STEPS
    least = mechanisms.selection_threshold(
        noise.sigma, most=most, failure=noise.delta, sensitivity=steps
    )
    reach = np.arange(-60 * int(noise.sigma), 60 * int(noise.sigma) + 1)
    chance = np.exp(-((reach / noise.sigma) ** 2) / 2)
    chance /= chance.sum()
    shows = most * chance[reach >= least - steps].sum()
    assert noise.delta / 10 < shows <= noise.delta


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(data=st.data())
def test_whatever_a_device_brings_its_change_is_bounded(data):
    block = data.draw(st.sampled_from([COUNT, CRASHES, DELAYS, PRIVATE]))
    amount = st.floats(width=64) | st.sampled_from([1e308, -1e308, 0.0])
    row = st.tuples(
        st.integers(0, 2),
        st.integers(0, 5),
        st.just(1.0),
        *[amount for _ in block.bounds[1:]],
    )
    rows = data.draw(st.lists(row, max_size=30))
    others = [row for row in rows if row[0] != 1]
    change = tally(block, rows, 6) - tally(block, others, 6)
    assert (change != 0).sum() <= workload.num_changes([block])
    assert np.abs(change).max() <= workload.STEPS


def test_bounds_shrink_to_what_many_devices_reach():
    # All of 2,000 devices crash three times, one of them a hundred times.
    block = workload.Block("crashes", 2, ((0.0, 1.0), (0.0, 1024.0)), False)
    device = np.repeat(np.arange(2000), 2)
    amounts = np.ones((4000, 2))
    amounts[::2, 1] = 3.0
    amounts[0, 1] = 100.0
    noise = calibrate(block)
    seen = []

    def counted(key, values, sigma):
        seen.append((values, sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    found = workload.narrowed(
        jax.random.key(0),
        block,
        device,
        amounts,
        noise,
        context=toys.context(noise=counted),
    )
    assert found.bounds == ((0.0, 1.0), (0.0, 4.0))
    ((counts, sigma),) = seen
    assert counts.sum() == 2000 and sigma == noise.bound_sigma
    again = workload.narrowed(
        jax.random.key(1), block, device[2:], amounts[2:], noise,
        context=toys.context(noise=counted),
    )  # fmt: skip
    assert again.bounds == found.bounds
    assert np.abs(seen[1][0] - counts).sum() == 1  # a device adds one to one count


def test_a_size_that_only_noise_shows_keeps_the_public_bound():
    block = workload.Block("crashes", 1, ((0.0, 1.0), (-8.0, 1024.0)), False)
    found = workload.narrowed(
        jax.random.key(0), block, np.zeros(1, np.int64), np.array([[1.0, np.nan]]),
        calibrate(block), context=toys.context(),
    )  # fmt: skip
    assert found == block
