"""What the report says in tables: verdicts, scores and results as short texts."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax.evaluation import compare as compare_lib
from teledp_jax.report import inputs as inputs_lib

NOTHING = "\N{EN DASH}"

MOST_EVENTS = 200
_BYTES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


class Grid(NamedTuple):
    """A table of texts.

    Attributes:
        columns: Headings.
        rows: One text a cell.
        more: Number of rows that were left out.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0


class Cell(NamedTuple):
    """How one method did on one query; both are zero where it was not evaluated."""

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
        return "pass" if self.score >= compare_lib.PASSING_SCORE else "fail"


Matrix = Mapping[tuple[str, str], Cell]
"""Cells by label and query."""


def parse(value: Any) -> float | None:
    """The number that a text of a CSV holds, or None."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def holds(value: Any) -> bool:
    """Whether a text of a CSV says yes."""
    return str(value).strip().lower() in ("true", "1", "1.0", "yes")


def show(value: Any) -> str:
    """A short text for a number, and other texts as they are."""
    if value is None or value == "":
        return NOTHING
    number = parse(value)
    if number is None:
        return str(value)
    if math.isinf(number):
        return "\N{INFINITY}" if number > 0 else "-\N{INFINITY}"
    if number == 0:
        return "0"
    if abs(number) < 1e-3:
        return f"{number:.2g}"
    if abs(number) >= 1000 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}"


def epsilon(value: Any) -> str:
    """An epsilon to four decimals, so that it can be held to its budget."""
    number = parse(value)
    return NOTHING if number is None else f"{number:.4f}"


def percent(value: Any) -> str:
    """A share in percent."""
    number = parse(value)
    return NOTHING if number is None else f"{100 * number:.3g} %"


def seconds(value: Any) -> str:
    """A duration in seconds, or in minutes where it is long."""
    number = parse(value)
    if number is None:
        return NOTHING
    return f"{number:.3g} s" if number < 120 else f"{number / 60:.3g} min"


def size(value: Any) -> str:
    """A number of bytes in binary units."""
    number = parse(value)
    if number is None:
        return NOTHING
    for unit, scale in _BYTES:
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number:.0f} B"


def heading(name: str) -> str:
    """A column's name as a heading."""
    return name.replace("_", " ")


def grid(rows: Sequence[Mapping[str, Any]], *, limit: int | None = None) -> Grid:
    """A table of all columns of a CSV, its first `limit` rows."""
    columns = tuple(rows[0]) if rows else ()
    shown = rows[:limit]
    return Grid(
        columns=tuple(heading(name) for name in columns),
        rows=tuple(tuple(show(row[name]) for name in columns) for row in shown),
        more=len(rows) - len(shown),
    )


def groups(
    rows: Iterable[Mapping[str, Any]], key: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by the text of a column, in order of appearance."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row.get(key, "")), []).append(row)
    return found


def matrix(scores: inputs_lib.Rows) -> dict[tuple[str, str], Cell]:
    """Passed checks of each label on each query."""
    cells: dict[tuple[str, str], Cell] = {}
    for row in scores:
        key = row["label"], row["query"]
        old = cells.get(key, Cell(0, 0))
        cells[key] = Cell(old.passed + holds(row["passed"]), old.checks + 1)
    return cells


def tally(
    cells: Matrix, label: str, queries: Iterable[inputs_lib.Query]
) -> tuple[int, int]:
    """Number of queries that a label passes, and number it was evaluated on."""
    found = [cells.get((label, query.name), Cell(0, 0)) for query in queries]
    evaluated = [cell for cell in found if cell.checks]
    return sum(cell.verdict == "pass" for cell in evaluated), len(evaluated)


def by_type(
    cells: Matrix, labels: Sequence[str], queries: Sequence[inputs_lib.Query]
) -> Grid:
    """Passed and evaluated queries of each type, and of the rare ones."""
    kinds: dict[str, list[inputs_lib.Query]] = {}
    for query in queries:
        kinds.setdefault(str(query.header.get("type", "other")), []).append(query)
    if rare := [query for query in queries if query.header.get("rare")]:
        kinds["about rare events"] = rare
    rows = []
    for kind, members in kinds.items():
        tallies = [tally(cells, label, members) for label in labels]
        texts = [f"{won} of {all_}" if all_ else NOTHING for won, all_ in tallies]
        rows.append((kind, str(len(members)), *texts))
    return Grid(columns=("type", "queries", *labels), rows=tuple(rows))


def divides(
    cells: Matrix, labels: Sequence[str], queries: Sequence[inputs_lib.Query]
) -> dict[str, list[inputs_lib.Query]]:
    """Queries that every method passes, and queries that none does."""
    found: dict[str, list[inputs_lib.Query]] = {"every": [], "none": []}
    for query in queries:
        cells_here = [cells.get((label, query.name), Cell(0, 0)) for label in labels]
        verdicts = {cell.verdict for cell in cells_here if cell.checks}
        if verdicts == {"pass"}:
            found["every"].append(query)
        elif verdicts == {"fail"}:
            found["none"].append(query)
    return found


def checks(scores: Sequence[Mapping[str, str]], labels: Sequence[str]) -> Grid:
    """The checks of one query: a row a check, a column a label."""
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
                heading(metric),
                show(any_row["threshold"]),
                *(_check(row) for row in found.values()),
                show(any_row.get("half_sample")),
            )
        )
    return Grid(
        columns=("column", "metric", "threshold", *labels, "half sample"),
        rows=tuple(rows),
    )


def _check(row: Mapping[str, str] | None) -> str:
    """One check: mark, value and, in brackets, the normalised error."""
    if row is None:
        return NOTHING
    mark = "\N{CHECK MARK}" if holds(row["passed"]) else "\N{BALLOT X}"
    normalized = parse(row.get("normalized_error"))
    aside = (
        "" if normalized is None else f" ({show(normalized)}\N{MULTIPLICATION SIGN})"
    )
    return f"{mark} {show(row['value'])}{aside}"


def misses(scores: inputs_lib.Rows, label: str) -> Grid:
    """The checks that a label fails."""
    rows = [
        (
            row["query"],
            row["column"] or "rows",
            heading(row["metric"]),
            show(row["value"]),
            show(row["threshold"]),
        )
        for row in scores
        if row["label"] == label and not holds(row["passed"])
    ]
    return Grid(
        columns=("query", "column", "metric", "value", "threshold"), rows=tuple(rows)
    )


def rare_summary(rows: inputs_lib.Rows) -> Grid:
    """For each label, how many rare events it keeps."""
    found = []
    for label, events in groups(rows, "label").items():
        ratios = [parse(event["ratio"]) or 0.0 for event in events]
        found.append(
            (
                label,
                str(len(ratios)),
                str(sum(0.5 <= ratio <= 2 for ratio in ratios)),
                str(sum(ratio == 0 for ratio in ratios)),
                show(statistics.median(ratios)),
            )
        )
    heads = ("events", "within a factor of 2", "lost", "median ratio to real")
    return Grid(columns=("label", *heads), rows=tuple(found))


def rare_events(rows: inputs_lib.Rows) -> Grid:
    """A row an event, the rarest first: its share of devices by label.

    The first `MOST_EVENTS`; `rare_events.csv` has them all.
    """
    labels = tuple(groups(rows, "label"))
    events: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["table"], row["column"], row["value"]
        shares = events.setdefault(key, {"real": parse(row["real_share"])})
        shares[row["label"]] = row["synthetic_share"]
    order = sorted(events.items(), key=lambda item: item[1]["real"] or 0.0)
    return Grid(
        columns=("table", "column", "value", "real", *labels),
        rows=tuple(
            (*key, *(percent(shares.get(label)) for label in ("real", *labels)))
            for key, shares in order[:MOST_EVENTS]
        ),
    )


class Comparison(NamedTuple):
    """One value column of a query: the real value and each label's, by key.

    Attributes:
        column: The value column.
        names: Texts of the keys, in the real result's order.
        series: Values by label, `real` first; None where a result lacks the key.
    """

    column: str
    names: tuple[tuple[str, ...], ...]
    series: dict[str, tuple[str | None, ...]]

    def grid(self, keys: Sequence[str], *, limit: int) -> Grid:
        """The first `limit` keys, side by side."""
        rows = [
            (*name, *(show(values[i]) for values in self.series.values()))
            for i, name in enumerate(self.names[:limit])
        ]
        return Grid(
            columns=(*keys, *self.series),
            rows=tuple(rows),
            more=max(len(self.names) - limit, 0),
        )


def compare(
    query: inputs_lib.Query, results: Mapping[str, inputs_lib.Rows]
) -> list[Comparison]:
    """Joins results on the query's keys; a key that occurs twice uses its first row."""
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


def counts(query: inputs_lib.Query, results: Mapping[str, inputs_lib.Rows]) -> str:
    """A sentence about the number of rows of each result."""
    real = set(_by_key(results.get("real", []), query.keys))
    texts = [f"real {len(results.get('real', [])):,}"]
    for label, rows in results.items():
        if label != "real":
            common = len(real & set(_by_key(rows, query.keys)))
            texts.append(f"{label} {len(rows):,} ({common:,} keys in common)")
    return "Rows: " + ", ".join(texts) + "."


def _by_key(
    rows: inputs_lib.Rows, keys: Sequence[str]
) -> dict[tuple[str, ...], dict[str, str]]:
    """Rows by the texts of their keys, or by their number where there are no keys."""
    index: dict[tuple[str, ...], dict[str, str]] = {}
    for i, row in enumerate(rows):
        name = (
            tuple(row.get(key) or "(none)" for key in keys) if keys else (str(i + 1),)
        )
        index.setdefault(name, row)
    return index
