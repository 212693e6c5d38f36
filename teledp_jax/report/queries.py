"""Shows each question: what was judged, real beside synthetic, where they part."""

from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax.report import (
    comparisons,
    dots,
    embed,
    judged,
    run_files,
    scores,
    tables,
    texts,
)

_MOST_ROWS = 12
_MOST_WRONG = 8


def section(inputs: run_files.Inputs, draw: embed.Draw) -> list[dict[str, Any]]:
    """Makes a part per query of the run's workloads, the worst first."""
    found = judged.verdicts(inputs.judgement)
    checks = tables.groups(inputs.scores, "query")
    answers = tables.groups(inputs.answers, "query")
    parts = []
    for query in inputs.queries:
        verdicts = [
            (label, found.get((label, query.name), judged.NONE))
            for label in inputs.labels
        ]
        part = _part(inputs, query, checks.get(query.name, []), draw)
        part["verdicts"] = verdicts
        part["judged"] = judged.details(
            found, query.name, (*inputs.labels, *inputs.references)
        )
        part["worst"] = judged.worst(
            answers.get(query.name, []), query, inputs.labels, limit=_MOST_WRONG
        )
        parts.append(part)
    return sorted(
        parts,
        key=lambda part: -max((one.rank for _, one in part["verdicts"]), default=0),
    )


def _part(
    inputs: run_files.Inputs,
    query: run_files.Query,
    rows: Sequence[Mapping[str, str]],
    draw: embed.Draw,
) -> dict[str, Any]:
    """Makes the part of one query, whose published checks are `rows`."""
    judges = (*inputs.labels, *(x for x in inputs.references if x != "half_sample"))
    found = {
        label: inputs.results(label, query.name)
        for label in ("real", *inputs.labels)
        if (inputs.run.results(label) / f"{query.name}.csv").exists()
    }
    compared = comparisons.compare(query, found) if found else []
    return {
        "query": query,
        "checks": scores.checks(rows, judges),
        "counts": comparisons.counts(query, found) if found else "",
        "grids": [
            (part.column, part.grid(query.keys, limit=_MOST_ROWS)) for part in compared
        ],
        "figure": _figure(inputs, query, _most_failed_first(compared, rows), draw),
    }


def _most_failed_first(
    compared: Sequence[comparisons.Comparison], rows: Sequence[Mapping[str, str]]
) -> list[comparisons.Comparison]:
    """Sorts value columns by how many labels fail on them: there is most to see."""
    failed = [row["column"] for row in rows if not texts.holds(row["passed"])]
    return sorted(compared, key=lambda part: -failed.count(part.column))


def _figure(
    inputs: run_files.Inputs,
    query: run_files.Query,
    compared: Sequence[comparisons.Comparison],
    draw: embed.Draw,
) -> embed.Figure | None:
    """Draws the first column that holds numbers, the real ones as bars."""
    for part in compared:
        series = {
            label: [texts.parse(value) for value in values]
            for label, values in part.series.items()
        }
        if any(value is not None for value in series.get("real", ())):
            names = [" · ".join(name) for name in part.names]
            axis = texts.heading(part.column)
            svg = dots.dots(names, series, inputs.labels, axis=axis)
            return draw(f"query_{query.name}", svg, f"{axis} by key, real and methods")
    return None
