"""Judges every label: writes `answers.csv`, `judgement.csv` and `comparisons.csv`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from teledp_jax import runs
from teledp_jax.evaluation import answers, judgement, paired
from teledp_jax.queries import catalog, groups
from teledp_jax.queries import run as run_lib

HALF_SAMPLE = "half_sample"
"""Label of the second half of the real fleet, which is held to the first."""

NOISELESS = "+noiseless"
"""What follows the label of a method that was fitted without noise."""

FIRST_HALF = "first_half"
"""Under which results of the first half stand."""


def write(
    run: runs.Run,
    queries: Sequence[catalog.Query],
    results: Mapping[str, run_lib.Results],
    labels: Sequence[str],
    *,
    compared: Sequence[str],
    min_devices: int,
    unseen: Collection[str] = (),
) -> dict[str, dict[str, Any]]:
    """Judges every query of every label, and writes what was found.

    Args:
        run: The run folder, with real device tables.
        queries: The queries.
        results: Results by label, with `real`, and `FIRST_HALF` where there are halves.
        labels: The labels to judge.
        compared: Those of them to compare with each other: the methods.
        min_devices: Fewest real devices of a group whose answers are judged.
        unseen: Workloads that no method was told of: judged apart.

    Returns:
        What `summary.json` says of the judgement, by label; of the unseen workloads
        under the key `unseen`, where there are any.
    """
    judged: dict[str, list[dict[str, Any]]] = {label: [] for label in labels}
    found: dict[str, list[answers.Answer]] = {label: [] for label in labels}
    apart: dict[str, list[answers.Answer]] = {label: [] for label in labels}
    rows: list[dict[str, Any]] = []
    for query in queries:
        real = results["real"].get(query.name)
        devices = None if real is None else groups.count(run.real, query, real)
        first = results.get(FIRST_HALF, {}).get(query.name)
        mine: dict[str, list[answers.Answer]] = {}
        for label in labels:
            mine[label] = []
            if real is not None and devices is not None:
                mine[label] = answers.judge(
                    query,
                    real,
                    results[label].get(query.name),
                    devices,
                    min_devices=min_devices,
                    truth=first if label == HALF_SAMPLE else None,
                )
        halves = {
            (answer.column, answer.key): answer.error
            for answer in mine.get(HALF_SAMPLE, ())
        }
        for label in labels:
            kept = apart if query.workload in unseen else found
            kept[label] += mine[label]
            rows += answers.rows(label, query, mine[label], halves)
            judged[label].append(
                judgement.row(
                    label,
                    query,
                    mine[label],
                    halves,
                    real=first if label == HALF_SAMPLE else real,
                    synthetic=results[label].get(query.name),
                    devices=devices,
                    min_devices=min_devices,
                )
            )
    runs.write_csv(run.answers, answers.COLUMNS, rows)
    of_queries = [row for label in labels for row in judged[label]]
    runs.write_csv(run.judgement, judgement.COLUMNS, of_queries)
    runs.write_csv(
        run.judgement.with_name("comparisons.csv"),
        paired.COLUMNS,
        paired.compare(
            [row for row in of_queries if row["workload"] not in unseen], compared
        ),
    )
    summaries: dict[str, dict[str, Any]] = {}
    for label in labels:
        told, others = (
            [row for row in judged[label] if (row["workload"] in unseen) is is_apart]
            for is_apart in (False, True)
        )
        summaries[label] = judgement.summarize(told, found[label])
        if unseen:
            summaries[label]["unseen"] = judgement.summarize(others, apart[label])
    return summaries
