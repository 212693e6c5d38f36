"""Things that devices have."""

import numpy as np
import pytest

from teledp_jax.suites.dca import ownership
from tests.suites.dca import made


def test_things_keep_their_shares_and_lean_on_traits():
    fleet = made.make_fleet(20_000)
    devices = np.arange(0, 20_000, 2)
    shares = np.array([[0.3, 0.05]])
    leaning = [{"mobility": 0.6}, {}]
    device, thing = ownership.owned(fleet, "test", devices, shares, leaning)
    assert set(device % 2) == {0}
    for number, share in enumerate(shares[0]):
        assert (thing == number).mean() * len(thing) == pytest.approx(
            share * len(devices), rel=0.1
        )
    mobility = fleet.latents["mobility"]
    assert mobility[device[thing == 0]].mean() > 0.4
    assert abs(mobility[device[thing == 1]].mean()) < 0.15
