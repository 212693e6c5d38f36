import itertools

import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.marginals import independent, measure, transport
from tests import toys

WORD = toys.category("word", "a", "b", "c")
SIZE = toys.number("size", 0, 1, 2, 3, 4)
SCHEMA = toys.schema(
    toys.anchor("base", WORD, SIZE),
    toys.group("rare", SIZE),
    toys.entity("apps", WORD, SIZE, rows=3, by="size"),
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def draw(count: int, seed: int, power: float = 1.0) -> arrays.DeviceArrays:
    share = np.random.default_rng(seed).random((count, len(SCHEMA.heads))) ** power
    limits = np.array([head.num_codes for head in SCHEMA.heads])
    return arrays.unflatten(SCHEMA, (share * limits).astype(np.uint8))


def move(schema, target, devices: arrays.DeviceArrays) -> arrays.DeviceArrays:
    moved = transport.move(rng(), schema, target, arrays.flatten(schema, devices))
    return arrays.unflatten(schema, moved)


def marginals(devices: arrays.DeviceArrays) -> dict[str, np.ndarray]:
    counts = measure.pooled_counts(jax.random.key(0), SCHEMA, devices)
    return independent.estimate(SCHEMA, counts, sigma=1e-6)


def test_shares_become_whole_numbers_with_the_right_total():
    np.testing.assert_array_equal(
        transport._whole(np.array([0.5, 0.0, 0.25, 0.25]), 10), [5, 0, 3, 2]
    )
    assert transport._whole(np.full(7, 1 / 7), 100).sum() == 100


def test_numbers_keep_their_ranks():
    moved = transport._numbers(rng(), np.array([4, 1, 3, 2]), np.array([0, 0, 2, 1, 1]))
    np.testing.assert_array_equal(moved, [4, 2, 3, 2])


def test_numbers_that_vanish_are_any_and_the_others_keep_their_ranks():
    codes = np.repeat([1, 2, 3, 4], 250)
    moved = transport._numbers(rng(), codes, np.array([400, 150, 150, 150, 150]))
    np.testing.assert_array_equal(np.bincount(moved), [400, 150, 150, 150, 150])
    gone = np.bincount(codes[moved == 0], minlength=5)[1:]
    assert (np.abs(gone - 100) < 40).all()
    parts = [moved[(moved > 0) & (codes == code)] for code in (1, 2, 3, 4)]
    assert all(low.max() <= high.min() for low, high in itertools.pairwise(parts))


def test_numbers_that_appear_are_spread_over_the_wanted_ones():
    codes = np.array([0] * 500 + [4] * 500)
    moved = transport._numbers(rng(), codes, np.array([0, 250, 250, 250, 250]))
    np.testing.assert_array_equal(np.bincount(moved), [0, 250, 250, 250, 250])
    assert moved[500:].mean() > moved[:500].mean() + 0.5


def test_categories_change_in_as_few_rows_as_can_be():
    codes = np.random.default_rng(1).integers(0, 4, 1000)
    wanted = np.array([100, 700, 0, 200])
    moved = transport._categories(rng(), codes, wanted)
    np.testing.assert_array_equal(np.bincount(moved, minlength=4), wanted)
    surplus = np.maximum(np.bincount(codes, minlength=4) - wanted, 0).sum()
    assert (moved != codes).sum() == surplus


def test_a_fleet_meets_the_marginals():
    target = marginals(draw(5000, seed=1, power=3.0))
    moved = move(SCHEMA, target, draw(4000, seed=2))
    arrays.check(SCHEMA, moved)
    found = marginals(moved)
    assert found.keys() == target.keys()
    for name, shares in target.items():
        np.testing.assert_allclose(found[name], shares, atol=0.03, err_msg=name)
    np.testing.assert_allclose(found["base/word"], target["base/word"], atol=1e-3)
    np.testing.assert_allclose(found["apps/rows"], target["apps/rows"], atol=1e-3)


def test_a_fleet_that_meets_them_is_not_moved():
    devices = draw(2000, seed=1)
    fixed = {"base": devices["base"]}
    schema = toys.schema(*SCHEMA.tables[:1])
    counts = measure.pooled_counts(jax.random.key(0), schema, fixed)
    target = independent.estimate(schema, counts, sigma=1e-6)
    moved = move(schema, target, fixed)
    np.testing.assert_array_equal(moved["base"].codes, devices["base"].codes)


def test_rows_that_appear_are_those_of_others():
    codes = np.zeros((4, 3, 2), np.uint8)
    codes[0, 0], mask = (2, 3), np.zeros((4, 3), np.bool_)
    mask[0, 0] = True
    found, there = transport._resize(rng(), codes, mask, np.array([0, 2, 0, 1]))
    np.testing.assert_array_equal(there.sum(axis=1), [0, 2, 0, 1])
    np.testing.assert_array_equal(found[there], [[2, 3]] * 3)
    assert (found[~there] == 0).all()


@pytest.mark.parametrize("count", [0, 1])
def test_fleets_of_hardly_any_devices_can_be_moved(count):
    target = marginals(draw(500, seed=1))
    moved = move(SCHEMA, target, draw(count, seed=2))
    arrays.check(SCHEMA, moved)
    assert arrays.num_devices(moved) == count
