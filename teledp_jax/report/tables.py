"""Holds tables of texts, as the page shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax.report import texts


class Grid(NamedTuple):
    """A table of texts.

    Attributes:
        columns: Headings.
        rows: One text per cell.
        more: Number of rows that were left out.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


def grid(rows: Sequence[Mapping[str, Any]], *, limit: int | None = None) -> Grid:
    """Makes a table of all columns of a CSV, and of its first `limit` rows."""
    columns = tuple(rows[0]) if rows else ()
    shown = rows[:limit]
    return Grid(
        columns=tuple(texts.heading(name) for name in columns),
        rows=tuple(tuple(texts.show(row[name]) for name in columns) for row in shown),
        more=len(rows) - len(shown),
    )


def of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
    """Makes a table of headings and rows."""
    return Grid(columns=tuple(columns), rows=tuple(tuple(row) for row in rows))


def groups(
    rows: Iterable[Mapping[str, Any]], key: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Groups rows by the text of a column, in order of appearance."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row.get(key, "")), []).append(row)
    return found


def numeric(table: Grid) -> list[bool]:
    """Tells which columns hold a number, so that they are set to the right."""
    return [
        any(texts.is_number(text) for text in column)
        for column in zip(*table.rows, strict=True)
    ]
