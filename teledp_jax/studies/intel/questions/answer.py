"""Holds the answer to one question."""

from collections.abc import Sequence
from typing import NamedTuple

from teledp_jax.report import tables


class Answer(NamedTuple):
    """One question.

    Attributes:
        question: The question.
        findings: Sentences; none if the run cannot say.
        grid: The numbers behind them.
        note: How to read them.
    """

    question: str
    findings: tuple[str, ...]
    grid: tables.Grid
    note: str


def listed(names: Sequence[str]) -> str:
    """Joins names by commas and a last `and`."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]
