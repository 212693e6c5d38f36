"""How far each query can be trusted, by label: `judgement.csv`, and its summary."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from teledp_jax.evaluation import answers, compare, metrics
from teledp_jax.queries import catalog, run

COLUMNS = (
    "label", "workload", "query", "num_answers", "share_right", "trusted",
    "median_error", "p90_error", "median_over_half", "p90_over_half", "groups_lost",
    "groups_invented", "coverage", "note",
)  # fmt: skip

TRUSTED_SHARE = 0.9
"""Least share of right answers of a query that is trusted."""

HIGH_SHARE = 0.9
"""Where the error of few bad answers shows: the 90th percentile."""

NOT_RUN = "not evaluated on the real tables"
NOT_SCORED = "its header names no values to judge"
NO_DEVICES = "its header does not say which devices a group is made of"
FEW_DEVICES = "no group has {} devices"
FAILED = "fails on these tables"


def row(
    label: str,
    query: catalog.Query,
    found: Sequence[answers.Answer],
    halves: Mapping[tuple[str, answers.Key], float],
    *,
    real: run.Result | None,
    synthetic: run.Result | None,
    devices: answers.Groups | None,
    min_devices: int,
) -> dict[str, Any]:
    """Makes the row of `judgement.csv` of one label and query.

    A group is lost if the real result has it, with enough devices, and the other result
    lacks it; it is invented if only the other result has it.

    Args:
        label: The label.
        query: The query.
        found: Its answers.
        halves: Error of one half of the real fleet on the other, by column and key.
        real: What it is held to; None if it was not run.
        synthetic: Its result on the label's tables; None if it failed there.
        devices: Number of real devices by group; None where that is not known.
        min_devices: Fewest devices of a group that is judged.

    Returns:
        The row, by `COLUMNS`.
    """
    fields: dict[str, Any] = dict.fromkeys(COLUMNS)
    fields |= {"label": label, "workload": query.workload, "query": query.name}
    fields |= _errors(found, halves)
    fields["note"] = _note(query, found, real, synthetic, devices, min_devices)
    if real is not None and query.keys:
        other = synthetic if synthetic is not None else run.Result((), ())
        mine, theirs = (compare.keyed(side, query.keys, None) for side in (real, other))
        judged = [key for key in mine if (devices or {}).get(key, 0) >= min_devices]
        fields["groups_lost"] = sum(key not in theirs for key in judged)
        fields["groups_invented"] = sum(key not in mine for key in theirs)
        fields["coverage"] = compare.coverage(query, real, other, corrected=True)
    return fields


def summarize(
    judged: Iterable[Mapping[str, Any]], found: Sequence[answers.Answer]
) -> dict[str, Any]:
    """Summarizes the judgement of one label.

    `share_right` is the mean over queries of the share of their answers that are right,
    the headline; errors are over all answers alike. Queries without answers do not
    count.

    Args:
        judged: Its rows of `judgement.csv`.
        found: All of its answers.
    """
    shares = [fields["share_right"] for fields in judged if fields["num_answers"]]
    errors = [answer.error for answer in found]
    return {
        "answers": len(found),
        "share_right": float(np.mean(shares)) if shares else None,
        "queries_judged": len(shares),
        "queries_trusted": sum(share >= TRUSTED_SHARE for share in shares),
        "median_error": metrics.median(errors),
        "p90_error": percentile(errors, HIGH_SHARE),
    }


def percentile(values: Sequence[float], share: float) -> float | None:
    """Finds the least value that at least a share of all values do not exceed.

    Args:
        values: Numbers that may be infinite.
        share: From 0 to 1.

    Returns:
        One of the values; None of none.
    """
    if not values:
        return None
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _errors(
    found: Sequence[answers.Answer],
    halves: Mapping[tuple[str, answers.Key], float],
) -> dict[str, Any]:
    """Number of answers, share right, and percentiles of errors."""
    errors = [answer.error for answer in found]
    over_half = [
        ratio for answer in found if (ratio := _over_half(answer, halves)) is not None
    ]
    share = sum(answer.right for answer in found) / len(found) if found else None
    return {
        "num_answers": len(found),
        "share_right": share,
        "trusted": None if share is None else share >= TRUSTED_SHARE,
        "median_error": metrics.median(errors),
        "p90_error": percentile(errors, HIGH_SHARE),
        "median_over_half": metrics.median(over_half),
        "p90_over_half": percentile(over_half, HIGH_SHARE),
    }


def _over_half(
    answer: answers.Answer, halves: Mapping[tuple[str, answers.Key], float]
) -> float | None:
    """Error over half-sample error, which counts as at least `metrics.FLOOR`."""
    return metrics.normalized_error(
        "relative_error",
        answer.error,
        halves.get((answer.column, answer.key)),
        corrected=True,
    )


def _note(
    query: catalog.Query,
    found: Sequence[answers.Answer],
    real: run.Result | None,
    synthetic: run.Result | None,
    devices: answers.Groups | None,
    min_devices: int,
) -> str | None:
    """Why there is no answer, or why all are wrong."""
    if not query.values:
        return NOT_SCORED
    if real is None:
        return NOT_RUN
    if devices is None:
        return NO_DEVICES
    if not found:
        return FEW_DEVICES.format(min_devices)
    return FAILED if synthetic is None else None
