"""Devices that an audit feeds to methods."""

import jax
import numpy as np

from teledp_jax import arrays
from teledp_jax.audit import fleets


def test_random_devices_are_drawn_from_the_public_domains():
    schema = fleets.SCHEMA.narrowed()
    devices = fleets.random_devices(schema, 50, seed=0)
    arrays.check(schema, devices)
    codes = arrays.flatten(schema, devices)
    again = arrays.flatten(schema, fleets.random_devices(schema, 50, seed=0))
    assert len(codes) == 50
    np.testing.assert_array_equal(codes, again)


def test_extreme_devices_reach_the_bounds():
    devices = fleets.extreme_devices(fleets.SCHEMA)
    for device in devices.values():
        arrays.check(fleets.SCHEMA, device)
    assert len(devices["fullest"]["crashes"].codes) == 200
    assert not len(devices["barest"]["power"].codes)
    apps = devices["spread"]["crashes"].codes[:, 0]
    assert set(apps.tolist()) == {0, 1, 2, 3, 4}
    assert jax.tree.leaves(devices["fullest"])
