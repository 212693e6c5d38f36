"""Axes, texts and numbers under the pointer."""

import math

import pytest

from teledp_jax.report import drawing


def test_an_axis_puts_its_ends_where_it_begins_and_ends():
    axis = drawing.Axis(1.0, 100.0, 10, 20, log=True)
    assert [axis.at(value) for value in (1, 10, 100, 1000)] == [10, 15, 20, 20]
    assert drawing.Axis(0, 4, 0, 8).at(1) == 2


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        (drawing.Axis(0, 1, 0, 1), [0, 0.25, 0.5, 0.75, 1]),
        (drawing.Axis(0, 23, 0, 1), [0, 10, 20]),
        (drawing.Axis(-3, 3, 0, 1), [-2, 0, 2]),
        (drawing.Axis(0.5, 20, 0, 1, log=True), [1, 3, 10]),
    ],
)
def test_ticks_are_round(axis, expected):
    assert axis.ticks() == pytest.approx(expected)


def test_ticks_of_many_powers_of_ten_are_thinned():
    assert len(drawing.Axis(1e-9, 1e12, 0, 1, log=True).ticks()) <= 12


def test_an_axis_of_nothing_or_of_what_is_infinite_still_has_a_length():
    for values in ([], [0.0], [math.inf, math.nan]):
        axis = drawing.linear(values, 0, 10)
        assert (axis.low, axis.high) == (0, 1)


def test_a_long_name_is_whole_on_several_lines():
    name = "a name of an application " * 6
    lines = drawing.wrap(name, drawing.WIDTH)
    assert " ".join(lines) == name.strip()
    assert all(drawing.width_of(line) <= drawing.WIDTH for line in lines)
    assert "".join(drawing.wrap("x" * 200, drawing.WIDTH)) == "x" * 200


def test_numbers_under_the_pointer_are_escaped_and_name_what_is_missing():
    lines = drawing.numbers({"real": 1.5, "pe": None}, str)
    assert lines == ["real 1.5", "pe \N{EN DASH}"]
    area = drawing.hit(0, 0, 1, 1, ["<b>", *lines])
    assert "<title>&lt;b&gt;\nreal 1.5" in area


def test_a_label_that_is_no_method_is_grey():
    assert 'class="bar"' in drawing.box("half_sample", ["pe"], 0, 0, 1, 1)
    assert 'class="s0"' in drawing.box("pe", ["pe"], 0, 0, 1, 1)
