"""CPU frequency."""

import numpy as np

from teledp_jax.suites.dca import frequency, traits
from tests.suites.dca import made


def test_samples_of_a_day_fit_into_it_and_cores_into_the_processor(fleet):
    rows, device = made.rows_of(fleet, frequency.hw_cpu_frequency)
    day = rows["interval_local_start"].to_numpy().astype("datetime64[D]").astype(int)
    samples = np.bincount(device, rows["nrs"].to_numpy())
    days = np.bincount(np.unique(device * 10**6 + day) // 10**6)
    assert (samples[days > 0] * frequency.SAMPLE_S <= 86_400 * days[days > 0]).all()
    assert (rows["ia_active_cores"].to_numpy() <= fleet.cores[device]).all()


def test_a_stationary_device_is_clocked_higher(fleet):
    mhz = frequency.nominal_mhz(fleet)
    portable = fleet.is_one_of("chassistype", traits.PORTABLE)
    assert mhz[~portable].mean() > mhz[portable].mean() + 800
