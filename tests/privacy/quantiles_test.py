"""Bins by private quantiles."""

import jax
import numpy as np

from teledp_jax import schemas
from teledp_jax.privacy import quantiles

HOURS = schemas.Column(name="hours", kind="double", edges=(1.0, 10000.0), scale="log")


def choose(values, epsilon=20.0):
    return quantiles.edges(
        jax.random.key(0), HOURS, np.array(values), num_levels=2, epsilon=epsilon
    )


def test_a_device_changes_a_score_by_at_most_one():
    generator = np.random.default_rng(0)
    places = np.linspace(0, 1, 50)
    for _ in range(50):
        own = generator.random(generator.integers(1, 30))
        change = quantiles.split_scores(places, own) - quantiles.split_scores(
            places, own[:-1]
        )
        assert np.abs(change).max() <= 1


def test_edges_halve_the_values_again_and_again():
    values = np.exp(np.random.default_rng(0).uniform(0.0, 4.0, 4000))
    even = quantiles.edges(
        jax.random.key(0), HOURS, np.zeros(0), num_levels=0, epsilon=1.0
    )
    learnt = [edge for edge in choose(values) if edge not in even]
    assert np.allclose(np.log(learnt), [1.0, 2.0, 3.0], atol=0.1)


def test_values_out_of_bounds_are_clamped():
    inside = choose([1.0] * 50 + [10000.0] * 50)
    assert choose([-5.0] * 50 + [1e9] * 50) == inside
    assert inside[0] == 1.0 and np.isclose(inside[-1], 10000.0)


def test_edges_lie_on_the_public_grid():
    assert set(choose([3.0, 7.0, 20.0])) <= set(quantiles.grid(HOURS).tolist())
