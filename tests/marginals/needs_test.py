"""What is measured for queries: groups, centres, spreads, weights."""

import numpy as np
import pytest

from teledp_jax import base
from teledp_jax.marginals import needs


def asked(device, group, amounts, groups=(("a",), ("b",)), ratios=((1, 0),)):
    amounts = np.asarray(amounts, float)
    ones = np.ones(len(device))
    return base.Asked(
        "query", np.asarray(device), np.asarray(group), groups,
        np.column_stack([ones, amounts]), ratios,
    )  # fmt: skip


# Six records: four in a, adding 1, 3, 1, 3; two in b, adding 10 each.
POOL = asked(range(6), [0, 0, 0, 0, 1, 1], [1, 3, 1, 3, 10, 10])
EQUAL = np.full(6, 1 / 6)


@pytest.fixture
def need():
    (found,) = needs.plan([POOL], EQUAL, num_devices=600)
    return found


def values(found):
    places = zip(found.device.tolist(), found.statistic.tolist(), strict=True)
    return dict(zip(places, found.value.tolist(), strict=True))


def test_a_group_expects_its_share_and_weighs_by_need(need):
    assert need.groups == {("a",): 0, ("b",): 1}
    assert need.expected.tolist() == pytest.approx([400, 200])
    # w^2 = 1 / (c sqrt(2 groups)).
    assert need.count_weights**-2 == pytest.approx(np.array([400, 200]) * 2**0.5)
    assert needs.num_statistics([need]) == 4
    assert needs.cells([need]).tolist() == [0, 1, 0, 1]


def test_a_query_of_too_many_groups_is_left_to_the_model():
    count = 1001
    names = tuple((f"item {i}",) for i in range(count))
    devices, groups = np.arange(2 * count), np.repeat(np.arange(count), 2)
    many = asked(devices, groups, np.ones(2 * count), names)
    weights = np.full(2 * count, 0.5 / count)
    found = needs.plan([many, POOL], weights, num_devices=600)
    assert found[0].size == 0 and not found[0].groups
    assert found[1].groups == {("a",): 0, ("b",): 1}


def test_centres_and_spreads_lean_on_the_query_where_records_are_few(need):
    # The query: 28 / 6. Group a: (8 + 5 * 28 / 6) / (4 + 5), in records.
    assert need.centres[0] == pytest.approx([(8 + 70 / 3) / 9, (20 + 70 / 3) / 7])
    assert (need.spreads > 0).all()


def test_a_device_adds_counts_and_centred_sums(need):
    found = values(needs.entries([need], [asked([7], [1], [10.0])]))
    weight = need.count_weights[1]
    apart = (10 - need.centres[0, 1]) / need.spreads[0, 1]
    assert found == pytest.approx({(7, 1): weight, (7, 3): weight * apart})


def test_a_sum_far_off_is_cut_at_six_spreads(need):
    found = values(needs.entries([need], [asked([0], [0], [1e12])]))
    assert found[0, 2] == pytest.approx(6 * need.count_weights[0])
    found = values(needs.entries([need], [asked([0], [0], [np.nan])]))
    assert np.isfinite(found[0, 2])


def test_a_device_counts_once_in_a_group_and_its_rows_add_up(need):
    twice = values(needs.entries([need], [asked([0, 0], [0, 0], [1.0, 2.0])]))
    once = values(needs.entries([need], [asked([0], [0], [3.0])]))
    assert twice == pytest.approx(once)


def test_groups_that_the_pool_lacks_add_nothing(need):
    other = asked([0, 1], [0, 1], [5.0, 5.0], groups=(("c",), ("b",)))
    found = needs.entries([need], [other])
    assert set(found.device.tolist()) == {1}
    single = asked([0], [0], [1.0])
    (lonely,) = needs.plan([single], EQUAL, num_devices=600)
    assert lonely.size == 0  # one record is no group
    assert not len(needs.entries([lonely], [single]).device)


def test_a_ratio_is_centred_at_its_denominator():
    amounts = np.array([[2.0, 1.0], [4.0, 2.0], [6.0, 3.0]])  # always twice
    pool = asked(range(3), [0, 0, 0], amounts, ratios=((1, 2),))
    (found,) = needs.plan([pool], np.full(3, 1 / 3), num_devices=30)
    assert found.centres[0] == pytest.approx([2.0])
    assert found.spreads[0] == pytest.approx([0.0])
    # Nobody departs in the pool: there is no scale to measure the sum on.
    assert not needs.entries([found], [pool]).value[3:].any()


def test_many_sums_of_a_group_share_their_weight():
    ratios = tuple((i, 0) for i in range(1, 17))
    wide = asked(range(4), [0] * 4, np.eye(16)[:4], ratios=ratios)
    (found,) = needs.plan([wide], np.full(4, 0.25), num_devices=40)
    assert found.sum_weight**2 == pytest.approx(4 / 16)


def test_positions_of_queries_follow_each_other():
    first, second = needs.plan([POOL, POOL], EQUAL, num_devices=600)
    assert (first.first, second.first) == (0, 4)
    assert needs.cells([first, second]).tolist() == [0, 1, 0, 1, 4, 5, 4, 5]
    none: list[base.Asked] = []
    assert needs.plan(none, EQUAL, num_devices=600) == ()
    assert not len(needs.entries((), none).device)


def test_a_group_has_the_devices_that_it_expects_or_that_were_released(need):
    totals = np.array([0.0, 300 * need.count_weights[1], 0.0, 0.0])
    assert needs.counts([need], totals) == pytest.approx([400, 300, 400, 300])
    noise = needs.noise_of_counts([need], 2.0)
    assert noise == pytest.approx(2.0 / np.tile(need.count_weights, 2))


def test_queries_of_different_numbers_of_groups_stand_beside_each_other(need):
    (small,) = needs.plan([asked([0, 1], [0, 0], [1, 2])], EQUAL, num_devices=600)
    both = (need, small._replace(first=4))
    devices = needs.counts(both, np.zeros(6))
    assert devices == pytest.approx([400, 200, 400, 200, 200, 200])
    assert needs.tolerances(both, devices, devices > 0, 1.0).shape == (6,)


def test_a_tolerance_is_noise_and_a_fifth_of_a_half_samples_error(need):
    devices, met = np.full(4, 400.0), np.array([True, False, True, False])
    found = needs.tolerances([need], devices, met, 3.0)
    # A half-sample errs by 2 sqrt(400) = 40 devices; two statistics are met.
    expected = 2**0.5 * np.hypot(3.0, 8 * np.tile(need.count_weights, 2))
    assert found == pytest.approx(expected)
