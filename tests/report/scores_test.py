"""What counts as passed."""

import pytest

from teledp_jax.report import run_files, texts
from teledp_jax.report import scores as scores_lib


def make_query(name="q", **header):
    return run_files.Query(name=name, workload="w", header=header, statement="SELECT 1")


def make_score(label, query, passed, **fields):
    return {"label": label, "query": query, "passed": str(passed)} | fields


def test_query_passes_from_half_of_its_checks_on():
    scores = [make_score("a", "q", True), make_score("a", "q", False)]
    scores += [make_score("b", "q", True)] + [make_score("b", "q", False)] * 2
    cells = scores_lib.matrix(scores)
    assert cells["a", "q"].verdict == "pass"
    assert cells["b", "q"].verdict == "fail"
    assert cells["b", "q"].score == pytest.approx(1 / 3)


def test_what_was_not_evaluated_is_no_failure():
    cells = scores_lib.matrix([make_score("a", "q1", True)])
    queries = [make_query("q1"), make_query("q2")]
    assert scores_lib.tally(cells, "a", queries) == (1, 1)
    assert scores_lib.Cell(0, 0).verdict == "none"


def test_a_check_shows_its_mark_value_and_normalized_error():
    fields = {"column": "n", "metric": "relative_error", "threshold": "0.25"}
    rows = [
        make_score("a", "q", False, value="0.31", normalized_error="4.2", **fields),
        make_score("b", "q", True, value="0.1", normalized_error="", **fields),
    ]
    grid = scores_lib.checks(rows, ["a", "b", "c"])
    assert grid.columns == (
        "column",
        "metric",
        "threshold",
        "a",
        "b",
        "c",
        "half of the real fleet",
    )
    assert grid.rows[0][3:6] == (f"✗ 0.31 (4.2{texts.TIMES})", "✓ 0.1", texts.NOTHING)
    assert scores_lib.misses(rows, "a").rows == (
        ("q", "n", "relative error", "0.31", "0.25"),
    )
    assert scores_lib.misses(rows, "b").rows == ()
