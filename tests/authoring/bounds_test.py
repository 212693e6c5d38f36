import pytest

from teledp_jax.authoring import bounds, documents

NOTHING = documents.Words()


@pytest.mark.parametrize(
    ("name", "kind", "span"),
    [
        ("latitude", "double", (-90, 90, "linear")),
        ("battery_pct", "double", (0, 100, "linear")),
        ("buildYear", "integer", (1900, 2100, "linear")),
        ("arrival_delay", "double", (-10_000, 10_000, "linear")),
        ("average", "double", (0.001, 1e9, "log")),  # no word "age"
        ("pages", "integer", (1, 1e9, "log")),
    ],
)
def test_names_tell_bounds(name, kind, span):
    assert bounds.of(name, kind, NOTHING)[:3] == span


def test_documentation_comes_before_names():
    words = documents.Words(low=0.0, high=5.0, unit="percent")
    found = bounds.of("battery_pct", "double", words)
    assert (found.low, found.high, found.unit) == (0, 5, "percent")


def test_short_ranges_of_whole_numbers_have_a_public_bin_per_value():
    assert bounds.of("hour", "integer", NOTHING).num_public_bins("integer") == 24
    assert bounds.of("hour", "double", NOTHING).num_public_bins("double") is None
    assert bounds.of("year", "integer", NOTHING).num_public_bins("integer") is None
    assert bounds.count("rows").num_public_bins("integer") is None
