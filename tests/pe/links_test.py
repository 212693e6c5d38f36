import numpy as np

from teledp_jax.pe import links, questions, trees

COLUMNS = trees.Columns(np.array([4, 4, 4]), np.array([True, True, False]))
UNIFORM = [np.full((1, 4), 1 / 4)] * 3


def told(sigma: float = 5.0) -> list[links.Told]:
    """Columns 0 and 2 are equal, column 1 says nothing; 1,600 devices under noise."""
    rng = np.random.default_rng(0)
    found = []
    for pair in questions.all_pairs(COLUMNS, [np.ones(4)] * 3, 16):
        equal = 400 * np.eye(4).ravel()
        exact = equal if set(pair.columns) == {0, 2} else np.full(16, 100.0)
        noisy = exact + rng.normal(0, sigma, 16)
        found.append(links.Told(pair, noisy, np.full(16, 100.0), sigma))
    return found


def test_pairs_that_tell_nothing_gain_nothing():
    gains = {own.pair.columns: own.gain for own in told()}
    assert abs(gains[2, 0] - np.log(4)) < 0.1
    assert gains[1, 0] < 0.01 and gains[2, 1] < 0.01


def test_the_tree_holds_the_strongest_pair_and_reaches_every_column():
    tree = links.spanning(told(), 3)
    assert (tree[0][1], tree[0][2]) == (0, 2)
    assert {child for _, _, child in tree} == {1, 2}


def test_drawn_records_follow_the_pairs_of_the_tree():
    owners = np.zeros(4000, np.int64)
    drawn = links.draw(np.random.default_rng(1), UNIFORM, told(), owners)
    assert (drawn[:, 0] == drawn[:, 2]).mean() > 0.9
    assert abs((drawn[:, 0] == drawn[:, 1]).mean() - 1 / 4) < 0.05


def test_strata_keep_their_own_shares():
    shares = [np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0]])] * 3
    owners = np.repeat([0, 1], 50)
    drawn = links.draw(np.random.default_rng(2), shares, [], owners)
    np.testing.assert_array_equal(drawn, np.where(owners == 0, 0, 3)[:, None] + [0] * 3)
