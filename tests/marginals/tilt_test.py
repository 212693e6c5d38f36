"""A pool is tilted to the noisy statistics of the workload's queries."""

import numpy as np
import pytest

from teledp_jax import arrays, base
from teledp_jax.marginals import clipped, tilt
from teledp_jax.privacy import mechanisms
from tests import toys

SCHEMA = toys.PAIR  # heads: kind, size; rows and size of the rare table
COUNT = 4000


def questions(devices, like):
    """How many devices of each kind report the rare table, and the sum of its size."""
    del like
    codes = arrays.flatten(SCHEMA, devices)
    kind, present = codes[:, 0].astype(int), np.flatnonzero(codes[:, 2])
    amounts = np.column_stack([np.ones(len(present)), codes[present, 3]]).astype(float)
    groups = tuple((number,) for number in range(4))
    return [base.Asked("rare", present, kind[present], groups, amounts, ((1, 0),))]


def fleet(share_by_kind, size_by_kind, count=COUNT, seed=0):
    """Kinds 1 to 3, of which a share reports the rare table with a size."""
    rng = np.random.default_rng(seed)
    codes = np.zeros((count, 4), int)
    codes[:, 0] = rng.integers(1, 4, count)
    codes[:, 1] = rng.integers(1, 4, count)
    codes[:, 2] = rng.random(count) < np.array(share_by_kind)[codes[:, 0] - 1]
    size = rng.random(count) < np.array(size_by_kind)[codes[:, 0] - 1]
    codes[:, 3] = np.where(codes[:, 2] > 0, np.where(size, 3, 1), 0)
    return arrays.unflatten(SCHEMA, codes)


POOL = fleet((0.3, 0.3, 0.3), (0.5, 0.5, 0.5), seed=1)
TRUTH = fleet((0.1, 0.3, 0.6), (0.2, 0.5, 0.8), seed=2)
EQUAL = np.full(COUNT, 1 / COUNT)


def tilted(devices=TRUTH, context=None, sigma=2_000.0):
    context = context or toys.context()
    return tilt.tilt(
        toys.KEYS, SCHEMA, POOL, EQUAL, devices,
        context._replace(questions=questions), sigma=sigma, num_devices=COUNT,
    )  # fmt: skip


def answers(devices, weights):
    """Devices of each kind that report the rare table, and their mean size."""
    (asked,) = questions(devices, devices)
    own = COUNT * weights[asked.device]
    counts = np.bincount(asked.group, own, 4)[1:]
    return counts, np.bincount(asked.group, own * asked.amounts[:, 1], 4)[1:] / counts


@pytest.fixture(scope="module")
def found():
    return tilted()


def test_the_pool_answers_as_the_fleet(found):
    counts, means = answers(POOL, found.weights)
    true_counts, true_means = answers(TRUTH, EQUAL)
    assert counts == pytest.approx(true_counts, rel=0.08)
    assert means == pytest.approx(true_means, rel=0.08)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.facts["effective_sample"] >= 0.2
    assert found.facts["num_statistics"] == 6
    assert 0 < found.facts["tilt_pull"] <= 0.4


def test_noise_that_hides_everything_leaves_the_pool():
    context = toys.context(noise=lambda key, values, sigma: values)
    hidden = tilted(context=context, sigma=1e9)
    assert np.array_equal(hidden.weights, EQUAL)
    assert hidden.facts["num_statistics"] == 0


def test_a_fleet_like_the_pool_hardly_moves_it():
    same = tilted(POOL)
    assert same.facts["effective_sample"] > 0.95


def test_without_questions_nothing_is_read():
    def noise(key, values, sigma):
        pytest.fail("asked")

    context = toys.context(noise=noise)
    found = tilt.tilt(
        toys.KEYS, SCHEMA, POOL, EQUAL, TRUTH, context, sigma=10.0, num_devices=COUNT
    )
    assert np.array_equal(found.weights, EQUAL)


def test_what_is_released_are_whole_steps_and_once():
    asked, store = [], base.MemoryStore()

    def noise(key, values, sigma):
        asked.append((values.dtype.kind, len(values), sigma))
        return mechanisms.seeded_integer_noise(key, values, sigma)

    first = tilted(context=toys.context(store, noise=noise))
    again = tilted(context=toys.context(store, noise=noise))
    assert asked == [("i", 6, 2_000.0)]
    assert toys.same(first.weights, again.weights)


def test_a_device_more_moves_the_totals_by_the_clip_at_most():
    exact = []

    def noise(key, values, sigma):
        exact.append(values.copy())
        return values

    tilted(context=toys.context(noise=noise))
    more = arrays.unflatten(SCHEMA, np.array([[3, 3, 1, 3]]))
    tilted(arrays.concatenate([TRUTH, more]), toys.context(noise=noise))
    change = exact[1] - exact[0]
    assert 0 < (change**2).sum() <= clipped.STEPS**2


def test_an_empty_fleet_and_a_pool_without_answers_stop_nothing():
    assert tilted(arrays.take(TRUTH, slice(0, 0))).weights.sum() == pytest.approx(1.0)
    silent = fleet((0, 0, 0), (0, 0, 0))
    found = tilt.tilt(
        toys.KEYS, SCHEMA, silent, EQUAL, TRUTH,
        toys.context()._replace(questions=questions), sigma=10.0, num_devices=COUNT,
    )  # fmt: skip
    assert np.array_equal(found.weights, EQUAL)


def test_processes_add_their_devices_up():
    whole = tilted(sigma=5_000.0)
    parts = [arrays.take(TRUTH, slice(0, 1500)), arrays.take(TRUTH, slice(1500, COUNT))]
    sums = []

    def keep(counts):
        sums.append(counts)
        return counts

    def add(counts):
        return sums[0] + counts

    for part, total in zip(parts, (keep, add), strict=True):
        context = toys.context()._replace(part=base.Part(total=total))
        last = tilted(part, context, sigma=5_000.0)
    assert toys.same(last.weights, whole.weights)


def test_a_part_of_no_share_is_none():
    assert tilt.part(0.0) == ()
    (part,) = tilt.part(0.25)
    assert (part.name, part.l2_sensitivity) == (tilt.SIGMA, clipped.STEPS)
