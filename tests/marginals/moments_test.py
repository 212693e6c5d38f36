import numpy as np
import scipy.sparse

from teledp_jax.marginals import moments, pairs
from tests import toys

SCHEMA = toys.PAIR  # base: kind of three, size of three bins; rare: size
ONE_WAY = {
    "base/kind": np.array([[0.0, 0.5, 0.25, 0.25]]),
    "base/size": np.array([[0.0, 0.5, 0.25, 0.25]]),
    "rare/rows": np.array([[0.6, 0.4]]),
    "rare/size": np.array([[0.0, 0.5, 0.25, 0.25]]),
}


def measured(one, other, shares, stddev=0.01):
    (pair,) = pairs.parse(SCHEMA, [(one, other)])
    return moments.Measured(pair, np.asarray(shares, float), stddev)


def test_small_domains_are_seen_cell_by_cell_and_presence_by_one_flag():
    kind = pairs.variable(SCHEMA, "base/kind")
    np.testing.assert_array_equal(
        moments.functions(SCHEMA, ONE_WAY, kind), np.eye(kind.num_cells)
    )
    rows = pairs.variable(SCHEMA, "rare/rows")
    np.testing.assert_array_equal(moments.functions(SCHEMA, ONE_WAY, rows), [[0], [1]])


def test_a_pair_is_seen_by_its_later_variable_only():
    kind, rows = (pairs.variable(SCHEMA, name) for name in ("base/kind", "rare/rows"))
    shares = np.arange(kind.num_cells * 2.0).reshape(kind.num_cells, 2)
    one = measured("base/kind", "rare/rows", shares)
    (part,) = moments.parts_of(SCHEMA, ONE_WAY, rows, [one], {"base/kind"})
    assert part.parent == kind
    np.testing.assert_array_equal(part.shares, shares)
    (back,) = moments.parts_of(SCHEMA, ONE_WAY, kind, [one], {"rare/rows"})
    np.testing.assert_array_equal(back.shares[:, :2], shares.T[:, :2])
    assert not moments.parts_of(SCHEMA, ONE_WAY, rows, [one], set())


def test_what_pairs_say_of_presence_is_averaged():
    kind, size = (pairs.variable(SCHEMA, name) for name in ("base/kind", "rare/size"))
    shares = np.zeros((kind.num_cells, size.num_cells))
    shares[1, -1], shares[1, 1], shares[2, -1] = 0.3, 0.2, 0.25
    one = measured("base/kind", "rare/size", shares)
    *_, implied = moments.with_presence(SCHEMA, ONE_WAY, [one])
    assert implied.pair.second.name == "rare/rows"
    np.testing.assert_allclose(implied.shares[1], [0.3, 0.2])
    np.testing.assert_allclose(implied.shares[2], [0.25, 0.0])


def test_coefficients_meet_clear_moments():
    # A device of the first cell has code 0 in 9 of 10 cases, of the second in 2 of 10.
    shares = np.array([[0.45, 0.05], [0.1, 0.4]])
    variable = pairs.variable(SCHEMA, "base/kind")
    part = moments.Part(variable, shares, 1e-5, np.eye(2), np.eye(2))
    usual = shares.sum(axis=0)
    fitted = moments.Coefficients.make(part, usual, 1000.0)
    cell = np.repeat([0, 1], 500)
    one_hot = scipy.sparse.csr_array(np.eye(2)[:, cell])
    logits = np.log(usual) + np.zeros((2, 2))
    for step in range(60):
        chances = np.exp(logits)[cell]
        chances = chances / chances.sum(axis=1, keepdims=True)
        logits = logits + fitted.step(one_hot, chances, is_first=step == 0)
    found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, [[0.9, 0.1], [0.2, 0.8]], atol=0.02)
