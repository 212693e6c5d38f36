from teledp_jax.report import figures
from tests.report import svg as svg_lib


def test_figures_repeat():
    values = {"pe": (0.75, "3 of 4"), "half_sample": (1.0, "4 of 4")}
    drawn = [figures.bars(values, ["pe"], title="t") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert "3 of 4" in svg_lib.texts(drawn[0])


def test_normalised_errors_are_named_and_numbered():
    values = {"pe": 2.5, "mst": float("inf")}
    found = svg_lib.texts(figures.normalized(values, ["pe"], title="Error"))
    assert {"Error", "pe", "mst", "2.5", "∞"} <= set(found)


def test_scatter_draws_every_label_and_what_was_lost():
    points = {"pe": [(0.01, 0.02), (0.03, 0.0)], "mst": [(0.01, 0.01)]}
    assert {"pe", "mst"} <= set(svg_lib.texts(figures.scatter(points, ["pe", "mst"])))


def test_tradeoff_names_every_label():
    points = {"pe": (3.0, 0.5), "mst": (0.0, 1.0)}
    drawn = figures.tradeoff(points, ["pe", "mst"], title="right")
    assert {"pe", "mst", "seconds to fit"} <= set(svg_lib.texts(drawn))
