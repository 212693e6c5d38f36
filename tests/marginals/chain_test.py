import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.marginals import chain, independent, measure, moments, pairs
from tests import toys

_SIZE = tuple(float(edge) for edge in range(11))


@pytest.fixture
def schema():
    kind = toys.category("kind", "a", "b")
    other = toys.category("other", "a", "b")
    app = toys.category("app", "x", "y", "Other", other="Other")
    size = toys.number("size", *_SIZE, has_zero=True)
    return toys.schema(
        toys.anchor("base", kind, other),
        toys.group("rare", size),
        toys.entity("apps", app, size, rows=3, by="app", unique=("app",)),
    )


def _fleet(schema, count=6000, seed=0):
    """Kind and other both raise the chance of rare rows, whose size follows kind."""
    generator = np.random.default_rng(seed)
    kind, other = generator.integers(1, 3, (2, count))
    has = generator.random(count) < 0.05 + 0.3 * (kind == 2) + 0.3 * (other == 2)
    size = 2 + generator.integers(0, 5, count) + 5 * (kind == 2)
    rows = 1 + generator.integers(0, 3, count)
    mask = np.arange(3)[None] < rows[:, None]
    apps = np.broadcast_to(np.array([3, 2, 1]), (count, 3))
    sizes = np.broadcast_to(size[:, None], (count, 3))
    return {
        "base": arrays.from_padded(
            np.stack([kind, other], axis=1)[:, None].astype(np.uint8),
            np.ones((count, 1), bool),
        ),
        "rare": arrays.from_padded(
            np.where(has, size, 0)[:, None, None].astype(np.uint8), has[:, None]
        ),
        "apps": arrays.from_padded(
            (np.stack([apps, sizes], axis=2) * mask[..., None]).astype(np.uint8), mask
        ),
    }


def _fit(schema, devices, names, *, sigma=0.1, seed=1, count=6000):
    generator = np.random.default_rng(seed)
    num_devices = arrays.num_devices(devices)
    exact = measure.pooled_counts(jax.random.key(0), schema, devices)
    one_way = independent.estimate(schema, exact, sigma=0.1)
    measured = []
    for pair in pairs.parse(schema, names):
        counts = pairs.counts(jax.random.key(1), schema, devices, [pair])
        counts = counts + sigma * generator.normal(size=counts.shape)
        shares = counts.reshape(pair.first.num_cells, -1) / num_devices
        measured.append(moments.Measured(pair, shares, sigma / num_devices))
    return chain.fit(generator, schema, one_way, measured, count)


def _share(devices, pair, schema):
    """Shares of the cells of a pair."""
    drawn = measure.draw_rows(jax.random.key(0), schema, devices)
    cells = pairs.cells(devices, drawn, pair)
    found = np.bincount(cells, minlength=pair.num_cells) / len(cells)
    return found.reshape(pair.first.num_cells, -1)


def _distance(schema, one, other, names):
    (pair,) = pairs.parse(schema, [names])
    apart = _share(one, pair, schema) - _share(other, pair, schema)
    return np.abs(apart).sum() / 2


def _sample(schema, links, count=6000):
    devices = chain.sample(np.random.default_rng(2), schema, links, count)
    arrays.check(schema, devices)
    return devices


def test_a_variable_follows_all_that_it_was_measured_with(schema):
    devices = _fleet(schema)
    names = [("base/kind", "rare/rows"), ("base/other", "rare/rows")]
    drawn = _sample(schema, _fit(schema, devices, names))
    alone = _sample(schema, _fit(schema, devices, []))
    for both in names:
        assert _distance(schema, devices, alone, both) > 0.1
        assert _distance(schema, devices, drawn, both) < 0.03


def test_presence_follows_a_pair_with_a_column(schema):
    devices = _fleet(schema)
    drawn = _sample(schema, _fit(schema, devices, [("base/kind", "rare/size")]))
    assert _distance(schema, devices, drawn, ("base/kind", "rare/rows")) < 0.03
    assert _distance(schema, devices, drawn, ("base/kind", "rare/size")) < 0.05


def test_a_pair_counts_once_what_several_say_of_presence(schema):
    devices = _fleet(schema)
    one_way = independent.estimate(
        schema, measure.pooled_counts(jax.random.key(0), schema, devices), sigma=0.1
    )
    names = [("base/kind", "rare/size"), ("base/other", "rare/size")]
    measured = []
    for pair in pairs.parse(schema, names):
        counts = pairs.counts(jax.random.key(1), schema, devices, [pair])
        shares = counts.reshape(pair.first.num_cells, -1) / 6000
        measured.append(moments.Measured(pair, shares, 0.01))
    added = moments.with_presence(schema, one_way, measured)[len(measured) :]
    assert [(m.pair.first.name, m.pair.second.name) for m in added] == [
        ("base/kind", "rare/rows"),
        ("base/other", "rare/rows"),
    ]
    kind = devices["base"].codes[:, 0]
    there = arrays.num_rows(devices["rare"]) > 0
    np.testing.assert_allclose(added[0].shares[2, 1], (there & (kind == 2)).mean())


def test_noise_that_drowns_every_cell_leaves_their_sums_clear(schema):
    devices = _fleet(schema)
    names = [("base/kind", "apps/size")]
    # Cells hold some 600 devices; the sum over bins tells 3,000 from none.
    links = _fit(schema, devices, names, sigma=300.0)
    drawn = _sample(schema, links)

    def mean(fleet, kind):
        owns = fleet["base"].codes[:, 0] == kind
        return fleet["apps"].codes[fleet["apps"].offsets[:-1][owns], 1].mean()

    gap = mean(devices, 2) - mean(devices, 1)
    assert gap == pytest.approx(5.0, abs=0.2)
    assert mean(drawn, 2) - mean(drawn, 1) > 0.5 * gap


def test_noise_alone_moves_little(schema):
    devices = _fleet(schema)
    links = _fit(schema, devices, [("base/kind", "base/other")], sigma=300.0)
    drawn = _sample(schema, links)
    assert _distance(schema, devices, drawn, ("base/kind", "base/other")) < 0.06


def test_rows_of_a_device_differ_but_for_other(schema):
    apps = _sample(schema, _fit(schema, _fleet(schema), []))["apps"]
    drawn = arrays.padded(apps, schema.table("apps").max_rows)
    codes = np.where(drawn.mask, drawn.codes[..., 0], 0)
    several = drawn.mask[:, 1]
    for code in (1, 2):  # independent rows would repeat in a ninth of the devices
        assert ((codes[several] == code).sum(axis=1) > 1).mean() < 0.01
    assert ((codes[several] == 3).sum(axis=1) > 1).mean() > 0.1


def test_functions_of_numbers_have_variance_one_and_no_correlation(schema):
    which = pairs.variable(schema, "rare/size")
    one_way = {"rare/size": np.array([[0.0, 0.0, *[0.1] * 10]])}
    found = moments.functions(schema, one_way, which)
    assert found.shape == (13, 6)  # absent, zero and no row; three polynomials
    np.testing.assert_array_equal(found[[0, 1, 12], :3], np.eye(3))
    curves = found[2:12, 3:]
    np.testing.assert_allclose(curves.T @ curves / 10, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(curves.mean(axis=0), 0, atol=1e-6)


def test_no_devices_can_be_drawn(schema):
    links = _fit(schema, _fleet(schema), [("base/kind", "base/other")])
    assert arrays.num_devices(_sample(schema, links, count=0)) == 0


def test_a_table_that_nobody_has_is_no_fault(schema):
    devices = _fleet(schema)
    nobody = np.zeros_like(devices["rare"].offsets)
    empty = arrays.TableArrays(devices["rare"].codes[:0], nobody)
    names = [("base/kind", "rare/size"), ("rare/size", "apps/app")]
    drawn = _sample(schema, _fit(schema, {**devices, "rare": empty}, names))
    assert arrays.num_rows(drawn["rare"]).mean() < 0.01
