"""Joins the results of one query, real and synthetic, on its keys."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from teledp_jax.report import run_files, tables, texts


class Comparison(NamedTuple):
    """One value column of a query: the real value and that of each label, by key.

    Attributes:
        column: The value column.
        names: Texts of the keys, in the order of the real result.
        series: Values by label, `real` first; None if a result lacks the key.
    """

    column: str
    names: tuple[tuple[str, ...], ...]
    series: dict[str, tuple[str | None, ...]]

    def grid(self, keys: Sequence[str], *, limit: int) -> tables.Grid:
        """Shows the first `limit` keys, side by side."""
        rows = [
            (*name, *(texts.show(values[i]) for values in self.series.values()))
            for i, name in enumerate(self.names[:limit])
        ]
        return tables.Grid(
            columns=(*keys, *self.series),
            rows=tuple(rows),
            more=max(len(self.names) - limit, 0),
        )


def compare(
    query: run_files.Query, results: Mapping[str, run_files.Rows]
) -> list[Comparison]:
    """Joins results on the keys of the query.

    Args:
        query: The query.
        results: Rows by label, `real` first.

    Returns:
        One comparison per value column. A key that occurs twice uses its first row.
    """
    indexes = {label: _by_key(rows, query.keys) for label, rows in results.items()}
    names = tuple(dict.fromkeys(name for index in indexes.values() for name in index))
    return [
        Comparison(
            column=column,
            names=names,
            series={
                label: tuple(index.get(name, {}).get(column) for name in names)
                for label, index in indexes.items()
            },
        )
        for column in query.values
    ]


def counts(query: run_files.Query, results: Mapping[str, run_files.Rows]) -> str:
    """Tells in a sentence how many rows each result has."""
    real = set(_by_key(results.get("real", []), query.keys))
    parts = [f"real {len(results.get('real', [])):,}"]
    for label, rows in results.items():
        if label != "real":
            common = len(real & set(_by_key(rows, query.keys)))
            parts.append(f"{label} {len(rows):,} ({common:,} keys in common)")
    return "Rows: " + ", ".join(parts) + "."


def _by_key(
    rows: run_files.Rows, keys: Sequence[str]
) -> dict[tuple[str, ...], dict[str, str]]:
    """Indexes rows by the texts of their keys, or by their number without keys."""
    index: dict[tuple[str, ...], dict[str, str]] = {}
    for i, row in enumerate(rows):
        name = (
            tuple(row.get(key) or "(none)" for key in keys) if keys else (str(i + 1),)
        )
        index.setdefault(name, row)
    return index
