import jax
import jax.numpy as jnp
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.dpsgd.models import (
    relational,
    relational_bases,
    relational_layout,
    relational_sample,
    relational_training,
)
from tests import toys

SCHEMA = toys.schema(
    toys.anchor("info", toys.category("os", "a", "b")),
    toys.entity("apps", toys.category("app", "x", "y"), rows=2, by="app"),
)
LAYOUT = relational_layout.layout(SCHEMA)
SHARES = tuple(
    tuple(np.full(v.num_codes, 1 / v.num_codes) for v in group.variables)
    for group in LAYOUT.groups
)
BASES = relational_bases.all_bases(LAYOUT, SHARES)
NONE = -50.0  # added to a logit: the code never comes


@pytest.fixture(scope="module")
def params():
    network = relational.Relational(LAYOUT, lambda count: (count, 2 * count))
    model = relational_training.model(network, BASES, SHARES)
    return model.init(jax.random.key(0))


def draw(params, own, rows, app, count=600):
    """Draws under shifts of the codes of os, of the number of rows, and of app."""
    shifts = tuple(
        tuple(jnp.asarray(shift, jnp.float32) for shift in group)
        for group in ((own, rows), (app,))
    )
    return np.asarray(
        relational_sample.draw(LAYOUT, count, params, BASES, shifts, jax.random.key(1))
    )


def test_rows_of_a_table_are_read_from_the_devices_own_variables():
    assert relational_sample.place_of_rows(LAYOUT, 0) == 1  # after os


def test_numbers_of_rows_that_exist_fall_into_each_slice_once():
    generator = np.random.default_rng(0)
    own = np.array([[1, 2], [2, 0], [1, 1], [2, 2]], np.int32)
    first, second = relational_sample.table_uniforms(LAYOUT, 0, own, generator)
    assert first.shape == second.shape == (1, 4)
    assert sorted((3 * first[0, [0, 2, 3]]).astype(int)) == [0, 1, 2]
    assert sorted((2 * second[0, [0, 3]]).astype(int)) == [0, 1]
    assert first[0, 1] == second[0, 1] == second[0, 2] == 0


def test_shifted_codes_are_drawn_or_not_at_all(params):
    codes = draw(params, [NONE, NONE, 0.0], [NONE, NONE, 0.0], [NONE, 0.0, NONE])
    # os b, two rows, app x in both
    np.testing.assert_array_equal(codes, np.tile([2, 2, 1, 1], (600, 1)))


def test_a_row_that_does_not_exist_has_no_codes(params):
    codes = draw(params, [NONE, 0.0, 0.0], [0.0, 0.0, 0.0], [NONE, 0.0, 0.0])
    np.testing.assert_array_equal(codes[:, 2:] > 0, codes[:, 1:2] > [[0, 1]])
    arrays.check(SCHEMA, arrays.unflatten(SCHEMA, codes))
    for head, num_codes, first in ((0, 3, 1), (1, 3, 0)):
        shares = np.bincount(codes[:, head], minlength=num_codes)[first:] / 600
        np.testing.assert_allclose(shares, 1 / (num_codes - first), atol=0.02)
