import numpy as np
import pytest

from teledp_jax import arrays, errors
from teledp_jax import schema as schema_lib
from teledp_jax.marginals import pairs


@pytest.fixture
def schema():
    kind = schema_lib.Column(name="kind", kind="category", categories=("a", "b"))
    size = schema_lib.Column(name="size", kind="double", edges=(0.0, 1.0, 2.0))
    return schema_lib.Schema(
        suite="tiny",
        device="guid",
        tables=(
            schema_lib.Table(name="base", role="anchor", grain="g", columns=(kind,)),
            schema_lib.Table(name="rare", role="group", grain="g", columns=(size,)),
            schema_lib.Table(
                name="apps",
                role="entity",
                grain="app",
                columns=(kind, size),
                max_rows=3,
                cap_by="size",
            ),
        ),
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
    found = pairs.counts(np.random.default_rng(0), schema, devices, measured)
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
        found = pairs.counts(np.random.default_rng(1), schema, one, measured)
        ends = np.cumsum([pair.num_cells for pair in measured])[:-1]
        assert [part.sum() for part in np.split(found, ends)] == [1] * len(measured)
        assert found.max() == 1


def test_every_row_of_a_device_speaks_as_often(schema):
    codes = np.tile([1, 0, 0, 2, 1, 1, 2, 1, 0, 0], (4000, 1))
    devices = arrays.unflatten(schema, codes)
    measured = pairs.parse(schema, [("base/kind", "apps/kind")])
    found = pairs.counts(np.random.default_rng(2), schema, devices, measured)
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


def test_a_pair_that_shows_nothing_stays_with_the_model():
    expected = np.array([400.0, 300.0, 200.0, 100.0])
    noisy = np.array([402, 297, 203, 98])
    shares = pairs.shrink(noisy, expected, sigma=10.0)
    np.testing.assert_allclose(shares, expected / 1000)
    assert pairs.surplus(noisy, expected, sigma=10.0) < 0


def test_a_pair_far_above_the_noise_is_believed():
    expected = np.full(4, 250.0)
    noisy = np.array([500, 0, 0, 500])
    shares = pairs.shrink(noisy, expected, sigma=1.0)
    np.testing.assert_allclose(shares, [0.5, 0.0, 0.0, 0.5], atol=1e-3)
    assert pairs.surplus(noisy, expected, sigma=1.0) > 990


def test_a_pair_without_devices_gives_equal_shares():
    shares = pairs.shrink(np.array([-3, -1]), np.zeros(2), sigma=1.0)
    np.testing.assert_allclose(shares, [0.5, 0.5])
