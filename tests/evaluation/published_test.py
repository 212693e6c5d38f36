"""The published checks, scores and normalised errors, recomputed.

The published files are not part of the repository: set TELEDP_REFERENCE to the folder
that holds `dca_published`, or lay it at `../shared/reference`.
"""

import csv
import os
import pathlib

import pytest

from teledp_jax.evaluation import compare, metrics

ROOT = pathlib.Path(__file__).parents[2]
PUBLISHED = (
    pathlib.Path(os.environ.get("TELEDP_REFERENCE", ROOT / "../shared/reference"))
    / "dca_published"
)
DETAILS = sorted(PUBLISHED.glob("*/*_detail.csv"))

pytestmark = pytest.mark.skipif(
    not DETAILS, reason="no dca_published/*/*_detail.csv: set TELEDP_REFERENCE"
)


def read(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def metric_of(row: dict[str, str]) -> tuple[str, float]:
    """Our metric and the published threshold of a published row."""
    kind, metric = row["query_type"], row["metric_type"]
    if metric in ("jaccard", "mean_jaccard"):
        return "coverage", 0.5 if kind == "aggregate" else 0.3
    if metric == "categorical_accuracy":
        return "agreement", 0.5
    if metric == "mean_spearman_rho":
        return "spearman", 0.5
    if kind == "row_level":
        if metric == "total_variation":
            return "share_variation", 0.2
        return (
            "row_count" if row["column"] == "row_count" else "mean_relative_error"
        ), 0.5
    if metric == "total_variation":
        return "total_variation", 0.15
    return "relative_error", 0.25


@pytest.mark.parametrize("path", DETAILS, ids=lambda path: path.stem)
def test_pass_flags_and_query_scores(path):
    queries: dict[str, list[compare.Check]] = {}
    for row in read(path):
        metric, threshold = metric_of(row)
        value = float(row["value"])
        passed = compare.meets(metric, value, threshold)
        assert passed == (row["passed"] == "True"), row
        queries.setdefault(row["query"], []).append(
            compare.Check(
                column=row["column"],
                metric=metric,
                value=value,
                threshold=threshold,
                passed=passed,
            )
        )
    plain = path.with_name(path.name.replace("_detail", ""))
    summary = plain if plain.exists() else plain.with_stem(plain.stem + "_summary")
    rows = {row["query"]: row for row in read(summary) if int(row["n_metrics"] or 0)}
    assert rows.keys() == queries.keys()
    for query, checks in queries.items():
        score = compare.score(checks)
        assert score == pytest.approx(float(rows[query]["score"])), query
        passes = score >= compare.PASSING_SCORE
        assert passes == (rows[query]["passed"] == "True"), query


@pytest.mark.parametrize("label", ["widetable", "pertable", "mst", "pe_conditional"])
def test_normalised_errors(label):
    folder = PUBLISHED / "normalized_error"

    def by_check(name):
        return {
            (row["query"], row["column"]): (metric_of(row)[0], float(row["value"]))
            for row in read(folder / name)
        }

    own = by_check(f"method_{label}_detail.csv")
    halves = by_check("baseline_d1_vs_d2_detail.csv")
    found = {}
    for key, (metric, value) in own.items():
        half = halves[key][1] if key in halves else None
        error = metrics.normalized_error(metric, value, half)
        if error is not None:
            found[key] = error
    published = {
        (row["query"], row["column"]): float(row["normalized_error"])
        for row in read(folder / "normalized_errors.csv")
        if row["method"] == label and row["normalized_error"] not in ("", "inf", "nan")
    }
    assert found == pytest.approx(published)
