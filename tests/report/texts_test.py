"""What numbers and names look like on the page."""

import pytest

from teledp_jax.report import texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, texts.NOTHING),
        ("", texts.NOTHING),
        ("nan", "nan"),
        ("inf", "∞"),
        ("0.12345", "0.123"),
        ("1e-5", "1e-05"),
        (1234567.8, "1,235,000"),
        (1234567, "1,234,567"),
        ("4.0", "4"),
        ("Lenovo", "Lenovo"),
    ],
)
def test_numbers_become_short_texts(value, text):
    assert texts.show(value) == text


def test_sizes_and_times_have_units():
    assert texts.size(1_610_612_736) == "1.5 GiB"
    assert texts.size(None) == texts.NOTHING
    assert texts.seconds(90) == "90 s"
    assert texts.seconds("300") == "5 min"


def test_a_cell_with_a_mark_a_unit_or_brackets_is_a_number():
    for text in (
        "1,234",
        f"✓ 0.31 (4.2{texts.TIMES})",
        "3.1 GiB",
        "2 of 3",
        texts.NOTHING,
        "∞",
    ):
        assert texts.is_number(text)
    for text in ("HP", "", "3 queries", "2024-01-01"):
        assert not texts.is_number(text)


def test_a_text_that_says_no_or_nothing_does_not_hold():
    assert texts.holds("True") and texts.holds(1)
    assert not any(map(texts.holds, ("False", "", None, "0")))


def test_a_domain_is_told_in_a_few_words():
    values = {"values": list("abcdefghij"), "num_values": 300, "other": None}
    assert texts.domain(values) == "a, b, c, d, e, f, g, h and 292 more"
    assert texts.domain({"values": ["a"], "num_values": 1, "other": None}) == "a"
    bounds = {"low": 1.0, "high": 1e6, "num_bins": 3, "zero": True}
    assert texts.domain(bounds) == "1 to 1,000,000, zero apart"
    assert texts.domain({}) == ""


def test_an_epsilon_keeps_four_decimals_and_a_share_is_in_percent():
    assert texts.epsilon("3.99994") == "3.9999"
    assert [texts.percent(x) for x in (0.0312, 0.987, 5.74)] == [
        "3.1 %", "99 %", "574 %",
    ]  # fmt: skip
    assert texts.percent("inf") == "\N{INFINITY}"
    assert (texts.epsilon(None), texts.percent("")) == (texts.NOTHING, texts.NOTHING)


def test_a_name_becomes_a_heading_and_the_target_of_a_link():
    assert texts.heading("num_devices") == "num devices"
    assert texts.anchor("a b/c") == "a-b-c"
