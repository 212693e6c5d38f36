from teledp_jax.report import style


def test_a_label_keeps_its_color_and_marker():
    assert style.colors(["a", "b"])["b"] == style.colors(["x", "b"])["b"]
    assert style.markers(["a", "b"])["b"] == style.markers(["x", "b"])["b"]


def test_ticks_are_short():
    assert style.percent(0.125, None) == "12.5%"
    assert [style.compact(n) for n in (0.25, 1500, 2e7)] == ["0.25", "1.5k", "20M"]
