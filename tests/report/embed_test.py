from teledp_jax.report import embed


def test_a_figure_is_a_file_and_a_part_of_the_page(tmp_path):
    figure = embed.keeper(tmp_path)("a", "<svg>é</svg>", "a figure")
    assert (tmp_path / "a.svg").read_text("utf-8") == "<svg>é</svg>"
    assert figure.svg == "<svg>é</svg>" and figure.svg.__html__() == figure.svg
    assert figure.alt == "a figure"
