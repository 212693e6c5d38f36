import math

import numpy as np
import pytest

from teledp_jax.trust import intervals


def test_an_interval_is_worked_by_hand():
    # Errors -2, 0, 2: mean 0, deviation 2; t of 2 degrees at 95 % is 2.92.
    low, high = intervals.interval(10.0, [8.0, 10.0, 12.0], widening=1.0)
    width = 2.91999 * 2 * math.sqrt(4 / 3)
    assert (low, high) == pytest.approx((10 - width, 10 + width), rel=1e-4)
    wide = intervals.interval(100.0, [98.0, 100.0, 102.0])
    assert wide.high == pytest.approx(100 + intervals.WIDENING * width, rel=1e-4)


def test_a_bias_that_refits_show_is_taken_off():
    low, high = intervals.interval(100.0, [110.0, 110.0])
    # Refits are 10 above the fleet that they were made of, so the truth is 10 lower.
    assert low == high == 90.0


def test_what_cannot_be_negative_has_no_negative_interval():
    low, high = intervals.interval(2.0, [0.0, 9.0, 3.0])
    assert low == 0.0 and high > 0
    assert intervals.interval(-2.0, [-9.0, 0.0, -3.0]).low < 0


def test_fewer_than_two_refits_have_no_interval():
    assert intervals.interval(2.0, [2.0]) is None


def test_the_level_is_that_of_the_next_normal_error():
    generator = np.random.default_rng(0)
    errors = generator.normal(3.0, 2.0, (4000, 6))
    inside = 0
    for first, *others in errors:
        low, high = intervals.interval(
            50.0, [50.0 + error for error in others], widening=1.0
        )
        inside += low <= 50.0 - first <= high
    # Four standard deviations of a share of 4000 around 90 %.
    assert abs(inside / 4000 - 0.9) < 0.019


@pytest.mark.parametrize(
    ("low", "high", "grade"),
    [
        (90.0, 110.0, "use"),
        (80.0, 120.0, "use"),  # 20 / 80 is the tolerance itself
        (70.0, 100.0, "care"),
        (60.0, 100.0, "avoid"),
        (0.0, 100.0, "avoid"),
    ],
)
def test_a_grade_asks_what_if_the_truth_were_at_an_end(low, high, grade):
    between = intervals.Interval(low, high)
    assert intervals.grade(100.0, between, 0.25) == grade


def test_a_bound_is_above_most_errors():
    assert intervals.upper([0.1, 0.1, 0.1]) == pytest.approx(0.1)
    # t of 1 degree at 90 % is 3.078; the deviation of 0 and 0.2 is 0.1414.
    bound = 0.1 + intervals.WIDENING * 3.0777 * 0.141421 * math.sqrt(1.5)
    assert intervals.upper([0.0, 0.2]) == pytest.approx(bound, rel=1e-4)
