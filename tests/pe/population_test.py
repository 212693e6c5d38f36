"""Sizes of populations, and devices drawn from the last one."""

import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.pe import population


@pytest.mark.parametrize(
    ("configured", "num_devices", "expected"),
    [(0, 30_000, 300), (0, 100, 50), (0, 10_000_000, 2000), (7, 10_000_000, 7)],
)
def test_a_vote_has_candidates_of_ten_sigma_of_votes(configured, num_devices, expected):
    """The noisiest vote counts, and a configured number stands."""
    sigmas = (5.0, 10.0)
    assert population.num_candidates(configured, sigmas, num_devices) == expected


def test_a_pool_keeps_to_its_range():
    found = [population.pool_within(size) for size in (200, 60_000, 10**7)]
    assert found == [20_000, 60_000, 200_000]


def test_devices_are_drawn_by_weight(schema, records):
    codes = records(0, 2)
    fitted = {"codes": codes, "weights": np.array([0.25, 0.75])}
    drawn = population.draw_devices(schema, jax.random.key(0), fitted, 400)
    found = arrays.flatten(schema, drawn)
    assert (found == codes[1]).all(axis=1).mean() == pytest.approx(0.75, abs=0.01)


def test_a_fit_is_silent_if_no_vote_stood_above_its_noise():
    for above, silent in (([0.0, 0.0], True), ([0.0, 0.1], False)):
        fitted = {"convergence": {"above_noise": np.array(above)}}
        assert population.is_silent(fitted) == silent
