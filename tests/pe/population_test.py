"""Sizes of populations, and devices drawn from the last one."""

import jax
import numpy as np
import pytest

from teledp_jax import arrays
from teledp_jax.pe import population


@pytest.mark.parametrize(
    ("num_devices", "sigma", "expected"),
    [
        (30_000, 10.0, (300, 60_000)),  # ten sigma of votes each; twice the fleet
        (100, 10.0, (50, 20_000)),
        (10_000_000, 1.0, (2000, 200_000)),
    ],
)
def test_sizes_follow_their_rules(num_devices, sigma, expected):
    found = population.sizes(0, 0, num_devices=num_devices, sigma=sigma)
    assert found == expected


def test_configured_sizes_stand():
    assert population.sizes(7, 99, num_devices=10**6, sigma=1.0) == (7, 99)


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
