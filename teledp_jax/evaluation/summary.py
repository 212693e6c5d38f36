"""`summary.json`: what a label costs and how well it does."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from teledp_jax import runs
from teledp_jax.evaluation import compare, metrics
from teledp_jax.queries import catalog

COSTS = (
    "fit_seconds", "compile_seconds", "sample_seconds", "peak_rss_bytes",
    "accelerator_bytes", "facts",
)  # fmt: skip


def summarize(
    queries: Sequence[catalog.Query],
    checks: compare.Checks,
    corrected: compare.Checks,
    half_sample: compare.Checks,
    half_sample_corrected: compare.Checks,
) -> dict[str, Any]:
    """Summarizes the scores of one label.

    As published, means are only over evaluated queries; corrected, a query that was
    not evaluated or returned nothing counts 0. Checks of other queries are left out.
    """
    scores = [
        compare.score(found) for query in queries if (found := checks.get(query.name))
    ]
    full = [
        compare.score(corrected[query.name]) if corrected.get(query.name) else 0.0
        for query in queries
    ]
    return {
        "evaluated": len(scores),
        "passed": _passed(scores),
        "mean_score": _mean(scores),
        "median_normalized_error": _median(
            queries, checks, half_sample, corrected=False
        ),
        "passed_corrected": _passed(full),
        "mean_score_corrected": _mean(full),
        "median_normalized_error_corrected": _median(
            queries, corrected, half_sample_corrected, corrected=True
        ),
        "not_evaluated": [
            query.name for query in queries if not checks.get(query.name)
        ],
    }


def privacy_and_cost(run: runs.Run, label: str) -> dict[str, Any]:
    """Returns epsilon and delta from the ledger, and costs; null where unknown."""
    ledger = runs.read_json(run.ledger) if run.ledger.exists() else {}
    entry: Mapping[str, Any] = ledger.get(label) or {}
    path = run.cost(label)
    cost: Mapping[str, Any] = runs.read_json(path) if path.exists() else {}
    return {
        "epsilon": entry.get("epsilon_pld"),
        "delta": entry.get("delta"),
        **{name: cost.get(name) for name in COSTS},
    }


def _passed(scores: Sequence[float]) -> int:
    """Number of queries that pass."""
    return sum(value >= compare.PASSING_SCORE for value in scores)


def _mean(scores: Sequence[float]) -> float | None:
    """Mean, or None of none."""
    return float(np.mean(scores)) if scores else None


def _median(
    queries: Sequence[catalog.Query],
    checks: compare.Checks,
    half_sample: compare.Checks,
    *,
    corrected: bool,
) -> float | None:
    """Median over checks of the normalised error."""
    rows = compare.rows("", queries, checks, half_sample, corrected=corrected)
    errors = [row["normalized_error"] for row in rows]
    found = [error for error in errors if error is not None and not math.isnan(error)]
    middle: float | None = metrics.median(found)
    return middle
