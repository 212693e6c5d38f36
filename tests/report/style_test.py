from teledp_jax.report import style


def test_colors_begin_anew_after_the_last():
    assert style.color(0) == style.color(style.NUM_COLORS) != style.color(1)


def test_ticks_are_short():
    assert style.percent(0.125) == "12.5\N{NO-BREAK SPACE}%"
    assert [style.compact(n) for n in (0.25, 1500, 2e7)] == ["0.25", "1.5k", "20M"]
