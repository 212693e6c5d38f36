"""Statistics of an event log, worked by hand."""

import numpy as np
import pytest
import scipy.stats

from teledp_jax.suites.eventlog import statistics


def test_zscores_use_the_population_deviation():
    np.testing.assert_allclose(
        statistics.zscores(np.array([1.0, 2.0, 3.0])), [-(1.5**0.5), 0, 1.5**0.5]
    )
    np.testing.assert_array_equal(statistics.zscores(np.array([2.0, 2.0])), [0, 0])


def test_cramers_v_is_that_of_a_table():
    first = np.repeat([0, 0, 1, 1, 2], [10, 5, 3, 12, 7])
    second = np.repeat([0, 1, 0, 1, 3], [10, 5, 3, 12, 7])
    table = np.array([[10, 5, 0], [3, 12, 0], [0, 0, 7]])
    expected = scipy.stats.contingency.association(table, method="cramer")
    assert statistics.cramers_v(first, second) == pytest.approx(expected)
    assert statistics.cramers_v(first, first) == pytest.approx(1)
    assert statistics.cramers_v(first, np.zeros_like(first)) == 0


def test_correlation_ratio_is_the_share_between_groups():
    category = np.array([0, 0, 1, 1])
    assert statistics.correlation_ratio(category, np.array([1.0, 1, 3, 3])) == 1
    # Between: 4 * 1; total: 4 * 1 + 4 * 0.25 about means 2, 1 and 3.
    values = np.array([0.5, 1.5, 2.5, 3.5])
    expected = (4 / 5) ** 0.5
    assert statistics.correlation_ratio(category, values) == pytest.approx(expected)
    assert statistics.correlation_ratio(category, np.ones(4)) == 0


def test_each_pair_of_columns_gets_the_measure_of_its_kinds():
    codes, numbers = np.array([0, 1, 0, 1]), np.array([1.0, 2, 3, 5])
    rows = statistics.associations(
        {"a": codes, "b": codes}, {"x": numbers, "y": -numbers}
    )
    assert [(r["column_1"], r["column_2"], r["measure"]) for r in rows] == [
        ("a", "b", "Cramer's V"),
        ("a", "x", "correlation ratio"),
        ("a", "y", "correlation ratio"),
        ("b", "x", "correlation ratio"),
        ("b", "y", "correlation ratio"),
        ("x", "y", "Pearson"),
    ]
    assert rows[0]["value"] == pytest.approx(1)
    assert rows[-1]["value"] == pytest.approx(-1)


def log(products, types, times):
    return {
        "product": np.array(products, object),
        "event_type": np.array(types, object),
        "time_s": np.array(times, float),
    }


def test_a_log_is_no_way_from_itself():
    rng = np.random.default_rng(0)
    one = log(
        rng.choice(["A", "B"], 400), rng.choice(["open", "error"], 400), range(400)
    )
    facts = statistics.compare(
        one, one, products=["A", "B"], event_types=["open", "error"]
    )
    for name in ("product_max_points", "event_type_max_points", "time_ks"):
        assert facts[name] == 0
    assert (facts["zscore_linf"], facts["zscore_iou"]) == (0, 1)
    assert facts["error_rate_within_target"] == 2


def test_differences_are_in_points_and_rates():
    real = log(["A"] * 6 + ["B"] * 4, ["open", "error"] * 5, range(10))
    other = log(["A"] * 5 + ["B"] * 5, ["open"] * 9 + ["error"], range(5, 15))
    facts = statistics.compare(
        real, other, products=["A", "B", "C"], event_types=["open", "error"]
    )
    assert facts["product_points"] == pytest.approx({"A": -10, "B": 10, "C": 0})
    assert facts["event_type_max_points"] == pytest.approx(40)
    assert facts["time_ks"] == pytest.approx(0.5)
    assert facts["error_rate"] == {"A": 0, "B": 0.2, "C": 0}
    assert facts["accuracy"] == pytest.approx(0.5)


def test_release_quality_counts_right_sets():
    truth = np.array([0.1, 0.2, 0.6])
    noisy = np.array([[0.1, 0.2, 0.6], [0.1, 0.6, 0.6]])
    rows, facts = statistics.release_quality(truth, noisy)
    assert [row["IOU"] for row in rows] == [1, 0.5]
    assert rows[0]["L_inf"] == 0
    assert facts["num_sets_right"] == 1
    assert facts["IOU_summary"]["50%"] == 0.75
