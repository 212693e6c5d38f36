"""Which of two methods answers more right, and whether that is more than chance.

The same queries are asked of both, so the difference is taken query by query. Answers
of one query are alike; queries are what is drawn again.

References:
    Efron and Tibshirani 1993, chapter 13: percentile intervals by bootstrap.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

COLUMNS = ("label", "other", "queries", "difference", "low", "high", "verdict")

LEVEL = 0.95
"""Of the intervals."""

_NUM_DRAWS = 4000

Verdict = Literal["better", "worse", "tie"]


def compare(
    judged: Iterable[Mapping[str, Any]], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Compares each pair of labels by the share of answers right, per query.

    One is better or worse if the interval of the mean difference excludes 0; all else
    is a tie, so that cost and simplicity decide.

    Args:
        judged: Rows of `judgement.csv`; of queries without answers nothing is used.
        labels: The labels to compare.

    Returns:
        A row of `comparisons.csv` for each pair.
    """
    shares: dict[str, dict[str, float]] = {label: {} for label in labels}
    for row in judged:
        if row["label"] in shares and row["share_right"] is not None:
            shares[row["label"]][row["query"]] = float(row["share_right"])
    rows = []
    for one, other in itertools.combinations(labels, 2):
        common = [query for query in shares[one] if query in shares[other]]
        differences = [shares[one][query] - shares[other][query] for query in common]
        if not differences:
            continue
        low, high = interval(differences)
        rows.append(
            {
                "label": one,
                "other": other,
                "queries": len(common),
                "difference": float(np.mean(differences)),
                "low": low,
                "high": high,
                "verdict": _verdict(low, high),
            }
        )
    return rows


def interval(
    differences: Sequence[float], *, level: float = LEVEL
) -> tuple[float, float]:
    """Computes the interval of a mean, by drawing its terms again with repetition.

    Args:
        differences: One number per query.
        level: Of the interval.

    Returns:
        Its ends. The same numbers always have the same interval.
    """
    values = np.asarray(differences, np.float64)
    drawn = np.random.default_rng(0).integers(0, len(values), (_NUM_DRAWS, len(values)))
    low, high = np.quantile(
        values[drawn].mean(axis=1), [(1 - level) / 2, (1 + level) / 2]
    )
    return float(low), float(high)


def best(rows: Iterable[Mapping[str, Any]], labels: Sequence[str]) -> list[str]:
    """Finds the labels that no other is better than: one that does best, or a tie.

    Args:
        rows: What `compare` returned.
        labels: The labels that were compared.
    """
    beaten = set()
    for row in rows:
        if row["verdict"] == "better":
            beaten.add(row["other"])
        elif row["verdict"] == "worse":
            beaten.add(row["label"])
    return [label for label in labels if label not in beaten]


def _verdict(low: float, high: float) -> Verdict:
    """What an interval of a difference says."""
    if low > 0:
        return "better"
    return "worse" if high < 0 else "tie"
