"""Counts the checks and queries that labels pass, from the rows of `scores.csv`."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from teledp_jax.evaluation import compare
from teledp_jax.report import run_files, tables, texts


class Cell(NamedTuple):
    """How one label did on one query; both are zero if it was not evaluated.

    Attributes:
        passed: Number of checks that passed.
        checks: Number of checks.
    """

    passed: int
    checks: int

    @property
    def score(self) -> float:
        """Share of the checks that passed."""
        return self.passed / self.checks if self.checks else math.nan

    @property
    def verdict(self) -> str:
        """`pass`, `fail` or `none`."""
        if not self.checks:
            return "none"
        return "pass" if self.score >= compare.PASSING_SCORE else "fail"


NONE = Cell(0, 0)
"""The cell of a query that was not evaluated."""

Matrix = Mapping[tuple[str, str], Cell]
"""Cells by label and query."""


def matrix(scores: run_files.Rows) -> dict[tuple[str, str], Cell]:
    """Counts the checks that each label passes on each query."""
    cells: dict[tuple[str, str], Cell] = {}
    for row in scores:
        key = row["label"], row["query"]
        old = cells.get(key, NONE)
        cells[key] = Cell(old.passed + texts.holds(row["passed"]), old.checks + 1)
    return cells


def tally(
    cells: Matrix, label: str, queries: Iterable[run_files.Query]
) -> tuple[int, int]:
    """Counts the queries that a label passes, and those it was evaluated on."""
    found = [cells.get((label, query.name), NONE) for query in queries]
    evaluated = [cell for cell in found if cell.checks]
    return sum(cell.verdict == "pass" for cell in evaluated), len(evaluated)


def checks(scores: Sequence[Mapping[str, str]], labels: Sequence[str]) -> tables.Grid:
    """Shows the checks of one query: a row per check, a column per label."""
    names = dict.fromkeys((row["column"], row["metric"]) for row in scores)
    index = {(row["label"], row["column"], row["metric"]): row for row in scores}
    rows = []
    for column, metric in names:
        found = {label: index.get((label, column, metric)) for label in labels}
        any_row = next((row for row in found.values() if row), None)
        if any_row is None:
            continue
        rows.append(
            (
                column or "rows",
                texts.heading(metric),
                texts.show(any_row["threshold"]),
                *(_check(row) for row in found.values()),
                texts.show(any_row.get("half_sample")),
            )
        )
    heads = ("column", "metric", "threshold", *map(texts.plain, labels))
    return tables.of((*heads, "half of the real fleet"), rows)


def _check(row: Mapping[str, str] | None) -> str:
    """Shows one check: a mark, the value and, in brackets, the normalized error."""
    if row is None:
        return texts.NOTHING
    mark = "\N{CHECK MARK}" if texts.holds(row["passed"]) else "\N{BALLOT X}"
    aside = texts.times(texts.parse(row.get("normalized_error")))
    return f"{mark} {texts.show(row['value'])}{aside}"


def misses(scores: run_files.Rows, label: str) -> tables.Grid:
    """Shows the checks that a label fails."""
    rows = [
        (
            row["query"],
            row["column"] or "rows",
            texts.heading(row["metric"]),
            texts.show(row["value"]),
            texts.show(row["threshold"]),
        )
        for row in scores
        if row["label"] == label and not texts.holds(row["passed"])
    ]
    return tables.of(("query", "column", "metric", "value", "threshold"), rows)
