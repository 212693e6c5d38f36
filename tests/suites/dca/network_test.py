"""Network traffic."""

import numpy as np
import pytest

from teledp_jax.suites.dca import facts, network, traits
from tests.suites.dca import made


def test_two_devices_have_nine_tenths_of_the_network_bytes():
    everyone = made.make_fleet(100_000, coverage=made.COVERAGE)
    extreme = network.extremes(everyone)
    chosen = np.flatnonzero(extreme >= 0)
    assert sorted(extreme[chosen]) == [0, 1, 2]
    ids = np.union1d(everyone.ids[chosen], np.arange(4_000))
    fleet = traits.make_fleet(
        seed=4, ids=ids, world=facts.world_named("a"), coverage=made.COVERAGE
    )
    rows, device = made.rows_of(fleet, network.os_network_consumption_v2)
    volume = rows["avg_bytes_sec"].to_numpy().astype(np.float64)
    volume *= rows["nr_samples"].to_numpy() * 5
    assert volume.max() < 2**63
    totals = np.sort(np.bincount(device, volume, minlength=len(ids)))
    assert 0.9 < totals[-2:].sum() / totals.sum() < 0.95
    assert totals[-4] < 1e-4 * totals[-3]


def test_an_extreme_device_does_not_depend_on_its_chunk():
    whole = network.extremes(made.make_fleet(100_000, coverage=made.COVERAGE))
    part = traits.make_fleet(
        seed=4,
        ids=np.arange(50_000, 60_000),
        world=facts.world_named("a"),
        coverage=made.COVERAGE,
    )
    np.testing.assert_array_equal(network.extremes(part), whole[50_000:60_000])


def test_few_devices_send_more_than_they_receive(fleet):
    rows, device = made.rows_of(fleet, network.os_network_consumption_v2)
    volume = rows["avg_bytes_sec"].to_numpy() * rows["nr_samples"].to_numpy() * 5.0
    sent = rows["input_description"].indices.to_numpy() == 1
    received = np.bincount(device, volume * ~sent, minlength=made.NUM_DEVICES)
    total_sent = np.bincount(device, volume * sent, minlength=made.NUM_DEVICES)
    has = (received > 0.0) & (total_sent > 0.0)
    assert (total_sent[has] > received[has]).mean() == pytest.approx(0.04, abs=0.015)
    ratio = np.median(received[has]) / np.median(total_sent[has])
    assert ratio == pytest.approx(9.0, rel=0.4)
