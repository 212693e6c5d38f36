import xml.etree.ElementTree as ET

import numpy as np

from teledp_jax import schemas
from teledp_jax.report import figures


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return [
        "".join(node.itertext()).strip()
        for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_names_survive_as_text():
    name = "$5 & <b>HP</b> $x_1$"
    svg = figures.dots([name], {"real": [1.0], "pe": [None]}, ["pe"], axis="crashes")
    assert name in texts(svg)
    assert {"real", "pe", "crashes"} <= set(texts(svg))


def test_infinite_and_missing_values_are_drawn_as_gaps():
    series = {"real": [1.0, 2.0], "pe": [float("inf"), None]}
    svg = figures.dots(["a", "b"], series, ["pe"], axis="v")
    assert {"a", "b"} <= set(texts(svg))


def test_number_axis_names_absent_zero_and_edges():
    column = schemas.Column(
        name="runs", kind="integer", edges=(1.0, 2.0, 3.0), has_zero=True, unit="runs"
    )
    shares = {"real": np.array([0.1, 0.2, 0.3, 0.4])}
    found = texts(figures.distribution(column, shares, []))
    assert [text for text in found if text in ("absent", "zero", "1", "2", "3")] == [
        "absent", "zero", "1", "2", "3",
    ]  # fmt: skip


def test_categories_stand_by_their_real_share():
    column = schemas.Column(
        name="vendor", kind="category", categories=("Dell", "HP", "Never")
    )
    shares = {"real": np.array([0.0, 0.3, 0.7, 0.0])}
    found = texts(figures.distribution(column, shares, []))
    names = [text for text in found if text in ("HP", "Dell", "Never", "absent")]
    assert names == ["HP", "Dell"]


def test_label_keeps_its_color_and_figures_repeat():
    assert figures.colors(["a", "b"])["b"] == figures.colors(["x", "b"])["b"]
    tallies = {"pe": (3, 4), "half_sample": (4, 4)}
    drawn = [figures.passed(tallies, ["pe"]) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert "3 of 4" in texts(drawn[0])


def test_normalised_errors_are_named_and_numbered():
    found = texts(figures.normalized({"pe": 2.5, "mst": float("inf")}, ["pe"]))
    assert {"pe", "mst", "2.5", "∞"} <= set(found)


def test_scatter_draws_every_label_and_what_was_lost():
    points = {"pe": [(0.01, 0.02), (0.03, 0.0)], "mst": [(0.01, 0.01)]}
    assert {"pe", "mst"} <= set(texts(figures.scatter(points, ["pe", "mst"])))
