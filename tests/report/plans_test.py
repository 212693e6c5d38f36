import xml.etree.ElementTree as ET

from teledp_jax.report import plans


def row(label, epsilon, query, at_least, num_right, num_answers=10):
    return {
        "label": label,
        "epsilon": epsilon,
        "query": query,
        "at_least": at_least,
        "num_right": num_right,
        "num_answers": num_answers,
    }


ROWS = [
    row("pe", 1.0, "a", 50, 2),
    row("pe", 1.0, "b", 200, 8),
    row("pe", 4.0, "a", 50, 4),
    row("pe", 4.0, "b", 200, 10),
    row("aim", 4.0, "a", 50, 3),
]


def test_shares_are_of_all_answers_together():
    assert plans.share_right(ROWS, "epsilon", "label") == {
        (1.0, "pe"): 0.5,
        (4.0, "aim"): 0.3,
        (4.0, "pe"): 0.7,
    }


def test_the_text_names_queries_that_no_label_answers():
    text = plans.text(ROWS, 4.0)
    assert "  pe      50%     70%" in text
    assert "  aim       -     30%" in text
    assert "At epsilon 4, by devices of the group, at least:" in text
    assert text.endswith(
        "Queries to drop or to coarsen (best label, share right):\n   40%  a"
    )


def test_the_figure_is_svg_with_a_line_for_each_label():
    root = ET.fromstring(plans.figure(ROWS))
    assert root.tag.endswith("svg")
    words = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert {"pe", "aim", "1", "4", "50%"} <= set(words)
