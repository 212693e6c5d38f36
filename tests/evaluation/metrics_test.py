import math

import pytest

from teledp_jax.evaluation import metrics

INF = math.inf


@pytest.mark.parametrize(
    "real, synthetic, expected",
    [(4.0, 3.0, 0.25), (-4.0, 4.0, 2.0), (0.0, 0.0, 0.0), (0.0, 0.1, INF), (5, 0, 1)],
)
def test_error_of_a_cell(real, synthetic, expected):
    assert metrics.cell_error(real, synthetic) == expected


def test_relative_error_is_the_median_over_common_keys():
    real = {"a": 10.0, "b": 10.0, "c": 10.0, "d": 10.0, "e": None}
    synthetic = {"a": 11.0, "b": 14.0, "c": 30.0, "x": 1.0, "e": 3.0}
    assert metrics.relative_error(real, synthetic) == pytest.approx(0.4)


def test_corrected_relative_error_counts_missing_and_invented_groups_as_one():
    real = {"a": 10.0, "b": 10.0, "c": None}
    synthetic = {"a": 11.0, "x": 5.0, "c": None}
    assert metrics.relative_error(real, synthetic) == pytest.approx(0.1)
    # Errors 0.1, 1 (b is missing) and 1 (x is invented); c is missing on both sides.
    assert metrics.relative_error(real, synthetic, corrected=True) == 1.0


def test_relative_error_without_a_common_key_is_infinite():
    assert metrics.relative_error({"a": 1.0}, {"b": 1.0}) == INF


def test_median_of_infinite_errors_is_infinite_only_past_the_middle():
    real = {"a": 1.0, "b": 1.0, "c": 0.0}
    assert metrics.relative_error(real, {"a": 1.0, "b": 2.0, "c": 1.0}) == 1.0
    assert metrics.median([1.0, INF]) == INF
    assert metrics.median([INF, INF, 0.0]) == INF


def test_total_variation_normalises_over_the_union():
    # Shares 1/4, 3/4, 0 against 1/2, 0, 1/2.
    value = metrics.total_variation({"a": 1, "b": 3}, {"a": 2, "c": 2})
    assert value == pytest.approx(0.75)
    assert metrics.total_variation({"a": 1}, {}) == 1.0
    assert metrics.total_variation({}, {}) == 1.0


def test_total_variation_does_not_see_the_scale():
    real = {"chrome": 50.0, "edge": 30.0, "firefox": 20.0}
    assert metrics.total_variation(
        real, {name: 7 * cell for name, cell in real.items()}
    ) == pytest.approx(0.0)


def test_jaccard_and_its_free_match():
    assert metrics.jaccard({"a", "b", "c"}, {"b", "c", "d"}) == 0.5
    assert metrics.jaccard(set(), set()) == 1.0
    assert metrics.jaccard(set(), set(), corrected=True) == 0.0


def test_spearman_averages_ties():
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    real = {"a": 1, "b": 2, "c": 2, "d": 9}
    synthetic = {"a": 1, "b": 2, "c": 3, "d": 4, "x": 0}
    expected = 4.5 / math.sqrt(4.5 * 5)
    assert metrics.spearman(real, synthetic) == pytest.approx(expected)


def test_spearman_needs_two_common_items_that_differ():
    assert metrics.spearman({"a": 1, "b": 2}, {"a": 1}) is None
    assert metrics.spearman({"a": 1, "b": 2}, {"a": 1, "b": 1}) is None


def test_agreement_is_a_share_of_the_real_keys():
    real = {"DE": "chrome", "US": "edge", "FR": "chrome", "IT": "chrome"}
    synthetic = {"DE": "chrome", "US": "chrome", "XX": "edge"}
    assert metrics.agreement(real, synthetic) == 0.25


def test_row_level_metrics():
    assert metrics.row_count(1497, 9250) == pytest.approx(5.179024716098865)
    assert metrics.mean_relative_error([1, 3, None], [3]) == 0.5
    assert metrics.mean_relative_error([1], [None]) == INF
    assert metrics.share_variation(["a", "a", "b", None], ["a"]) == pytest.approx(1 / 3)


def test_groups_that_are_common_are_averaged():
    real = {("ac",): {"a": 1, "b": 2}, ("dc",): {"a": 1, "b": 2}}
    synthetic = {("ac",): {"a": 1, "b": 2}, ("un",): {"a": 1}}
    assert metrics.grouped_coverage(real, synthetic, corrected=False) == pytest.approx(
        1
    )
    assert metrics.grouped_coverage(real, synthetic, corrected=True) == pytest.approx(
        1 / 3
    )
    assert metrics.grouped_spearman(real, synthetic, corrected=False) == pytest.approx(
        1
    )
    assert metrics.grouped_spearman(real, synthetic, corrected=True) == pytest.approx(
        0.5
    )


def test_a_group_with_a_missing_key_matches_for_free_only_as_published():
    # Seven groups without a common item, one of them of the missing power state.
    states = [*"abcdef", None]
    real = {(state,): {"x": 1.0} for state in states}
    synthetic = {(state,): {"y": 1.0} for state in states}
    published = metrics.grouped_coverage(real, synthetic, corrected=False)
    assert published == pytest.approx(0.14285714285714285)
    assert metrics.grouped_coverage(real, synthetic, corrected=True) == 0.0


def test_normalised_error_turns_what_is_larger_into_an_error():
    assert metrics.normalized_error("coverage", 0.5, 0.75) == pytest.approx(2.0)
    assert metrics.normalized_error("relative_error", 0.5, 0.25) == 2.0


def test_published_normalised_error_drops_what_corrected_keeps():
    def both(value, half):
        return [
            metrics.normalized_error("relative_error", value, half, corrected=corrected)
            for corrected in (False, True)
        ]

    assert both(INF, 0.1) == [None, INF]
    assert both(0.5, 1e-9) == [None, 0.5 / metrics.FLOOR]
    assert both(INF, INF) == [None, 1.0]
    assert both(0.5, None) == [None, None]
