"""The noisy number of devices: once, under noise."""

import numpy as np
import pytest

from teledp_jax import runs
from teledp_jax.job import encoding, settings
from teledp_jax.methods import independent


@pytest.fixture
def checked() -> settings.Settings:
    config = settings.default("dca")
    config.budget.epsilon, config.budget.delta = 4.0, 1e-5
    config.methods.pe = settings.entry(independent.Config())
    return settings.resolve(config)


def test_the_number_of_devices_is_counted_once_and_under_noise(checked, tmp_path):
    run = runs.Run(tmp_path)
    run.create()
    found = [encoding._count(checked, run, 1000, token=f"token {i}") for i in range(40)]
    assert encoding._count(checked, run, 5000, token="token 39") == found[-1]
    spread = float(np.std(found))
    # A chi-square bound of 40 draws: 1 in 10,000 is outside.
    assert 0.58 * checked.count_stddev < spread < 1.55 * checked.count_stddev
    assert abs(np.mean(found) - 1000) < 4 * checked.count_stddev / 40**0.5
    assert not list((run.private / "keys").iterdir())
