"""A plan for people: how many answers each budget gets right, as text and a figure."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from teledp_jax.report import drawing

_HEIGHT = 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 340, 12, 150
_FEW = 0.5  # share of right answers below which a query is better dropped or coarsened

Rows = Iterable[Mapping[str, Any]]
"""Outcomes of a plan as mappings, by the names of their fields."""


def share_right(rows: Rows, *keys: str) -> dict[tuple, float]:
    """Adds up answers by some fields.

    Args:
        rows: Outcomes.
        *keys: Names of the fields.

    Returns:
        Share of right answers by the values of the fields, in their order.
    """
    sums: dict[tuple, list[int]] = {}
    for row in rows:
        own = sums.setdefault(tuple(row[key] for key in keys), [0, 0])
        own[0] += row["num_right"]
        own[1] += row["num_answers"]
    return {key: right / of for key, (right, of) in sorted(sums.items())}


def text(rows: Sequence[Mapping[str, Any]], epsilon: float) -> str:
    """Writes tables: by budget, by size of groups, and queries that gain nothing.

    Args:
        rows: Outcomes.
        epsilon: Budget of the last two tables; one of those tried.
    """
    labels = list(dict.fromkeys(row["label"] for row in rows))
    by_budget = share_right(rows, "epsilon", "label")
    epsilons = list(dict.fromkeys(key[0] for key in by_budget))
    lines = ["Share of answers right, by epsilon:"]
    lines += _table([f"{e:g}" for e in epsilons], labels, epsilons, by_budget)
    own = [row for row in rows if row["epsilon"] == epsilon]
    by_size = share_right(own, "at_least", "label")
    sizes = list(dict.fromkeys(key[0] for key in by_size))
    lines += ["", f"At epsilon {epsilon:g}, by devices of the group, at least:"]
    lines += _table([f"{size}" for size in sizes], labels, sizes, by_size)
    by_query = share_right(own, "query", "label")
    best: dict[str, float] = {}
    for (query, _), share in by_query.items():
        best[query] = max(best.get(query, 0.0), share)
    poor = sorted((share, query) for query, share in best.items() if share < _FEW)
    if poor:
        lines += ["", "Queries to drop or to coarsen (best label, share right):"]
        lines += [f"  {share:4.0%}  {query}" for share, query in poor]
    return "\n".join(lines)


def expected(rows: Rows, noises: Rows, epsilon: float, sizes: Sequence[int]) -> str:
    """Writes the error to expect, by formula and as tried, by size of groups.

    A count of n devices under noise of standard deviation s errs by s sqrt(2 / pi) / n
    on average.

    Args:
        rows: Outcomes.
        noises: Noises of counts.
        epsilon: One of those tried.
        sizes: Fewest devices of the groups.

    Returns:
        Text of a table.
    """
    cells: dict[tuple, float] = {}
    for row in noises:
        if row["epsilon"] == epsilon:
            for size in sizes:
                error = math.sqrt(2 / math.pi) * row["sigma"] / size
                cells[size, f"{row['label']}, formula, {row['cells']}"] = error
    tried: dict[tuple, list[float]] = {}
    for row in rows:
        if row["epsilon"] == epsilon:
            key = row["at_least"], f"{row['label']}, tried, {row['kind']}"
            tried.setdefault(key, []).append(row["median_error"])
    cells |= {key: statistics.median(errors) for key, errors in tried.items()}
    titles = sorted({label for _, label in cells})
    lines = [
        f"Expected error at epsilon {epsilon:g}, by devices of the group, at least; by "
        "formula of one count,",
        "as tried the median of all answers of a type:",
        *_table([f"{size}" for size in sizes], titles, sizes, cells),
    ]
    return "\n".join(lines)


def learnt(facts: Mapping[str, Any]) -> str:
    """Writes what is learnt of domains before any fit, and from how many devices.

    Args:
        facts: What the plan says of it; empty if nothing is learnt.
    """
    if not facts:
        return ""
    lines = [
        f"Before, names or bins of {facts['num_columns']} columns are learnt for "
        f"{facts['share']:g} of the budget.",
    ]
    if facts["devices"]:
        lines.append("A name that is not public shows if about as many have it:")
    for number, devices in facts["devices"].items():
        lines.append(f"  {devices:7d} devices with {number} such names each")
    return "\n".join(lines)


def _table(
    titles: Sequence[str],
    labels: Sequence[str],
    keys: Sequence[Any],
    cells: Mapping[tuple, float],
) -> list[str]:
    """A line for each label, a column for each key."""
    width = max(map(len, labels))
    lines = [" ".join([" " * (width + 2), *(f"{title:>7}" for title in titles)])]
    for label in labels:
        own = (cells.get((key, label)) for key in keys)
        shown = map(_percent, own)
        lines.append(" ".join([f"  {label:<{width}}", *shown]))
    return lines


def _percent(cell: float | None) -> str:
    """A share in percent, seven letters wide."""
    if cell is None:
        return "      -"
    return f"{cell:7.0%}" if cell < 10 else "  >999%"


def figure(rows: Sequence[Mapping[str, Any]]) -> str:
    """Draws the share of right answers by epsilon, a line for each label, as SVG.

    Args:
        rows: Outcomes at two epsilons or more.
    """
    labels = list(dict.fromkeys(row["label"] for row in rows))
    cells = share_right(rows, "label", "epsilon")
    epsilons = sorted({key[1] for key in cells})
    across = drawing.Axis(epsilons[0], epsilons[-1], _LEFT, _RIGHT, log=True)
    up = drawing.Axis(0, 1, _BOTTOM, _TOP)
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(
            drawing.line(_LEFT, up.at(share), _RIGHT, up.at(share), dotted=True)
        )
        parts.append(
            drawing.text(_LEFT - 4, up.at(share) + 4, f"{share:.0%}", anchor="end")
        )
    for epsilon in epsilons:
        parts.append(
            drawing.text(
                across.at(epsilon), _BOTTOM + 14, f"{epsilon:g}", anchor="middle"
            )
        )
    middle = (_LEFT + _RIGHT) / 2
    words = "epsilon: answers right on a made-up fleet"
    parts.append(drawing.text(middle, _BOTTOM + 28, words, anchor="middle"))
    for label in labels:
        places = [
            (across.at(epsilon), up.at(cells[label, epsilon]))
            for epsilon in epsilons
            if (label, epsilon) in cells
        ]
        parts.append(drawing.polyline(label, labels, places))
        parts.append(drawing.marks(label, labels, places))
        x, y = places[-1]
        parts.append(drawing.text(x - 4, y - 6, label, anchor="end"))
    return drawing.document(parts, _HEIGHT)
