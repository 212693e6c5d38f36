"""Checks of a synthetic result against the real one, and the rows of `scores.csv`."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax.evaluation import metrics
from teledp_jax.queries import catalog, run

COLUMNS = (
    "label", "workload", "query", "codename", "type", "column", "metric", "value",
    "threshold", "passed", "half_sample", "normalized_error",
)  # fmt: skip
PASSING_SCORE = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One metric on one column.

    Attributes:
        column: The column; `coverage` for the overlap of keys.
        metric: The metric.
        value: What it came to; may be infinite.
        threshold: Where it begins to pass.
        passed: Whether it did.
    """

    column: str
    metric: catalog.Metric
    value: float
    threshold: float
    passed: bool


Checks = Mapping[str, Sequence[Check]]
"""Query name to its checks; a query that was not evaluated has no entry."""


def meets(metric: str, value: float, threshold: float) -> bool:
    """Tells whether a metric passes."""
    if metric in metrics.LARGER_IS_BETTER:
        return value >= threshold
    return value <= threshold


def score(checks: Sequence[Check]) -> float:
    """Computes the share of checks that passed; a query passes at `PASSING_SCORE`."""
    return sum(check.passed for check in checks) / len(checks)


def compare(
    query: catalog.Query,
    real: run.Result,
    synthetic: run.Result,
    *,
    corrected: bool = False,
) -> list[Check]:
    """Returns all checks of a query that can be made.

    A query that returns nothing on either side scores coverage 0, also where coverage
    is otherwise not checked, and passes nothing.
    """
    empty = not real.rows or not synthetic.rows
    measured: list[tuple[str, catalog.Metric, float, float]] = []
    if query.coverage is not None or empty:
        overlap = (
            0.0 if empty else coverage(query, real, synthetic, corrected=corrected)
        )
        threshold = query.coverage or catalog.GROUP_COVERAGE
        measured.append(("coverage", "coverage", overlap, threshold))
    for value in query.values:
        result = _measure(query, value, real, synthetic, corrected)
        if result is not None:
            measured.append((value.column, value.metric, result, value.threshold))
    return [
        Check(
            column=column,
            metric=metric,
            value=value,
            threshold=threshold,
            passed=not empty and meets(metric, value, threshold),
        )
        for column, metric, value, threshold in measured
    ]


def compare_all(
    queries: Sequence[catalog.Query],
    real: run.Results,
    synthetic: run.Results,
    *,
    corrected: bool,
) -> dict[str, list[Check]]:
    """Checks of every query with values that was evaluated on both sides."""
    checks = {}
    for query in queries:
        one, other = real.get(query.name), synthetic.get(query.name)
        if query.values and one is not None and other is not None:
            checks[query.name] = compare(query, one, other, corrected=corrected)
    return checks


def rows(
    label: str,
    queries: Sequence[catalog.Query],
    checks: Checks,
    half_sample: Checks,
    *,
    corrected: bool = False,
) -> list[dict[str, Any]]:
    """Returns the rows of `scores.csv` of one label."""
    result = []
    for query in queries:
        halves = {
            (check.column, check.metric): check.value
            for check in half_sample.get(query.name, ())
        }
        for check in checks.get(query.name, ()):
            half = halves.get((check.column, check.metric))
            result.append(
                {
                    "label": label,
                    "workload": query.workload,
                    "query": query.name,
                    "codename": query.codename,
                    "type": query.type,
                    **dataclasses.asdict(check),
                    "half_sample": half,
                    "normalized_error": metrics.normalized_error(
                        check.metric, check.value, half, corrected=corrected
                    ),
                }
            )
    return result


def coverage(
    query: catalog.Query,
    real: run.Result,
    synthetic: run.Result,
    *,
    corrected: bool,
) -> float:
    """Computes the Jaccard overlap of keys, by group where a query ranks in groups."""
    sides = [keyed(side, query.keys, None) for side in (real, synthetic)]
    if not query.within:
        return metrics.jaccard(sides[0].keys(), sides[1].keys(), corrected=corrected)
    return metrics.grouped_coverage(
        _grouped(query, sides[0]), _grouped(query, sides[1]), corrected=corrected
    )


def _measure(
    query: catalog.Query,
    value: catalog.Value,
    real: run.Result,
    synthetic: run.Result,
    corrected: bool,
) -> float | None:
    """One metric, or None where it is not defined."""
    if value.metric == "row_count":
        return metrics.row_count(len(real.rows), len(synthetic.rows))
    if value.metric in ("mean_relative_error", "share_variation"):
        of_columns = {
            "mean_relative_error": metrics.mean_relative_error,
            "share_variation": metrics.share_variation,
        }[value.metric]
        return of_columns(column(real, value.column), column(synthetic, value.column))
    last = value.metric == "agreement"
    sides = [
        keyed(side, query.keys, value.column, last=last) for side in (real, synthetic)
    ]
    if value.metric == "agreement":
        return metrics.agreement(*sides)
    if value.metric == "total_variation":
        return metrics.total_variation(*sides)
    if value.metric == "spearman":
        correlation = metrics.grouped_spearman(
            _grouped(query, sides[0]), _grouped(query, sides[1]), corrected=corrected
        )
        return 0.0 if correlation is None and corrected else correlation
    # The published scorer leaves this check out where no bin of a histogram is common.
    is_disjoint = not sides[0].keys() & sides[1].keys()
    if query.type == "histogram" and is_disjoint and not corrected:
        return None
    return metrics.relative_error(*sides, corrected=corrected)


def column(result: run.Result, name: str) -> list[Any]:
    """Lists the cells of a column; none where an empty file left no columns."""
    return result.column(name) if result.rows else []


def keyed(
    result: run.Result, keys: Sequence[str], column: str | None, *, last: bool = False
) -> dict[Any, Any]:
    """Indexes cells by key; a key that occurs twice has its first row, or its last."""
    cells: dict[Any, Any] = {}
    if not result.rows:
        return cells
    places = [result.columns.index(name) for name in keys]
    place = None if column is None else result.columns.index(column)
    for row in result.rows:
        key = tuple(row[i] for i in places)
        if last or key not in cells:
            cells[key] = None if place is None else row[place]
    return cells


def _grouped(
    query: catalog.Query, cells: Mapping[Any, Any]
) -> dict[metrics.Key, dict[metrics.Key, Any]]:
    """Cells by group, then by item; without `within` all are one group."""
    groups: dict[metrics.Key, dict[metrics.Key, Any]] = {}
    for key, cell in cells.items():
        parts = list(zip(query.keys, key, strict=True))
        group = tuple(part for name, part in parts if name in query.within)
        item = tuple(part for name, part in parts if name not in query.within)
        groups.setdefault(group, {})[item] = cell
    return groups
