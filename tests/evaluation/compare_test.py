import dataclasses
import math

import pytest

from teledp_jax.evaluation import compare
from teledp_jax.queries import catalog, run
from tests.queries import fleet


@pytest.fixture
def queries(tmp_path):
    return catalog.load(fleet.suite(tmp_path).folder / "queries")["stability"]


COLUMNS = ("country", "num_devices", "mean_crashes")
REAL = run.Result(COLUMNS, (("DE", 100, 3.0), ("US", 50, 6.0)))


def values(checks):
    return {(check.column, check.metric): check.value for check in checks}


def test_an_aggregate_has_coverage_and_an_error_a_column(queries):
    synthetic = run.Result(COLUMNS, (("DE", 80, 3.0), ("FR", 9, 1.0), ("US", 50, 9.0)))
    checks = compare.compare(queries[0], REAL, synthetic)
    assert values(checks) == pytest.approx(
        {
            ("coverage", "coverage"): 2 / 3,
            ("num_devices", "relative_error"): 0.1,
            ("mean_crashes", "relative_error"): 0.25,
        }
    )
    assert compare.score(checks) == 1.0
    corrected = compare.compare(queries[0], REAL, synthetic, corrected=True)
    assert values(corrected)["num_devices", "relative_error"] == pytest.approx(0.2)


def test_a_perfect_result_passes_everything(queries):
    for corrected in (False, True):
        checks = compare.compare(queries[0], REAL, REAL, corrected=corrected)
        assert all(check.passed for check in checks)


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("columns", [COLUMNS, ()])
def test_a_query_that_returns_nothing_scores_coverage_0(queries, corrected, columns):
    nothing = run.Result(columns, ())
    for pair in ((REAL, nothing), (nothing, REAL), (nothing, nothing)):
        checks = compare.compare(queries[0], *pair, corrected=corrected)
        assert values(checks)["coverage", "coverage"] == 0.0
        assert compare.score(checks) == 0.0


def test_a_key_that_occurs_twice_has_its_first_row(queries):
    synthetic = run.Result(COLUMNS, (("DE", 100, 3.0), ("DE", 1, 1.0), ("US", 50, 6.0)))
    checks = compare.compare(queries[0], REAL, synthetic)
    assert values(checks)["num_devices", "relative_error"] == 0.0


def test_agreement_takes_the_last_row_of_a_key(queries):
    query = dataclasses.replace(
        queries[0],
        coverage=None,
        values=(catalog.Value(column="app", metric="agreement", threshold=0.5),),
    )
    real = run.Result(("country", "app"), (("DE", "a"), ("DE", "b"), ("US", "c")))
    synthetic = run.Result(("country", "app"), (("DE", "b"), ("US", "a")))
    (check,) = compare.compare(query, real, synthetic)
    assert check.value == 0.5 and check.passed


def test_a_ranking_without_two_common_items_omits_spearman(queries):
    real = run.Result(("app", "hangs"), (("a", 5), ("b", 3)))
    synthetic = run.Result(("app", "hangs"), (("a", 5), ("c", 3)))
    published = compare.compare(queries[1], real, synthetic)
    assert values(published) == pytest.approx({("coverage", "coverage"): 1 / 3})
    corrected = compare.compare(queries[1], real, synthetic, corrected=True)
    assert values(corrected)["hangs", "spearman"] == 0.0
    assert compare.score(corrected) == 0.5


def test_a_ranking_within_groups(queries):
    query = dataclasses.replace(queries[1], keys=("os", "app"), within=("os",))
    columns = ("os", "app", "hangs")
    real = run.Result(columns, (("x", "a", 3), ("x", "b", 2), ("y", "a", 1)))
    synthetic = run.Result(columns, (("x", "a", 1), ("x", "b", 2), ("z", "a", 1)))
    found = values(compare.compare(query, real, synthetic))
    assert found["coverage", "coverage"] == 1.0
    assert found["hangs", "spearman"] == pytest.approx(-1.0)


def test_a_histogram_without_a_common_bin_omits_its_errors(queries):
    query = dataclasses.replace(queries[0], type="histogram", coverage=None)
    other = run.Result(COLUMNS, (("FR", 1, 1.0),))
    assert compare.compare(query, REAL, other) == []
    assert len(compare.compare(query, REAL, other, corrected=True)) == 2
    aggregate = compare.compare(queries[0], REAL, other)
    assert values(aggregate)["num_devices", "relative_error"] == math.inf


def test_rows_hold_the_half_sample_beside_the_value(queries):
    synthetic = run.Result(COLUMNS, (("DE", 80, 3.0), ("US", 40, 6.0)))
    half = run.Result(COLUMNS, (("DE", 90, 3.0), ("US", 45, 6.0)))
    name = queries[0].name
    rows = compare.rows(
        "pe",
        queries,
        {name: compare.compare(queries[0], REAL, synthetic)},
        {name: compare.compare(queries[0], REAL, half)},
    )
    assert len(rows) == 3 and tuple(rows[0]) == compare.COLUMNS
    row = rows[1]
    assert (row["label"], row["workload"], row["query"]) == ("pe", "stability", name)
    assert row["value"] == pytest.approx(0.2)
    assert row["half_sample"] == pytest.approx(0.1)
    assert row["normalized_error"] == pytest.approx(2.0)
    assert rows[2]["normalized_error"] is None  # the half-sample error is 0


def test_a_query_without_values_is_not_scored(queries):
    unscored = dataclasses.replace(queries[0], values=(), coverage=None)
    results = {unscored.name: REAL}
    assert not compare.compare_all([unscored], results, results, corrected=False)
    assert compare.compare_all(queries[:1], results, results, corrected=False)
