import numpy as np
import pytest

from teledp_jax.pe import trees

COLUMNS = trees.Columns(np.array([64, 64, 5]), np.array([True, True, False]))


def pool(count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.integers(size, size=count) for size in COLUMNS.sizes])
    return codes, rng.exponential(size=count)


def grown(seed: int, **changes) -> trees.Tree:
    codes, weights = pool()
    settings = {"leaf_weight": 50.0, "same_column": False} | changes
    rng = np.random.default_rng(seed)
    return trees.grow(rng, COLUMNS, codes, weights, **settings)


@pytest.mark.parametrize("same_column", [True, False])
def test_leaves_hold_between_little_and_twice_the_asked_weight(same_column):
    codes, weights = pool()
    tree = grown(1, same_column=same_column)
    leaves = trees.leaves_of(tree, codes)
    mass = np.bincount(leaves, weights, tree.num_leaves)
    assert len(mass) == tree.num_leaves > 20
    # A node of 100 or more is cut, and a cut leaves 15 % on either side.
    assert mass.max() < 100 and mass.min() > 0.15 * 100 * 0.99


def test_each_record_lies_in_the_leaf_that_its_own_codes_lead_to():
    codes, _ = pool()
    tree = grown(2)
    leaves = trees.leaves_of(tree, codes)
    for record in range(0, len(codes), 97):
        place = 0
        while place >= 0:
            code = codes[record, tree.column[place]]
            place = tree.children[place, int(tree.right[place, code])]
        assert leaves[record] == -place - 1


def test_a_record_more_changes_no_other_leaf():
    codes, _ = pool()
    tree = grown(3)
    before, after = (trees.leaves_of(tree, part) for part in (codes[:-1], codes))
    np.testing.assert_array_equal(before, after[:-1])


def test_a_number_is_cut_in_order_and_a_category_in_two_sets():
    tree = grown(4)
    for column, right in zip(tree.column, tree.right, strict=True):
        size, ordered = COLUMNS.sizes[column], COLUMNS.ordered[column]
        sides = right[:size].astype(int)
        assert 0 < sides.sum() < size
        if ordered:
            assert (np.diff(sides) >= 0).all()


def test_nodes_of_one_depth_of_an_oblivious_tree_cut_the_same_column():
    tree = grown(5, same_column=True, leaf_weight=200.0)
    columns, places = set(), [0]
    for depth in range(2):
        columns = {int(tree.column[place]) for place in places}
        assert len(columns) == 1, depth
        places = [int(p) for place in places for p in tree.children[place] if p >= 0]


def test_one_leaf_where_nothing_can_be_cut():
    codes = np.zeros((100, 3), np.int64)
    rng = np.random.default_rng(0)
    tree = trees.grow(
        rng, COLUMNS, codes, np.ones(100), leaf_weight=1.0, same_column=False
    )
    assert tree.num_leaves == 1
    assert not trees.leaves_of(tree, codes).any()
    assert len(trees.leaves_of(tree, codes[:0])) == 0


def test_the_last_cut_lies_where_a_stratum_differs_most_from_others():
    columns = trees.Columns(np.array([8, 8]), np.array([True, True]))
    generator = np.random.default_rng(0)
    codes = np.stack([generator.integers(0, 8, 4000), np.arange(4000) % 8], axis=1)
    # The stratum has column 1 below 3 nine times in ten, the others evenly.
    weights = np.where(codes[:, 1] < 3, 0.9 / 3, 0.1 / 5)
    others = trees.Others(codes, np.ones(len(codes)))
    tree = trees.grow(
        generator,
        columns,
        codes,
        weights / weights.sum(),
        leaf_weight=0.4,  # one cut
        same_column=False,
        others=others,
    )
    assert tree.num_leaves == 2
    assert tree.column.tolist() == [1]
    # 0.9 of the weight is above what a side may hold: the next cut within bounds.
    assert tree.right[0].tolist() == [False, False, True, True, True, True, True, True]


def test_without_weight_of_others_a_tree_is_cut_as_before():
    columns = trees.Columns(np.array([8]), np.array([True]))
    codes = (np.arange(80) % 8)[:, None]
    weights = np.full(80, 1 / 80)
    cut = [
        trees.grow(
            np.random.default_rng(1),
            columns,
            codes,
            weights,
            leaf_weight=0.2,
            same_column=True,
            others=others,
        )
        for others in (None, trees.Others(codes[:0], weights[:0]))
    ]
    np.testing.assert_array_equal(cut[0].right, cut[1].right)
