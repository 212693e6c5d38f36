"""Holds what a release says of its own errors to the real answers.

A release has an interval and a grade for each of its answers, from refits that never
saw the fleet. Here the owner of the fleet sees how often they are right. Private.
"""

from typing import Any

import pyarrow.parquet as pq

from teledp_jax.report import run_files, tables, texts

_GRADES = {"use": "to use", "care": "with care", "avoid": "not to use"}
"""Grades of `trust.parquet`, in words."""


def section(inputs: run_files.Inputs) -> tables.Grid:
    """Makes a row per label that has grades, of its answers that were also judged."""
    rows = []
    for label in inputs.labels:
        path = inputs.run.trust(label) / "trust.parquet"
        if not path.exists():
            continue
        judged = {
            (row["query"], row["column"], row["group_key"]): row
            for row in inputs.answers
            if row["label"] == label
        }
        pairs = [
            (graded, found)
            for graded in pq.read_table(path).to_pylist()
            if (found := judged.get(_key(graded))) is not None
        ]
        rows.append((label, str(len(pairs)), _held(pairs), *_right(pairs)))
    heads = (
        "method", "answers", "intervals that hold the real answer",
        *(f"right of those {words}" for words in _GRADES.values()),
    )  # fmt: skip
    return tables.of(heads, rows)


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    """What a graded and a judged answer have in common."""
    return row["query"], row["column"], row["group_key"]


def _held(pairs: list[tuple[dict[str, Any], dict[str, str]]]) -> str:
    """Share of the intervals that hold the real answer."""
    held = [
        graded["low"] <= real <= graded["high"]
        for graded, found in pairs
        if graded["low"] is not None
        and graded["high"] is not None
        and (real := texts.parse(found["real"])) is not None
    ]
    return texts.percent(sum(held) / len(held)) if held else texts.NOTHING


def _right(pairs: list[tuple[dict[str, Any], dict[str, str]]]) -> list[str]:
    """For each grade, how many of its answers are right."""
    told = []
    for grade in _GRADES:
        marks = [
            texts.holds(found["right"])
            for graded, found in pairs
            if graded["grade"] == grade
        ]
        told.append(f"{sum(marks)} of {len(marks)}" if marks else texts.NOTHING)
    return told
