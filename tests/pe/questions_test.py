import numpy as np
import pytest

from teledp_jax.pe import questions, trees

COLUMNS = trees.Columns(np.array([8, 4]), np.array([True, False]))


def test_groups_hold_about_equal_mass():
    even = questions.grouped(np.full(8, 1 / 8), 4, is_ordered=True)
    np.testing.assert_array_equal(even, [0, 0, 1, 1, 2, 2, 3, 3])
    heavy = questions.grouped(np.array([0.1, 0.6, 0.1, 0.2]), 3, is_ordered=False)
    # The two of most mass by themselves, the others together.
    np.testing.assert_array_equal(heavy, [2, 0, 2, 1])


def test_few_codes_are_not_grouped():
    found = questions.grouped(np.full(3, 1 / 3), 5, is_ordered=True)
    np.testing.assert_array_equal(found, [0, 1, 2])


def test_a_group_of_ordered_codes_is_a_range_and_none_is_left_out():
    mass = np.random.default_rng(0).dirichlet(np.full(50, 0.1))
    for ordered in (True, False):
        groups = questions.grouped(mass, 6, is_ordered=ordered)
        assert set(groups) <= set(range(6)) and groups.min() == 0
        assert set(groups) == set(range(groups.max() + 1))
        assert not ordered or (np.diff(groups) >= 0).all()


@pytest.mark.parametrize("num_cells", [4, 9, 16, 100])
def test_pairs_have_no_more_cells_than_asked(num_cells):
    masses = [np.full(8, 1 / 8), np.full(4, 1 / 4)]
    (pair,) = questions.all_pairs(COLUMNS, masses, num_cells)
    assert 4 <= pair.num_cells <= min(num_cells, 32)


def test_a_device_that_joins_adds_one_to_one_cell():
    rng = np.random.default_rng(1)
    codes = np.column_stack([rng.integers(8, size=50), rng.integers(4, size=50)])
    strata = rng.integers(3, size=50)
    right = np.zeros((1, 8), bool)
    right[0, 4:] = True
    tree = trees.Tree(np.array([0]), right, np.array([[-1, -2]]), 2)
    forest = questions.Forest({0: tree, 2: tree})
    (pair,) = questions.all_pairs(COLUMNS, [np.ones(8), np.ones(4)], 9)
    for question in (forest, pair):
        whole = questions.counts(question, codes, strata)
        less = questions.counts(question, codes[1:], strata[1:])
        assert len(whole) == question.num_cells
        assert (whole - less).sum() in (0, 1) and np.abs(whole - less).max() <= 1
    # Stratum 1 has no tree; stratum 2 follows stratum 0.
    counted = questions.counts(forest, codes, strata)
    assert counted.sum() == (strata != 1).sum()
    assert counted[3] == ((strata == 2) & (codes[:, 0] >= 4)).sum()
