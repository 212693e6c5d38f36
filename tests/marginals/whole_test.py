"""The chain of whole devices meets what was measured, clip and noise or not."""

import numpy as np
import pytest
import scipy.sparse

from teledp_jax import arrays
from teledp_jax.marginals import (
    baskets,
    clipped,
    estimates,
    noisy_sums,
    plans,
    statistics,
    survival,
    terms,
    vectors,
    whole,
)
from tests import toys

_APPS = toys.entity(
    "apps",
    toys.category("app", "p", "q", "r", "s", "t"),
    toys.whole("uses", 1, 2, 3, 4),
    rows=4,
    by="uses",
    unique=("app",),
)
_SCHEMA = toys.schema(*toys.PAIR.tables, _APPS)
_PLAN = plans.plan(_SCHEMA, [("base/kind", "rare/size"), ("apps/app", "apps/uses")])
_COUNT = 3000


def fleet():
    """Kind tells size, the rare table and the items; the item tells its uses."""
    kind = np.arange(_COUNT) % 2
    apps = np.array([[1, 1], [2, 2], [3, 3], [4, 1]])
    num_rows = np.where(kind == 0, 1, 3)
    codes = np.concatenate([apps[0:1] if k == 0 else apps[1:4] for k in kind])
    base = np.stack([kind + 1, 3 - 2 * kind], axis=1)
    rare = (kind == 1).astype(np.int64)
    tables = {
        "base": (base, np.ones(_COUNT, np.int64)),
        "rare": (np.full((rare.sum(), 1), 2), rare),
        "apps": (codes, num_rows),
    }
    return {
        name: arrays.TableArrays(codes.astype(np.uint8), arrays.edges(counts))
        for name, (codes, counts) in tables.items()
    }


def noisy(devices, *, norm=100.0, stddev=1e-3):
    sums = vectors.sums(_SCHEMA, _PLAN, devices, norm=norm) * norm / clipped.STEPS
    weights = np.array([block.weight for block in _PLAN.blocks])
    values = sums / np.concatenate([block.cell_weights for block in _PLAN.blocks])
    return noisy_sums.Noisy(_PLAN, values, stddev / weights, norm, _COUNT)


def drawn(found, count=_COUNT):
    tree = whole.fit(np.random.default_rng(0), _SCHEMA, found)
    return whole.sample(np.random.default_rng(1), _SCHEMA, tree, count)


@pytest.fixture(scope="module")
def pool():
    return drawn(noisy(fleet()))


def test_what_goes_together_stays_together(pool):
    arrays.check(_SCHEMA, pool)
    kind, size = np.asarray(pool["base"].codes).T
    assert (size == 5 - 2 * kind).mean() > 0.98
    assert ((kind == 2) == (arrays.num_rows(pool["rare"]) == 1)).mean() > 0.98
    assert (arrays.num_rows(pool["apps"]) == np.where(kind == 1, 1, 3)).mean() > 0.95


def test_all_rows_are_drawn_each_item_as_often_as_in_the_fleet(pool):
    apps, uses = np.asarray(pool["apps"].codes).T
    counts = np.bincount(apps, minlength=6)
    np.testing.assert_allclose(counts[1:5] / _COUNT, 0.5, atol=0.03)
    assert counts[0] + counts[5] < 0.02 * _COUNT
    assert (uses == np.array([0, 1, 2, 3, 1, 0])[apps]).mean() > 0.95
    assert not len(
        baskets.repeats(_APPS, pool["apps"].codes, arrays.owners(pool["apps"]))
    )


def test_what_the_clip_took_is_undone():
    norm = float(vectors.norms(_PLAN)[2])
    found = noisy(fleet(), norm=norm)
    own = statistics.column(_SCHEMA.anchor, 0)
    (block,) = [b for b in _PLAN.blocks if b.sides == (own,)]
    survived = found.values[block.cells].sum() / _COUNT
    assert survived < 0.9
    parts = survival.by_tables(found)
    assert parts[block.cells] == pytest.approx(survived, rel=0.01)
    pool = drawn(found)
    assert (np.asarray(pool["base"].codes)[:, 0] == 2).mean() == pytest.approx(
        0.5, abs=0.03
    )
    assert (arrays.num_rows(pool["rare"]) == 1).mean() == pytest.approx(0.5, abs=0.03)


def coefficients(goal, shares=None):
    """Of a pair of two codes each, measured as `goal`, noise of 0.02 a cell."""
    kind = statistics.Variable("column", "base", 0, 2, "base/kind")
    block = statistics.Block((kind, kind), "base", 1.0, False, 1.0, 0)
    part = terms.Part(
        kind, block, np.array(goal), 0.02, np.eye(2), np.eye(2), np.arange(2), shares
    )
    made = terms.Coefficients(part, np.full(2, 0.5), 1000.0)
    cells = np.repeat([[1.0, 0.0], [0.0, 1.0]], 500, axis=1)
    half = np.full((1000, 2), 0.5, np.float32)
    moved = made.step(scipy.sparse.csr_array(cells), half, is_first=True)
    return made, moved


def test_what_shows_no_more_than_noise_is_not_told():
    made, moved = coefficients([[0.26, 0.24], [0.25, 0.25]])
    assert not made.is_told
    assert np.abs(moved).max() < 0.05


def test_what_is_clear_of_noise_moves_the_logits_its_way():
    made, moved = coefficients([[0.45, 0.05], [0.05, 0.45]])
    assert made.is_told
    assert moved[0, 0] - moved[0, 1] > 1 and moved[1, 1] - moved[1, 0] > 1


def test_what_follows_leaves_no_room_for_others_though_few_rows_were_measured():
    # Of 500 rows of the first code 300 were measured; all are to have outcome 0.
    shares = np.array([[1.0, 0.0], [np.nan, np.nan]])
    _, moved = coefficients([[0.3, 0.0], [0.1, 0.4]], shares)
    _, measured = coefficients([[0.3, 0.0], [0.1, 0.4]])
    assert moved[0, 0] - moved[0, 1] > measured[0, 0] - measured[0, 1] > 0
    np.testing.assert_allclose(moved[1], measured[1], atol=0.2)


def test_a_basket_has_each_item_once_and_as_many_as_it_has_rows():
    most = baskets.most_repeats(_APPS, 0, {})
    assert most.tolist() == [np.inf, 1, 1, 1, 1, 1]
    expected = baskets._expected(
        np.array([[0.0, 0.7, 0.1, 0.1, 0.1, 0.0]]), np.array([3]), most
    )
    np.testing.assert_allclose(expected, [[0, 1, 2 / 3, 2 / 3, 2 / 3, 0]], rtol=1e-6)


def test_repeats_are_rows_whose_key_came_before():
    codes = np.array([[1, 1], [1, 2], [1, 1], [0, 1], [0, 2]])
    owner = np.array([0, 0, 1, 1, 1])
    assert baskets.repeats(_APPS, codes, owner).tolist() == [1]  # absent may repeat


def test_shares_of_items_are_not_drowned_by_buckets_without_rows():
    apps = toys.entity("apps", toys.category("app", *"pqrstuvw"), rows=500, by="app")
    schema = toys.schema(toys.anchor("base", toys.KIND), apps)
    plan = plans.one_way(schema)
    items = np.repeat(np.arange(1, 9), [240, 180, 120, 80, 60, 50, 40, 30])
    rows = np.random.default_rng(0).permutation(items)
    devices = {
        "base": arrays.TableArrays(np.ones((400, 1), np.uint8), np.arange(401)),
        "apps": arrays.TableArrays(
            rows[:, None].astype(np.uint8), arrays.edges(np.full(400, 2))
        ),
    }
    sums = vectors.sums(schema, plan, devices, norm=100.0) * 100.0 / clipped.STEPS
    noise = np.random.default_rng(1).normal(0, 4.0, len(sums))
    weights = np.concatenate([block.cell_weights for block in plan.blocks])
    stddevs = 4.0 / np.array([block.weight for block in plan.blocks])
    found = estimates.Estimates(
        schema,
        noisy_sums.Noisy(plan, (sums + noise) / weights, stddevs, 100.0, 400),
        np.ones(len(sums)),
    )
    shares = found.column(statistics.column(apps, 0))
    truth = np.bincount(items, minlength=9) / len(items)
    # Two rows weigh 1 / sqrt(2) or more each: noise of about eight rows an item.
    assert np.abs(shares[1] - truth).max() < 4 * 8 / len(items)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
