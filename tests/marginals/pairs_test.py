import jax
import numpy as np
import pytest

from teledp_jax import arrays, errors
from teledp_jax.marginals import pairs
from tests import toys


@pytest.fixture
def schema():
    kind = toys.category("kind", "a", "b")
    size = toys.number("size", 0, 1, 2)
    return toys.schema(
        toys.anchor("base", kind),
        toys.group("rare", size),
        toys.entity("apps", kind, size, rows=3, by="size"),
    )


def _records(count, seed=0):
    generator = np.random.default_rng(seed)
    sizes = [3, 2, 3, 4, *[3] * 6]  # kind, rows, size, rows, three rows of two
    return np.stack([generator.integers(0, n, count) for n in sizes], axis=1)


def test_counts_are_those_worked_by_hand(schema):
    # kind; rare: rows, size; apps: rows, then (kind, size) three times.
    codes = np.array(
        [
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [2, 1, 2, 1, 2, 1, 0, 0, 0, 0],
            [2, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        ]
    )
    devices = arrays.unflatten(schema, codes)
    names = [("base/kind", "rare/size"), ("apps/rows", "apps/kind")]
    measured = pairs.parse(schema, names)
    found = pairs.counts(jax.random.key(0), schema, devices, measured)
    first, second = np.split(found, [measured[0].num_cells])
    expected = np.zeros((4, 4), int)  # absent, a, b, no row; absent, two bins, no row
    expected[1, 3] = expected[2, 2] = expected[2, 1] = 1
    np.testing.assert_array_equal(first.reshape(4, 4), expected)
    expected = np.zeros((4, 4), int)
    expected[0, 3], expected[1, 2] = 2, 1
    np.testing.assert_array_equal(second.reshape(4, 4), expected)


def test_a_device_adds_one_to_one_cell_of_each_pair(schema):
    devices = arrays.unflatten(schema, _records(50))
    measured = pairs.parse(schema, pairs.public_pairs(schema))
    for device in range(50):
        one = arrays.take(devices, slice(device, device + 1))
        found = pairs.counts(jax.random.key(1), schema, one, measured)
        ends = np.cumsum([pair.num_cells for pair in measured])[:-1]
        assert [part.sum() for part in np.split(found, ends)] == [1] * len(measured)
        assert found.max() == 1


def test_every_row_of_a_device_speaks_as_often(schema):
    codes = np.tile([1, 0, 0, 2, 1, 1, 2, 1, 0, 0], (4000, 1))
    devices = arrays.unflatten(schema, codes)
    measured = pairs.parse(schema, [("base/kind", "apps/kind")])
    found = pairs.counts(jax.random.key(2), schema, devices, measured)
    row = found.reshape(4, 4)[1]
    assert row[1] + row[2] == 4000
    assert abs(row[1] - 2000) < 160  # five standard deviations


def test_a_pair_counts_once_whichever_way_it_is_named(schema):
    names = [("base/kind", "rare/size"), ("rare/size", "base/kind")]
    assert len(pairs.parse(schema, names)) == 1


@pytest.mark.parametrize("name", ["base/none", "none/kind", "base/rows", "kind"])
def test_an_unknown_variable_is_named(schema, name):
    with pytest.raises(errors.InputError, match=f"pairs: .*{name}"):
        pairs.parse(schema, [("base/kind", name)])


def test_independent_shares_are_those_worked_by_hand(schema):
    model = {
        "base/kind": np.array([[0.0, 0.25, 0.75]]),
        "rare/rows": np.array([[0.6, 0.4]]),
        "rare/size": np.array([[0.0, 0.5, 0.5]]),
        "apps/rows": np.array([[0.5, 0.2, 0.2, 0.1]]),
        "apps/kind": np.array([[0, 1.0, 0], [0, 0, 1.0], [0, 0, 1.0]]),
        "apps/size": np.array([[0, 1.0, 0], [0, 0.5, 0.5], [0, 0, 1.0]]),
    }

    def shares(*names):
        pair = pairs.parse(schema, [names])[0]
        return pairs.independent_shares(schema, model, pair)

    expected = np.outer([0, 0.25, 0.75, 0], [0, 0.2, 0.2, 0.6])
    np.testing.assert_allclose(shares("base/kind", "rare/size"), expected)
    expected = np.zeros(
        (4, 4)
    )  # by bucket of rows: 0.2 of one, 0.2 of two, 0.1 of three
    expected[1, 1], expected[2, 1], expected[2, 2] = 0.2, 0.1, 0.1 + 0.1
    expected[3, 3] = 0.5
    np.testing.assert_allclose(shares("apps/kind", "apps/size"), expected)
    expected = np.outer([0.6, 0.4], [0.5, 0.2, 0.2, 0.1])
    np.testing.assert_allclose(shares("rare/rows", "apps/rows"), expected)


EXPECTED = np.array([[400.0, 200.0], [200.0, 200.0]])


def test_a_pair_shows_what_noise_does_not_explain():
    assert pairs.surplus(np.array([402, 197, 203, 198]), EXPECTED, sigma=10.0) < 0
    assert pairs.surplus(np.array([600, 0, 0, 400]), EXPECTED, sigma=1.0) > 790
