"""Compares the labels of a run: how many of their answers are right, and why not."""

from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax.report import embed, figures, judged, run_files, scores, tables, texts

_PUBLISHED = {
    "evaluated": "evaluated",
    "passed": "passed",
    "mean_score": "mean score",
    "median_normalized_error": "median normalised error",
    "passed_corrected": "passed, corrected",
    "mean_score_corrected": "mean score, corrected",
    "median_normalized_error_corrected": "median normalised error, corrected",
}


def section(inputs: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Makes the section: a table of labels, two figures, and a table of queries."""
    found = judged.verdicts(inputs.judgement)
    everyone = [
        label
        for label in (*inputs.labels, *inputs.references)
        if any(label == one for one, _ in found)
    ]
    shares = {
        label: share
        for label in everyone
        if (share := judged.mean_share(found, label, inputs.queries)) is not None
    }
    return {
        "methods": _methods(inputs, everyone, shares),
        "best": best(inputs),
        "pairs": _pairs(inputs),
        "losses": losses(inputs, shares),
        "right": _right(inputs, shares, draw),
        "over_half": _over_half(inputs, draw),
        "labels": everyone,
        "queries": _queries(found, everyone, inputs.queries),
        "by_type": by_type(found, everyone, inputs.queries),
        "published": published(inputs),
    }


def _methods(
    inputs: run_files.Inputs, labels: Sequence[str], shares: Mapping[str, float]
) -> tables.Grid:
    """A row per label: what it promises, how right it is, what it takes."""
    heads = [
        "method", "mean share of answers right", "questions to trust",
        "answers judged", "median error", "error of 9 in 10 is below", "epsilon",
        "time to fit",
    ]  # fmt: skip
    unseen = {
        label: fields["unseen"]
        for label in labels
        if (fields := inputs.summary.get(label) or {}).get("unseen")
    }
    if unseen:
        heads.insert(2, "the same of questions that no method was told of")
    rows = []
    for label in sorted(
        labels,  # references last
        key=lambda one: (one in inputs.references, -shares.get(one, -1.0)),
    ):
        fields = inputs.summary.get(label) or {}
        entry = inputs.ledger.get(label) or {}
        apart = [texts.percent((unseen.get(label) or {}).get("share_right"))]
        rows.append(
            (
                texts.plain(label),
                texts.percent(shares.get(label)),
                *(apart if unseen else ()),
                _of(fields.get("queries_trusted"), fields.get("queries_judged")),
                texts.show(fields.get("answers")),
                texts.percent(fields.get("median_error")),
                texts.percent(fields.get("p90_error")),
                texts.epsilon(entry.get("epsilon_pld")),
                texts.seconds((inputs.costs.get(label) or {}).get("fit_seconds")),
            )
        )
    return tables.of(heads, rows)


def _of(part: Any, whole: Any) -> str:
    """Shows a number of a number."""
    if part is None:
        return texts.NOTHING
    return f"{part} of {whole}" if whole is not None else str(part)


def best(inputs: run_files.Inputs) -> str:
    """Says whether one method answers more right than each other one.

    Returns:
        A sentence; empty if methods were not compared. Only an interval that excludes
        no difference makes a method better; all else is a tie.
    """
    if not inputs.comparisons:
        return ""
    wins: dict[str, set[str]] = {label: set() for label in inputs.labels}
    for row in inputs.comparisons:
        one, other = row["label"], row["other"]
        if row["verdict"] == "worse":
            one, other = other, one
        if row["verdict"] != "tie":
            wins.setdefault(one, set()).add(other)
    compared = {row[side] for row in inputs.comparisons for side in ("label", "other")}
    for label in inputs.synthesizers:
        if label in compared and wins[label] >= compared - {label}:
            return f"{label} answers more right than each other method of this run."
    return (
        "No method is ahead of each other one by more than chance: between methods "
        "that tie, cost and simplicity decide."
    )


def _pairs(inputs: run_files.Inputs) -> tables.Grid:
    """A row per pair of methods: by how much one answers more right."""
    rows = [
        (
            row["label"],
            row["other"],
            row["verdict"],
            _points(row["difference"]),
            f"{_points(row['low'])} to {_points(row['high'])}",
            texts.show(row["queries"]),
        )
        for row in inputs.comparisons
    ]
    heads = (
        "method", "against", "verdict", "difference, points", "95 % interval",
        "questions",
    )  # fmt: skip
    return tables.of(heads, rows)


def _points(share: str) -> str:
    """Writes a difference of shares in points of a percent."""
    number = texts.parse(share)
    return texts.NOTHING if number is None else f"{100 * number:+.0f}"


def losses(inputs: run_files.Inputs, shares: Mapping[str, float]) -> tables.Grid:
    """Shows where answers are lost: by encoding, by the method, by its noise.

    Args:
        inputs: The run.
        shares: Mean share of answers right, by label.

    Returns:
        A row per label; empty without the reference that is only encoded.
    """
    ceiling = shares.get("ceiling")
    if ceiling is None:
        return tables.Grid((), ())
    rows = []
    for label in inputs.labels:
        if label not in shares:
            continue
        without = ((inputs.summary.get(label) or {}).get("noiseless") or {}).get(
            "share_right"
        )
        rows.append(
            (
                label,
                texts.percent(ceiling),
                texts.percent(without),
                texts.percent(shares[label]),
                texts.percent(shares.get("half_sample")),
            )
        )
    heads = (
        "method", "encoding only", "the method without noise", "as released",
        "half of the real fleet",
    )  # fmt: skip
    return tables.of(heads, rows)


def _right(
    inputs: run_files.Inputs, shares: Mapping[str, float], draw: embed.Draw
) -> embed.Figure | None:
    """Draws the mean share of answers right."""
    if not shares:
        return None
    values = {
        texts.plain(label): (share, texts.percent(share))
        for label, share in shares.items()
    }
    told = ", ".join(f"{name} {words}" for name, (_, words) in values.items())
    svg = figures.bars(values, inputs.labels, title="Mean share of answers right")
    return draw("share_right", svg, f"Mean share of answers right: {told}.")


def _over_half(inputs: run_files.Inputs, draw: embed.Draw) -> embed.Figure | None:
    """Draws the median error of each label over that of half of the real fleet."""
    values = {
        label: value
        for label in inputs.labels
        if (value := _median_over_half(inputs, label)) is not None
    }
    if not values:
        return None
    title = "Median error, as a multiple of that of half of the fleet"
    told = ", ".join(f"{name} {texts.show(value)}" for name, value in values.items())
    svg = figures.normalized(values, inputs.labels, title=title)
    return draw("error_over_half", svg, f"{title}: {told}.")


def _median_over_half(inputs: run_files.Inputs, label: str) -> float | None:
    """Median over queries of the median error over that of half of the fleet."""
    found = sorted(
        value
        for row in inputs.judgement
        if row["label"] == label
        and (value := texts.parse(row["median_over_half"])) is not None
    )
    return found[(len(found) - 1) // 2] if found else None


def _queries(
    found: judged.Verdicts, labels: Sequence[str], queries: Sequence[run_files.Query]
) -> list[tuple[run_files.Query, list[judged.Verdict]]]:
    """Verdicts of all labels on each query, the worst query first."""
    rows = [
        (query, [found.get((label, query.name), judged.NONE) for label in labels])
        for query in queries
    ]
    return sorted(rows, key=lambda row: -max((one.rank for one in row[1]), default=0))


def by_type(
    found: judged.Verdicts,
    labels: Sequence[str],
    queries: Sequence[run_files.Query],
) -> tables.Grid:
    """Averages the share of right answers over each type of query, and rare ones."""
    kinds: dict[str, list[run_files.Query]] = {}
    for query in queries:
        kinds.setdefault(query.kind, []).append(query)
    if rare := [query for query in queries if query.header.get("rare")]:
        kinds["about rare events"] = rare
    rows = [
        (
            kind,
            str(len(members)),
            *(texts.percent(judged.mean_share(found, x, members)) for x in labels),
        )
        for kind, members in kinds.items()
    ]
    return tables.of(("type", "questions", *map(texts.plain, labels)), rows)


def published(inputs: run_files.Inputs) -> tables.Grid:
    """Shows the scores of the methods by the published rules and by corrected ones."""
    rows = [
        (
            texts.plain(label),
            *(texts.show(entry.get(field)) for field in _PUBLISHED),
        )
        for label, entry in inputs.summary.items()
    ]
    return tables.of(("method", *_PUBLISHED.values()), rows)


def ceiling(inputs: run_files.Inputs) -> list[dict[str, Any]]:
    """Shows for each reference which published checks it fails."""
    return [
        {
            "name": texts.plain(label),
            "misses": scores.misses(inputs.scores, label),
        }
        for label in inputs.references
    ]
