"""Shows which method passes which query, and what no method can pass."""

import math
from typing import Any

from teledp_jax.report import embed, figures, run_files, scores, tables, texts

_SUMMARY = {
    "epsilon": "epsilon",
    "delta": "delta",
    "evaluated": "evaluated",
    "passed": "passed",
    "mean_score": "mean score",
    "median_normalized_error": "median normalised error",
    "passed_corrected": "passed, corrected",
    "mean_score_corrected": "mean score, corrected",
    "median_normalized_error_corrected": "median normalised error, corrected",
}


def section(inputs: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Makes the section: sentences, two figures, a matrix, and counts by type."""
    cells = scores.matrix(inputs.scores)
    everyone = (*inputs.labels, *inputs.references)
    tallies = {label: scores.tally(cells, label, inputs.queries) for label in everyone}
    passed = {label: pair for label, pair in tallies.items() if pair[1]}
    normalized = {
        label: texts.parse(inputs.summary.get(label, {}).get("median_normalized_error"))
        for label in passed
        if label not in run_files.REFERENCES
    }
    drawn = _figures(inputs, passed, normalized, draw)
    return {
        "cells": cells,
        "none": scores.NONE,
        "labels": everyone,
        "tallies": tallies,
        "passed": drawn.get("passed"),
        "normalized": drawn.get("normalized"),
        "divides": scores.divides(cells, inputs.labels, inputs.queries),
        "best": max(
            (label for label in inputs.synthesizers if label in passed),
            key=lambda label: (
                passed[label][0] / passed[label][1],
                -(normalized.get(label) or math.inf),
            ),
            default=None,
        ),
        "by_type": scores.by_type(cells, everyone, inputs.queries),
    }


def _figures(
    inputs: run_files.Inputs,
    passed: dict[str, tuple[int, int]],
    normalized: dict[str, float | None],
    draw: embed.Draw,
) -> dict[str, embed.Figure]:
    """Draws the queries that pass and the normalized errors, if there are any."""
    drawn = {}
    if passed:
        told = ", ".join(f"{name} {a} of {b}" for name, (a, b) in passed.items())
        values = {
            name: (won / max(count, 1), f"{won} of {count}")
            for name, (won, count) in passed.items()
        }
        svg = figures.bars(values, inputs.labels, title="Queries that pass")
        drawn["passed"] = draw("passed", svg, f"Queries that pass: {told}.")
    if shown := {name: value for name, value in normalized.items() if value}:
        told = ", ".join(f"{name} {value:.3g}" for name, value in shown.items())
        svg = figures.normalized(shown, inputs.labels, title="Median normalised error")
        alt = f"Median normalised error: {told}."
        drawn["normalized"] = draw("normalized_error", svg, alt)
    return drawn


def ceiling(inputs: run_files.Inputs) -> list[dict[str, Any]]:
    """Shows for each reference how many queries it passes and which checks it fails."""
    cells = scores.matrix(inputs.scores)
    return [
        {
            "label": label,
            "tally": scores.tally(cells, label, inputs.queries),
            "misses": scores.misses(inputs.scores, label),
        }
        for label in inputs.references
    ]


def summary(inputs: run_files.Inputs) -> tables.Grid:
    """Shows the scores of the methods, by the published rules and by corrected ones."""
    rows = [
        (label, *(texts.show(entry.get(field)) for field in _SUMMARY))
        for label, entry in inputs.summary.items()
    ]
    return tables.of(("label", *_SUMMARY.values()), rows)
