"""Answers which method wins which queries, and what joins cost."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from teledp_jax.evaluation import metrics
from teledp_jax.report import run_files, scores, tables, texts
from teledp_jax.studies.intel.questions import answer


def by_type(inputs: run_files.Inputs) -> answer.Answer:
    """Tells which method wins by type of query."""
    everyone = (*inputs.labels, *inputs.references)
    cells = scores.matrix(inputs.scores)
    rows, findings = [], []
    for kind, queries in _groups(inputs, lambda query: query.kind).items():
        names = [query.name for query in queries]
        means = {label: _mean_score(cells, label, names) for label in everyone}
        shown = [
            f"{means[label]:.2f}{texts.times(_median_error(inputs, label, names))}"
            for label in everyone
        ]
        rows.append((kind, str(len(names)), *shown))
        if own := {label: means[label] for label in inputs.honest}:
            top = max(own.values())
            best = [label for label, score in own.items() if score >= top - 1e-9]
            findings.append(f"{kind}: {answer.listed(best)} ({top:.2f}).")
    return answer.Answer(
        "Which method wins by type of query?",
        tuple(findings),
        tables.of(("type", "queries", *everyone), rows),
        "Mean score of the queries of a type, those not evaluated as 0; in brackets "
        "the median normalised error of their checks.",
    )


def joins(inputs: run_files.Inputs) -> answer.Answer:
    """Tells whether error compounds over joins."""
    everyone = (*inputs.labels, *inputs.references)
    rows = []
    errors: dict[str, list[float]] = {label: [] for label in everyone}
    groups = _groups(inputs, lambda query: len(query.header.get("tables") or ()))
    for number, queries in sorted(groups.items()):
        names = [query.name for query in queries]
        shown = []
        for label in everyone:
            error = _median_value(inputs, label, names, "relative_error")
            if error is not None:
                errors[label].append(error)
            times = texts.times(_median_error(inputs, label, names))
            shown.append(texts.show(error) + times)
        rows.append((str(number), str(len(names)), *shown))
    return answer.Answer(
        "Does error compound over joins?",
        tuple(_trend(label, errors[label]) for label in everyone if errors[label][1:]),
        tables.of(("tables joined", "queries", *everyone), rows),
        "Median over checks of the relative error; in brackets of the normalised "
        "error, which takes out what fewer devices per group cost already: a join "
        "keeps only devices that both tables know, and half_sample shows how much "
        "that it adds.",
    )


def _mean_score(cells: scores.Matrix, label: str, names: Sequence[str]) -> float:
    """Averages the scores of a label on some queries, 0 if not evaluated."""
    found = [cells.get((label, name), scores.NONE) for name in names]
    return statistics.mean(cell.score if cell.checks else 0.0 for cell in found)


def _trend(label: str, errors: Sequence[float]) -> str:
    """Compares the error over the fewest tables with that over the most."""
    first, last = errors[0], errors[-1]
    word = "grows" if last > first else "does not grow"
    return (
        f"{label}: the median relative error {word} from the fewest tables "
        f"({texts.show(first)}) to the most ({texts.show(last)})."
    )


def _groups(
    inputs: run_files.Inputs, key: Callable[[run_files.Query], Any]
) -> dict[Any, list[run_files.Query]]:
    """Groups scored queries by a key."""
    found: dict[Any, list[run_files.Query]] = {}
    for query in inputs.queries:
        if query.values:
            found.setdefault(key(query), []).append(query)
    return found


def _values(
    inputs: run_files.Inputs, label: str, names: Sequence[str], field: str, metric: str
) -> list[float]:
    """Reads a field of the checks of a label on some queries; no metric: all."""
    found = (
        texts.parse(row[field])
        for row in inputs.scores
        if row["label"] == label
        and row["query"] in names
        and metric in ("", row["metric"])
    )
    return [value for value in found if value is not None]


def _median_error(
    inputs: run_files.Inputs, label: str, names: Sequence[str]
) -> float | None:
    """Computes the median normalised error; None if there is none."""
    values = _values(inputs, label, names, "normalized_error", "")
    middle: float | None = metrics.median(values)
    return middle


def _median_value(
    inputs: run_files.Inputs, label: str, names: Sequence[str], metric: str
) -> float | None:
    """Computes the median value of a metric; None if no check has it."""
    middle: float | None = metrics.median(
        _values(inputs, label, names, "value", metric)
    )
    return middle
