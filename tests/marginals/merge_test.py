"""Codes merged under noise; worked by hand."""

import numpy as np
import pytest

from teledp_jax.marginals import merge, relation


def attribute(num_codes, *, first_ordinal, no_row=-1):
    return relation.Attribute("t", 0, num_codes, first_ordinal, no_row, False)


def test_low_codes_without_an_order_become_one_group():
    own = attribute(4, first_ordinal=4)
    found = merge.merge(own, np.array([100.0, 1.0, 50.0, 2.0]), sigma=2.0)
    assert found.group.tolist() == [0, 1, 2, 1]
    assert found.counts.tolist() == [100, 3, 50]
    assert found.sizes.tolist() == [1, 2, 1]
    assert found.num_groups == 3


def test_neighbours_in_an_order_merge_until_they_stand_out():
    # 3 sigma = 3: 4 stands out; 2 + 1 < 3 sqrt 2, and 2 + 1 + 9 > 3 sqrt 3
    own = attribute(4, first_ordinal=0)
    found = merge.merge(own, np.array([4.0, 2.0, 1.0, 9.0]), sigma=1.0)
    assert found.group.tolist() == [0, 1, 1, 1]
    # what is left over at the end joins the group before it
    found = merge.merge(own, np.array([4.0, 9.0, 1.0, 0.0]), sigma=1.0)
    assert found.group.tolist() == [0, 1, 1, 1]


def test_the_code_of_devices_without_a_row_stays_alone():
    own = attribute(3, first_ordinal=3, no_row=0)
    found = merge.merge(own, np.array([0.0, 1.0, 1.0]), sigma=1.0)
    assert found.group.tolist() == [0, 1, 1]


def test_spreading_a_group_keeps_its_mass():
    own = attribute(4, first_ordinal=4)
    found = merge.merge(own, np.array([100.0, 3.0, 50.0, 1.0]), sigma=2.0)
    table = merge.spread(found)
    assert table.shape == (3, 4)
    np.testing.assert_allclose(table.sum(1), 1)
    assert table[0].tolist() == [1, 0, 0, 0]
    assert pytest.approx(table[1, 1] + table[1, 3]) == 1
