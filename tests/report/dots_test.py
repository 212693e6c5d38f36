import numpy as np

from teledp_jax.report import dots
from tests import toys
from tests.report import svg as svg_lib


def test_names_survive_as_text():
    name = "$5 & <b>HP</b> $x_1$"
    svg = dots.dots([name], {"real": [1.0], "pe": [None]}, ["pe"], axis="crashes")
    assert name in svg_lib.texts(svg)
    assert {"real", "pe", "crashes"} <= set(svg_lib.texts(svg))


def test_infinite_and_missing_values_are_drawn_as_gaps():
    series = {"real": [1.0, 2.0], "pe": [float("inf"), None]}
    svg = dots.dots(["a", "b"], series, ["pe"], axis="v")
    assert {"a", "b"} <= set(svg_lib.texts(svg))


def test_each_strip_shows_its_numbers_under_the_pointer():
    series = {"real": [1234.0], "pe": [None]}
    svg = dots.dots(["a"], series, ["pe"], axis="v")
    assert "<title>a\nreal 1,234\npe \N{EN DASH}</title>" in svg


def test_number_axis_names_absent_zero_and_edges():
    column = toys.whole("runs", 1, 2, 3, has_zero=True, unit="runs")
    shares = {"real": np.array([0.1, 0.2, 0.3, 0.4])}
    found = svg_lib.texts(dots.distribution(column, shares, []))
    assert [text for text in found if text in ("absent", "zero", "1", "2", "3")] == [
        "absent", "zero", "1", "2", "3",
    ]  # fmt: skip


def test_categories_stand_by_their_real_share():
    column = toys.category("vendor", "Dell", "HP", "Never")
    shares = {"real": np.array([0.0, 0.3, 0.7, 0.0])}
    found = svg_lib.texts(dots.distribution(column, shares, []))
    names = [text for text in found if text in ("HP", "Dell", "Never", "absent")]
    assert names == ["HP", "Dell"]
