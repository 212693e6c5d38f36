"""Unclean restarts, and runs of the extractor."""

import numpy as np

from teledp_jax.suites.dca import restarts, sysinfo
from tests.suites.dca import made


def test_overheating_takes_age_and_work_together(world_fleet):
    def mean(old: bool, busy: bool) -> float:
        chosen = (world_fleet.latents["newness"] < 0.0) == old
        chosen &= (world_fleet.latents["workload"] > 0.6) == busy
        return np.log1p(counts[chosen & (counts > 0)]).mean()

    counts = made.num_rows(
        world_fleet, restarts.microsoft_windows_kernel_power_event_41
    )
    of_work_if_old = mean(True, True) - mean(True, False)
    of_work_if_new = mean(False, True) - mean(False, False)
    assert of_work_if_old - of_work_if_new > 0.4


def test_rare_codes_exist_on_few_devices():
    fleet = made.make_fleet(20_000, seed=0)
    columns = restarts.microsoft_windows_kernel_power_event_41(
        fleet, sysinfo.guids(fleet)
    )
    codes = columns["bugcheck_code"].to_numpy()
    device = columns["guid"].indices.to_numpy()
    carriers = [len(np.unique(device[codes == code])) for code in np.unique(codes)]
    assert sum(0 < number < 0.05 * len(np.unique(device)) for number in carriers) >= 5
