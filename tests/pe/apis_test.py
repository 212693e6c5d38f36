import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.pe import apis


def test_random_records_are_of_the_public_domain(schema):
    codes = apis.random_api(jax.random.key(0), schema, 500, presence=0.3)
    arrays.check(schema, arrays.unflatten(schema, codes))
    again = arrays.flatten(schema, arrays.unflatten(schema, codes))
    np.testing.assert_array_equal(codes, again)
    assert abs((codes[:, 2] > 0).mean() - 0.3) < 0.11  # five standard deviations
    assert set(codes[:, 0]) == {0, 1, 2, 3}


@pytest.mark.parametrize("degree", [0.0, 0.05, 0.5, 1.0])
def test_varied_records_are_of_the_public_domain(schema, records, degree):
    varied = apis.variation_api(
        jax.random.key(1), schema, records(0, 400), degree=degree
    )
    arrays.check(schema, arrays.unflatten(schema, varied))
    again = arrays.flatten(schema, arrays.unflatten(schema, varied))
    np.testing.assert_array_equal(varied, again)


def test_a_smaller_degree_changes_less(schema, records):
    codes = records(0, 400)
    changed = [
        (apis.variation_api(jax.random.key(2), schema, codes, degree=degree) != codes)
        .mean()
        for degree in (0.0, 0.02, 0.2, 0.8)
    ]  # fmt: skip
    assert changed[0] == 0
    assert changed == sorted(changed)


def test_variation_leaves_its_input_alone(schema, records):
    codes = records(0, 50)
    before = codes.copy()
    apis.variation_api(jax.random.key(2), schema, codes, degree=1.0)
    np.testing.assert_array_equal(codes, before)


def test_the_degree_falls_by_one_ratio():
    degrees = [apis.falling_degree(i, 3, first=0.5, last=0.005) for i in range(3)]
    np.testing.assert_allclose(degrees, [0.5, 0.05, 0.005])
    assert apis.falling_degree(0, 1, first=0.5, last=0.01) == 0.01


def test_a_pool_begins_with_the_records_themselves(schema, records):
    codes = records(1, 5)
    pool = apis.spread(jax.random.key(0), schema, codes, 50, degree=0.1)
    np.testing.assert_array_equal(pool[:5], codes)
    arrays.check(schema, arrays.unflatten(schema, pool))
    assert len(np.unique(pool, axis=0)) > 5
    np.testing.assert_array_equal(
        apis.spread(jax.random.key(0), schema, codes, 20, degree=0.0),
        np.resize(codes, (20, 11)),
    )
