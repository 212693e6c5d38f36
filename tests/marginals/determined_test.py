"""Categories that follow from another one."""

import numpy as np
import pytest

from teledp_jax.marginals import determined

NOISE = 20.0
ROWS = np.linspace(100, 900, 40)
KINDS = np.arange(40) % 4


def noisy(mass):
    return mass + np.random.default_rng(1).normal(0, NOISE, mass.shape)


def follow():
    mass = np.zeros((40, 4))
    mass[np.arange(40), KINDS] = ROWS
    return mass


def test_each_item_has_its_one_kind():
    shares = determined.shares(noisy(follow()), ROWS, NOISE)
    assert shares is not None
    assert (shares.argmax(axis=1) == KINDS).all()
    assert shares.max(axis=1).min() > 0.95
    assert shares.sum(axis=1) == pytest.approx(np.ones(40))


def test_an_item_that_is_spread_is_left_to_the_block():
    mass = follow()
    mass[7] = [400, 300, 200, 100]
    shares = determined.shares(noisy(mass), np.where(KINDS == 7, 1000, ROWS), NOISE)
    assert shares is not None
    assert np.isnan(shares[7]).all()
    assert not np.isnan(np.delete(shares, 7, axis=0)).any()


@pytest.mark.parametrize("usual", [[0.4, 0.3, 0.2, 0.1], [0.9, 0.1, 0, 0]])
def test_nothing_follows_where_all_items_are_spread_alike(usual):
    mass = noisy(ROWS[:, None] * np.array(usual))
    assert determined.shares(mass, ROWS, NOISE) is None


@pytest.mark.parametrize("mass", [np.zeros((3, 2)), np.full((3, 1), 5.0)])
def test_nothing_follows_without_rows_or_with_one_code(mass):
    assert determined.shares(mass, np.ones(3), NOISE) is None
