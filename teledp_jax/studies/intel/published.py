"""Holds the published study's results tables, and makes the same of any checks.

Definitions are the study's, its quirks included: means are only over evaluated
queries, infinite values are left out of means of metrics, and the mean of numeric
rankings mixes rank correlations with overlaps of items.
"""

import collections
import functools
import math
import pathlib
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from teledp_jax.evaluation import compare, metrics
from teledp_jax.queries import catalog

METHODS = ("wide", "per_table", "mst", "pe", "pe_conditional", "half")
"""The study's methods, and its halves of the real fleet, which are no method."""

_DATA = pathlib.Path(__file__).with_suffix(".yaml")


class Check(NamedTuple):
    """One check of one method.

    Attributes:
        query: Codename of the query.
        column: The column.
        metric: As in `compare.Check`.
        value: What it came to; may be infinite.
        passed: Whether it passed.
        normalized_error: Error over that between halves; None where left out.
    """

    query: str
    column: str
    metric: str
    value: float
    passed: bool
    normalized_error: float | None


@functools.cache
def facts() -> Mapping[str, Any]:
    """Returns the published figures, as `published.yaml` holds them."""
    content: Mapping[str, Any] = yaml.safe_load(_DATA.read_text("utf-8"))
    return content


def tables(method: str) -> dict[str, Any]:
    """Returns the published tables of a method, in the form of `summarize`.

    What the study does not state is not there.
    """
    content = facts()
    checks = {
        query: fields["checks"][method]
        for query, fields in content["queries"].items()
        if method in fields["checks"]
    }
    errors = {
        query: fields["normalized_error"][method]
        for query, fields in content["queries"].items()
        if method in fields["normalized_error"]
    }
    found = _of_scores({query: won / made for query, (won, made) in checks.items()})
    if errors:
        found["normalized_by_query"] = errors
    for name, moved in content["thresholds"].items():
        if method in moved:
            found[f"{name}_thresholds"] = dict(
                zip(moved["at"], moved[method], strict=True)
            )
    return found | dict(content["methods"].get(method, {}))


def summarize(checks: Sequence[Check]) -> dict[str, Any]:
    """Makes every results table of the study from one method's checks."""
    by_query = _by_query(checks)
    found = _of_scores({query: _score(made) for query, made in by_query.items()})
    found["continuous"] = _continuous(checks)
    errors = [check for check in checks if check.normalized_error is not None]
    found["normalized"] = _spread(errors)
    found["normalized_by_scored"] = {
        scored: _spread(group) for scored, group in _by_scored(errors).items()
    }
    found["normalized_by_query"] = {
        query: _spread(group)["mean"] for query, group in _by_query(errors).items()
    }
    for name, moved in facts()["thresholds"].items():
        found[f"{name}_thresholds"] = {
            threshold: pass_rate(checks, name, threshold) for threshold in moved["at"]
        }
    return found


def pass_rate(checks: Sequence[Check], metric: str, threshold: float) -> float | None:
    """Computes the percentage of queries that pass as one metric's threshold moves."""
    moved = [
        check._replace(passed=compare.meets(metric, check.value, threshold))
        if check.metric == metric
        else check
        for check in checks
    ]
    scores = [_score(made) for made in _by_query(moved).values()]
    if not scores:
        return None
    return 100 * sum(score >= compare.PASSING_SCORE for score in scores) / len(scores)


def of_scores(
    rows: Iterable[Mapping[str, str]], *, without: Iterable[str] = ()
) -> dict[str, list[Check]]:
    """Checks by label, of the rows of `scores.csv` that are about the study's queries.

    Args:
        rows: The rows, as texts.
        without: Codenames to leave out.
    """
    known = facts()["queries"].keys() - set(without)
    found: dict[str, list[Check]] = {}
    for row in rows:
        if row["codename"] in known:
            error = row["normalized_error"]
            check = Check(
                query=row["codename"],
                column=row["column"],
                metric=row["metric"],
                value=float(row["value"]),
                passed=row["passed"] == "True",
                normalized_error=float(error) if error else None,
            )
            found.setdefault(row["label"], []).append(check)
    return found


def of_detail(
    rows: Iterable[Mapping[str, str]],
    halves: Iterable[Mapping[str, str]],
    codenames: Mapping[str, str],
) -> list[Check]:
    """Checks of the study's own `*_detail.csv`, against those of its halves.

    Args:
        rows: The rows of a method.
        halves: The rows of the halves.
        codenames: Codename by name of a query.
    """
    half = {(row["query"], row["column"]): float(row["value"]) for row in halves}
    checks = []
    for row in rows:
        metric, threshold = metric_of(row)
        value = float(row["value"])
        denominator = half.get((row["query"], row["column"]))
        checks.append(
            Check(
                query=codenames[row["query"]],
                column=row["column"],
                metric=metric,
                value=value,
                passed=compare.meets(metric, value, threshold),
                normalized_error=metrics.normalized_error(metric, value, denominator),
            )
        )
    return checks


def metric_of(row: Mapping[str, str]) -> tuple[catalog.Metric, float]:
    """Finds our metric and the study's threshold for a row of its `*_detail.csv`."""
    kind, metric = row["query_type"], row["metric_type"]
    if metric in ("jaccard", "mean_jaccard"):
        is_aggregate = kind == "aggregate"
        return "coverage", (
            catalog.GROUP_COVERAGE if is_aggregate else catalog.ITEM_COVERAGE
        )
    if metric == "categorical_accuracy":
        return "agreement", 0.5
    if metric == "mean_spearman_rho":
        return "spearman", 0.5
    if kind == "row_level":
        if metric == "total_variation":
            return "share_variation", 0.2
        is_count = row["column"] == "row_count"
        return "row_count" if is_count else "mean_relative_error", 0.5
    if metric == "total_variation":
        return "total_variation", 0.15
    return "relative_error", 0.25


def _of_scores(scores: Mapping[str, float]) -> dict[str, Any]:
    """Makes the tables that follow only from scores."""
    types: dict[str, list[float]] = {}
    for query, score in scores.items():
        types.setdefault(facts()["queries"][query]["type"], []).append(score)
    values = list(scores.values())
    passed = sum(score >= compare.PASSING_SCORE for score in values)
    return {
        "scores": dict(scores),
        "score_by_type": {kind: statistics.mean(part) for kind, part in types.items()},
        "comparison": {
            "evaluated": len(values),
            "passed": passed,
            "pass rate, %": 100 * passed / len(values) if values else None,
            "average score": statistics.mean(values) if values else None,
            "median score": statistics.median(values) if values else None,
        },
    }


def _by_query(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """Checks by codename, in order of appearance."""
    found: dict[str, list[Check]] = collections.defaultdict(list)
    for check in checks:
        found[check.query].append(check)
    return dict(found)


def _by_scored(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """Checks by the way in which the study scores their query."""
    found: dict[str, list[Check]] = collections.defaultdict(list)
    for check in checks:
        found[facts()["queries"][check.query]["scored"]].append(check)
    return dict(found)


def _score(checks: Sequence[Check]) -> float:
    """Share of the checks that passed."""
    return sum(check.passed for check in checks) / len(checks)


def _continuous(checks: Iterable[Check]) -> dict[str, float]:
    """Mean of the finite metrics by scored type.

    Overlaps of groups are left out. Of numeric rankings the study counts those that
    rank within groups, overlaps of items and rank correlations alike.
    """
    values = {}
    for scored, group in _by_scored(checks).items():
        if scored == "ranking_numeric":
            kept = [
                c for c in group if facts()["queries"][c.query].get("within_groups")
            ]
        else:
            kept = [check for check in group if check.metric != "coverage"]
        finite = [check.value for check in kept if math.isfinite(check.value)]
        if finite:
            values[scored] = statistics.mean(finite)
    return values


def _spread(checks: Sequence[Check]) -> dict[str, float | None]:
    """Mean, median, standard deviation and number of normalised errors."""
    errors = [c.normalized_error for c in checks if c.normalized_error is not None]
    return {
        "mean": statistics.mean(errors) if errors else None,
        "median": statistics.median(errors) if errors else None,
        "std": statistics.stdev(errors) if len(errors) > 1 else None,
        "count": len(errors),
    }
