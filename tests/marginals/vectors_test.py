"""Statistics of whole devices: what is measured, and how much a device changes."""

import numpy as np
import pytest

from teledp_jax import arrays, errors
from teledp_jax.audit import fleets
from teledp_jax.marginals import clipped, plans, row_codes, vectors
from tests import toys

_NAMED = (("apps/kind", "apps/size"), ("base/kind", "rare/size"))
_TRIPLE = toys.TRIPLE
_PLAN = plans.plan(_TRIPLE, _NAMED)


def block(plan, *names):
    (found,) = [b for b in plan.blocks if tuple(s.name for s in b.sides) == names]
    return found


def one_device(*, apps):
    """A device of kind b and size bin 2 without the rare table."""
    rows = np.zeros((3, 2), np.int64)
    for place, codes in enumerate(apps):
        rows[place] = codes
    return arrays.unflatten(_TRIPLE, np.array([[2, 2, 0, 0, len(apps), *rows.ravel()]]))


def whole_sums(plan, devices):
    return vectors.both_sums(_TRIPLE, plan, devices, norm=1000.0)[1]


def test_every_row_counts_by_its_weight():
    found = whole_sums(_PLAN, one_device(apps=[(1, 2), (3, 2)]))
    cells = found[block(_PLAN, "apps/rows~", "apps/kind").cells].reshape(3, 4)
    weight = 2**-0.25 / (2 * (1 + 1 / 1)) ** 0.5  # two columns; two rows, four codes
    np.testing.assert_allclose(cells, [[0] * 4, [0, weight, 0, weight], [0] * 4])
    sizes = found[block(_PLAN, "apps/kind", "apps/size").cells].reshape(4, 4)
    assert np.flatnonzero(sizes).tolist() == [1 * 4 + 2, 3 * 4 + 2]


def test_a_table_that_is_absent_adds_nothing():
    found = whole_sums(_PLAN, one_device(apps=[]))
    used = [b for b in _PLAN.blocks if found[b.cells].any()]
    assert {side.table for b in used for side in b.sides} == {"base"}


def test_totals_escape_the_clip():
    devices = arrays.concatenate([one_device(apps=[(1, 2)] * 3)] * 5)
    norm = float(vectors.norms(_PLAN)[0])
    shortened, whole = vectors.both_sums(_TRIPLE, _PLAN, devices, norm=norm)
    total = next(b for b in _PLAN.blocks if b.is_total and b.table == "apps")
    assert whole[total.cells].tolist() == [5 * total.weight]
    np.testing.assert_allclose(shortened[total.cells], whole[total.cells], rtol=1e-3)
    others = block(_PLAN, "base/kind").cells
    assert shortened[others].sum() < 0.9 * whole[others].sum()


@pytest.mark.parametrize("seed", range(3))
def test_no_device_changes_the_sum_by_more_than_the_grid(seed):
    extreme = fleets.extreme_devices(_TRIPLE)
    devices = arrays.concatenate([toys.devices(_TRIPLE, 40, seed), *extreme.values()])
    for norm in vectors.norms(_PLAN)[[0, 4, 20]]:
        sizes = []
        for i in range(arrays.num_devices(devices)):
            own = arrays.take(devices, slice(i, i + 1))
            found = vectors.sums(_TRIPLE, _PLAN, own, norm=float(norm))
            sizes.append(int((found**2).sum()))
        assert max(sizes) <= clipped.STEPS**2
        if norm < 2.5:  # the bound is reached where vectors are shortened
            assert max(sizes) > 0.99 * clipped.STEPS**2


def test_sums_of_parts_add_up(monkeypatch):
    devices = toys.devices(_TRIPLE, 30, seed=1)
    whole = vectors.sums(_TRIPLE, _PLAN, devices, norm=2.0)
    monkeypatch.setattr(vectors, "_CHUNK", 7)
    assert (vectors.sums(_TRIPLE, _PLAN, devices, norm=2.0) == whole).all()


def test_the_norm_is_that_which_a_share_keeps():
    devices = toys.devices(_TRIPLE, 200, seed=2)
    counts = vectors.norm_counts(_TRIPLE, _PLAN, devices)
    assert counts.sum() == 200
    norm = vectors.choose_norm(_PLAN, counts, share=0.85, sigma=0.1)
    kept = counts[vectors.norms(_PLAN) <= norm].sum() / 200
    assert 0.85 <= kept <= 1.0
    noise = np.full_like(counts, 20)
    least = vectors.choose_norm(_PLAN, noise, share=0.85, sigma=10.0)
    assert least == vectors.norms(_PLAN)[0]


def test_pairs_across_rows_of_two_tables_are_not_counted():
    other = toys.entity("more", toys.KIND, rows=2, by="kind")
    schema = toys.schema(*_TRIPLE.tables, other)
    found = plans.plan(schema, [("apps/kind", "more/kind")])
    both = [b for b in found.blocks if {s.table for s in b.sides} == {"apps", "more"}]
    assert not [b for b in both if all(side.kind == "column" for side in b.sides)]


def test_a_pair_of_two_tables_brings_who_has_both():
    other = toys.group("more", toys.KIND)
    schema = toys.schema(*_TRIPLE.tables, other)
    found = plans.plan(schema, [("apps/kind", "more/kind")])
    assert block(found, "apps/kind", "more/rows>0").num_cells == 4
    assert block(found, "more/kind", "apps/rows>0").weight == 1.0
    assert block(found, "base/kind", "apps/rows").weight == pytest.approx(0.1**0.5)


def test_an_unknown_variable_is_refused():
    with pytest.raises(errors.InputError, match="no variable 'base/none'"):
        plans.plan(_TRIPLE, [("base/none", "rare/size")])


def test_numbers_of_rows_are_exact_where_few_and_coarse_where_many():
    assert row_codes.row_starts(3).tolist() == [1, 2, 3]
    starts = row_codes.row_starts(500)
    assert starts[:16].tolist() == list(range(1, 17))
    assert len(starts) < 48 and starts[-1] <= 500
    assert row_codes.bucket_starts(1).tolist() == [1]
    assert row_codes.bucket_starts(9).tolist() == [1, 2, 3, 5, 9]
    assert row_codes.code_of(starts, np.array([0, 1, 16, 18, 19, 500])).tolist() == [
        -1, 0, 15, 15, 16, len(starts) - 1,
    ]  # fmt: skip


def test_rows_of_other_texts_add_less_and_their_count_is_the_same():
    schema = toys.schema(
        toys.anchor("base", toys.KIND),
        toys.entity(
            "apps",
            toys.category("app", "p", "q", "Other", other="Other"),
            rows=9,
            by="app",
        ),
    )
    plan = plans.one_way(schema)
    devices = {
        "base": arrays.TableArrays(
            np.ones((1, 1), np.uint8), arrays.edges(np.array([1]))
        ),
        "apps": arrays.TableArrays(
            np.array([[1], [3], [3]], np.uint8), arrays.edges(np.array([3]))
        ),
    }
    block = next(b for b in plan.blocks if b.sides[-1].name == "apps/app")
    _, whole = vectors.both_sums(schema, plan, devices, norm=100.0)
    cells = whole[block.cells].reshape(block.shape)
    named, other = cells[:, 1].sum(), cells[:, 3].sum()
    assert other == pytest.approx(named / 2)  # two rows of a quarter each
    counts = (whole[block.cells] / block.cell_weights).reshape(block.shape)
    assert counts[:, 3].sum() == pytest.approx(2 * counts[:, 1].sum())
