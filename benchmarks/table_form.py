"""The form of a table as text, and its cells."""

from collections.abc import Sequence
from typing import NamedTuple

NONE = "\N{EN DASH}"


class Form(NamedTuple):
    """A table as text.

    Attributes:
        header: Names of the columns; the last is `code`.
        rows: Cells, one list per row; the last says which code made the row.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float | None, digits: int = 0, *, unit: float = 1.0) -> str:
    """Writes a number with a fixed number of digits; a dash if there is none."""
    return NONE if value is None else f"{value / unit:,.{digits}f}"


def code(text: str) -> str:
    """Writes text in a code font."""
    return f"`{text}`"
