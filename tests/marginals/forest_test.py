import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax import schema as schema_lib
from teledp_jax.marginals import forest, pairs


@pytest.fixture
def schema():
    kind = schema_lib.Column(name="kind", kind="category", categories=("a", "b"))
    other = schema_lib.Column(name="other", kind="category", categories=("a", "b"))
    return schema_lib.Schema(
        suite="tiny",
        device="guid",
        tables=(
            schema_lib.Table(
                name="base", role="anchor", grain="g", columns=(kind, other)
            ),
            schema_lib.Table(
                name="apps",
                role="entity",
                grain="app",
                columns=(kind, other),
                max_rows=2,
                cap_by="kind",
            ),
        ),
    )


MODEL = {
    "base/kind": np.array([[0.0, 0.5, 0.5]]),
    "base/other": np.array([[0.0, 0.5, 0.5]]),
    "apps/rows": np.array([[0.5, 0.25, 0.25]]),
    "apps/kind": np.array([[0.0, 0.5, 0.5], [0.0, 1.0, 0.0]]),
    "apps/other": np.array([[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]]),
}


def _same(pair):
    """Shares under which both always have the same code, and no row goes with a."""
    cells = np.zeros((pair.first.num_cells, pair.second.num_cells))
    cells[1, 1] = cells[2, 2] = 0.5
    return cells


def _grow(schema, names, strengths):
    measured = pairs.parse(schema, names)
    return forest.grow(schema, measured, [_same(p) for p in measured], strengths)


def _parents(edges):
    return {e.child.name: e.parent.name if e.parent else None for e in edges}


def test_lift_is_the_share_over_independence():
    found = forest.lift(np.array([[0.4, 0.1], [0.1, 0.4]]))
    np.testing.assert_allclose(found, [[1.6, 0.4], [0.4, 1.6]])
    np.testing.assert_allclose(forest.lift(np.array([[1.0, 0.0]])), [[1.0, 1.0]])


def test_every_variable_has_at_most_one_parent_drawn_before(schema):
    names = [
        ("base/kind", "base/other"),
        ("base/kind", "apps/kind"),
        ("apps/other", "apps/kind"),
        ("base/other", "apps/other"),
    ]
    edges = _grow(schema, names, [5.0, 3.0, 9.0, 1.0])
    children = [edge.child.name for edge in edges]
    assert sorted(children) == sorted(MODEL)
    for place, edge in enumerate(edges):
        assert edge.parent is None or edge.parent.name in children[:place]
    assert _parents(edges) == {
        "base/kind": None,
        "base/other": "base/kind",
        "apps/rows": "base/kind",
        "apps/kind": "base/kind",
        "apps/other": "apps/kind",
    }


def test_pairs_that_show_nothing_are_left_out(schema):
    edges = _grow(schema, [("base/kind", "base/other")], [-1.0])
    assert set(_parents(edges).values()) == {None}


def test_draws_follow_parents_and_numbers_of_rows(schema):
    names = [("base/kind", "base/other"), ("apps/kind", "apps/other")]
    edges = _grow(schema, names, [1.0, 1.0])
    devices = forest.sample(jax.random.key(0), schema, MODEL, edges, 4000)
    arrays.check(schema, devices)
    base = devices["base"].codes[:, 0]
    np.testing.assert_array_equal(base[:, 0], base[:, 1])
    apps = devices["apps"]
    np.testing.assert_array_equal(
        np.bincount(apps.mask.sum(axis=1)), [2000, 1000, 1000]
    )
    rows = apps.codes[apps.mask]
    np.testing.assert_array_equal(rows[:, 0], rows[:, 1])
    two = apps.mask[:, 1]
    assert (apps.codes[two][:, :, 0] == 1).all()  # the bucket of two rows holds a alone
    assert abs((apps.codes[~two & apps.mask[:, 0]][:, 0, 0] == 1).mean() - 0.5) < 0.01


def test_presence_follows_a_pair_with_a_column(schema):
    measured = pairs.parse(schema, [("base/kind", "apps/kind")])
    cells = np.zeros((4, 4))
    cells[1, 3], cells[2, 1], cells[2, 2] = 0.5, 0.25, 0.25  # a: no row; b: rows
    edges = forest.grow(schema, measured, [cells], [1.0])
    devices = forest.sample(jax.random.key(0), schema, MODEL, edges, 1000)
    has_rows = devices["apps"].mask[:, 0]
    np.testing.assert_array_equal(has_rows, devices["base"].codes[:, 0, 0] == 2)


def test_no_devices_can_be_drawn(schema):
    edges = _grow(schema, [("base/kind", "base/other")], [1.0])
    devices = forest.sample(jax.random.key(0), schema, MODEL, edges, 0)
    assert arrays.num_devices(devices) == 0
