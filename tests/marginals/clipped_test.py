"""Sparse vectors of devices: what is clipped, what whole numbers are released."""

import jax
import numpy as np
import pytest

from teledp_jax import base
from teledp_jax.marginals import clipped

STEPS = clipped.STEPS


def entries(*rows):
    device, statistic, value = zip(*rows, strict=True)
    return clipped.Entries(np.array(device), np.array(statistic), np.array(value))


def by_place(found):
    places = zip(found.device.tolist(), found.statistic.tolist(), strict=True)
    return dict(zip(places, found.steps.tolist(), strict=True))


def test_a_long_vector_is_scaled_and_a_short_one_kept():
    given = entries((7, 0, 30.0), (7, 1, -40.0), (9, 1, 0.25))
    found = by_place(clipped.clip(given, l2_clip_norm=1.0))
    # 30, 40 has a norm of 50; truncation may lose one step, and gains none.
    assert found[7, 0] == pytest.approx(0.6 * STEPS, abs=1)
    assert found[7, 1] == pytest.approx(-0.8 * STEPS, abs=1)
    assert found[9, 1] == STEPS // 4
    assert abs(found[7, 0]) <= 0.6 * STEPS


def test_entries_of_one_place_add_up_in_any_order():
    rows = [(0, 2, 0.5), (1, 2, 0.25), (0, 1, 0.125), (0, 2, -0.25)]
    found = by_place(clipped.clip(entries(*rows), l2_clip_norm=2.0))
    assert found == {(0, 1): STEPS // 16, (0, 2): STEPS // 8, (1, 2): STEPS // 8}
    again = clipped.clip(entries(*reversed(rows)), l2_clip_norm=2.0)
    assert by_place(again) == found


def test_no_values_make_a_vector_longer_than_the_bound():
    rng = np.random.default_rng(0)
    for scale in (1e-300, 1.0, 1e90, 1e300):
        given = clipped.Entries(
            np.repeat(np.arange(50), 40),
            rng.integers(0, 200, 2000),
            rng.standard_normal(2000) * scale,
        )
        found = clipped.clip(given, l2_clip_norm=3.0)
        squares = np.bincount(found.device, found.steps.astype(float) ** 2)
        assert squares.max(initial=0) <= STEPS**2
        if scale > 1:
            assert squares.min() > 0.99 * STEPS**2


def test_values_that_are_no_numbers_change_no_other_device():
    bad = [(3, 0, np.nan), (3, 1, np.inf), (3, 1, np.inf), (3, 2, -np.inf)]
    plain = by_place(clipped.clip(entries((0, 0, 0.5)), l2_clip_norm=1.0))
    found = by_place(clipped.clip(entries((0, 0, 0.5), *bad), l2_clip_norm=1.0))
    assert {place: n for place, n in found.items() if place[0] == 0} == plain
    assert sum(n**2 for place, n in found.items() if place[0] == 3) <= STEPS**2


def test_steps_beyond_the_bound_are_refused():
    one = np.zeros(2, np.int64)
    clipped.check_norms(clipped.Clipped(one, np.arange(2), np.array([0, STEPS])))
    with pytest.raises(ValueError, match="longer than"):
        clipped.check_norms(clipped.Clipped(one, np.arange(2), np.array([1, STEPS])))
    with pytest.raises(ValueError, match="l2_clip_norm"):
        clipped.clip(entries((0, 0, 1.0)), l2_clip_norm=0.0)


def test_what_is_released_are_noisy_steps_of_all_processes_once():
    asked = []

    def noise(key, values, sigma):
        asked.append((values.copy(), sigma))
        return values + 3

    context = base.Context(
        base.MemoryStore(),
        lambda *args: None,
        noise,
        base.Part(total=lambda counts: 2 * counts),
    )

    def release(fn):
        return clipped.release(
            "sums", fn, num_statistics=3, l2_clip_norm=5.0,
            key=jax.random.key(0), sigma=70.0, context=context,
        )  # fmt: skip

    found = release(lambda: entries((0, 0, 1.0), (1, 0, 2.5), (1, 2, -1.25)))
    ((exact, sigma),) = asked
    assert sigma == 70.0
    assert exact.tolist() == [2 * 7000, 0, 2 * -2500]
    assert np.allclose(found, (exact + 3) * 5.0 / STEPS)
    assert np.array_equal(release(pytest.fail), found)  # read again, not drawn again


def test_no_devices_sum_to_nothing():
    none = clipped.Entries(np.zeros(0, int), np.zeros(0, int), np.zeros(0))
    found = clipped.clip(none, l2_clip_norm=1.0)
    assert clipped.totals(found, 4).tolist() == [0, 0, 0, 0]
