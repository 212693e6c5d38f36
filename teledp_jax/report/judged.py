"""Reads what was judged of each query: how many of its answers are right, and which.

`judgement.csv` has a row per label and query, `answers.csv` one per answer: a value
column of one group of devices. What is right is decided where they are written.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax.report import run_files, tables, texts

CARE_SHARE = 0.5
"""Least share of right answers of a query that may be used with care."""


class Grade(NamedTuple):
    """How far the answers to a query can be trusted.

    Attributes:
        name: Class of the elements that show it.
        title: What a reader may do.
        brief: The same behind a number of questions.
        mark: A sign that needs no color.
    """

    name: str
    title: str
    brief: str
    mark: str


USE = Grade("use", "Answers to use", "to use", "\N{CHECK MARK}")
CARE = Grade("care", "Use with care", "with care", "~")
AVOID = Grade("avoid", "Do not use", "not to use", "\N{BALLOT X}")
UNKNOWN = Grade("unknown", "Cannot be told", "cannot be told", "?")
GRADES = (USE, CARE, AVOID, UNKNOWN)


class Verdict(NamedTuple):
    """What was judged of one query with one label.

    Attributes:
        num_answers: Number of answers that were judged.
        share: Share of them that are right; None without any.
        trusted: Whether that is enough to trust the query.
        fields: The row of `judgement.csv`; empty if there is none.
    """

    num_answers: int
    share: float | None
    trusted: bool
    fields: Mapping[str, str]

    @property
    def grade(self) -> Grade:
        """What a reader may do with the answers."""
        if self.share is None or not self.num_answers:
            return UNKNOWN
        if self.trusted:
            return USE
        return CARE if self.share >= CARE_SHARE else AVOID

    @property
    def num_right(self) -> int:
        """Number of answers that are right."""
        return round((self.share or 0.0) * self.num_answers)

    @property
    def words(self) -> str:
        """How many answers are right, in words; or why none was judged."""
        if self.share is None or not self.num_answers:
            return self.fields.get("note") or "was not judged"
        answers = "answer" if self.num_answers == 1 else "answers"
        return f"{self.num_right:,} of {self.num_answers:,} {answers} right"

    @property
    def short(self) -> str:
        """The mark and the share of answers that are right, in percent."""
        if self.grade is UNKNOWN:
            return f"{UNKNOWN.mark} not judged"
        return f"{self.grade.mark} {texts.percent(self.share)}"

    @property
    def rank(self) -> float:
        """Share of answers that are wrong, for sorting; -1 if it is not known."""
        return -1.0 if self.grade is UNKNOWN else 1.0 - (self.share or 0.0)


NONE = Verdict(0, None, False, {})
"""The verdict on what was not judged."""

Verdicts = Mapping[tuple[str, str], Verdict]
"""Verdicts by label and query."""


def verdicts(rows: run_files.Rows) -> dict[tuple[str, str], Verdict]:
    """Reads the rows of `judgement.csv`."""
    return {
        (row["label"], row["query"]): Verdict(
            num_answers=int(texts.parse(row["num_answers"]) or 0),
            share=texts.parse(row["share_right"]),
            trusted=texts.holds(row["trusted"]),
            fields=row,
        )
        for row in rows
    }


def mean_share(
    found: Verdicts, label: str, queries: Iterable[run_files.Query]
) -> float | None:
    """Averages the share of right answers over the queries that have any."""
    shares = [
        verdict.share
        for query in queries
        if (verdict := found.get((label, query.name), NONE)).share is not None
    ]
    known = [share for share in shares if share is not None]
    return math.fsum(known) / len(known) if known else None


def lists(
    found: Verdicts, label: str, queries: Iterable[run_files.Query]
) -> dict[Grade, list[tuple[run_files.Query, Verdict]]]:
    """Sorts queries into a list per grade, the worst first in each.

    Args:
        found: All verdicts.
        label: The label.
        queries: The queries of the run.
    """
    pairs = [(query, found.get((label, query.name), NONE)) for query in queries]
    pairs.sort(key=lambda pair: -pair[1].rank)
    return {
        grade: [pair for pair in pairs if pair[1].grade is grade] for grade in GRADES
    }


def details(found: Verdicts, query: str, labels: Sequence[str]) -> tables.Grid:
    """Shows what was judged of a query: a row per label, each number by its name."""
    rows = []
    for label in labels:
        fields = found.get((label, query), NONE).fields
        if not fields:
            continue
        verdict = found[label, query]
        rows.append(
            (
                texts.plain(label),
                verdict.words,
                texts.percent(fields["median_error"]),
                texts.percent(fields["p90_error"]),
                texts.show(fields["median_over_half"]),
                texts.show(fields["groups_lost"]),
                texts.show(fields["groups_invented"]),
                texts.percent(fields["coverage"]),
            )
        )
    heads = (
        "method", "judged", "median error", "error of 9 in 10 is below",
        "median error, times that of half of the fleet", "groups lost",
        "groups invented", "groups in common",
    )  # fmt: skip
    return tables.of(heads, rows)


def worst(
    rows: Sequence[Mapping[str, str]],
    query: run_files.Query,
    labels: Sequence[str],
    *,
    limit: int,
) -> tables.Grid:
    """Shows the wrong answers to a query that are farthest off.

    Args:
        rows: Rows of `answers.csv` of that query.
        query: The query.
        labels: Labels that are shown.
        limit: Most rows.

    Returns:
        A row per wrong answer, the worst first. An error is a multiple of what is
        tolerated, so that errors of two metrics can be compared.
    """
    wrong = [
        row for row in rows if row["label"] in labels and not texts.holds(row["right"])
    ]
    wrong.sort(key=_excess, reverse=True)
    shown = [
        (
            row["label"],
            group(row["group_key"]),
            texts.heading(row["column"]),
            texts.show(row["devices"]),
            texts.show(row["real"]),
            _missing(row),
            f"{_error(query, row)} (at most {texts.percent(row['tolerance'])})",
        )
        for row in wrong[:limit]
    ]
    heads = ("method", "group", "value", "devices", "real", "synthetic", "error")
    return tables.of(heads, shown)._replace(more=len(wrong) - len(shown))


def group(key: str) -> str:
    """Writes a group's key for a reader: its values, or that it is the whole result."""
    cells = json.loads(key or "{}")
    return " · ".join(texts.show(cell) for cell in cells.values()) or "all devices"


def _excess(row: Mapping[str, str]) -> tuple[float, float]:
    """Error over tolerance; then the number of devices, as more are worse."""
    error, most = texts.parse(row["error"]), texts.parse(row["tolerance"])
    ratio = (math.inf if error is None else error) / (most or 1e-9)
    return ratio, texts.parse(row["devices"]) or 0.0


def _missing(row: Mapping[str, str]) -> str:
    """The synthetic value, or that there is none."""
    if row["synthetic"] == "":
        return "missing" if row["real"] != "" else texts.NOTHING
    return texts.show(row["synthetic"])


def _error(query: run_files.Query, row: Mapping[str, str]) -> str:
    """An error with the name of its metric."""
    fields: Any = (query.header.get("values") or {}).get(row["column"]) or {}
    metric = fields.get("metric") if isinstance(fields, Mapping) else None
    if metric == "agreement":
        return "another text"
    name = "total variation" if metric == "share_variation" else "relative error"
    return f"{name} {texts.percent(row['error'])}"
