"""Distances between devices and what was released."""

import numpy as np

from teledp_jax import arrays
from teledp_jax.audit import fleets, membership
from teledp_jax.pe import embedding


def test_a_copy_has_distance_zero_and_a_stranger_does_not():
    schema = fleets.SCHEMA.narrowed()
    devices = arrays.flatten(schema, fleets.random_devices(schema, 6, seed=0))
    strangers = arrays.flatten(schema, fleets.random_devices(schema, 6, seed=1))
    space = embedding.make(schema, embedding.head_weights(schema))
    np.testing.assert_array_equal(membership.distances(space, devices, devices), 0.0)
    apart = membership.distances(space, devices, strangers)
    assert apart.shape == (6,) and apart.max() > 0.0
