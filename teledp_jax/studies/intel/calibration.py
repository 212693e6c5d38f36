"""A simulated fleet's query results beside the published ones of the real corpus.

Only rows that at least 100 devices stand behind are compared. Rows are those of a CSV:
text by column; an empty text is a missing value.
"""

import collections
import functools
import math
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import yaml
from scipy import stats

from teledp_jax.suites.dca import facts

Row = Mapping[str, str]
Rows = Sequence[Row]
_MILLION = 1e6


@functools.cache
def _facts() -> Mapping[str, Any]:
    """Reads `calibration.yaml`."""
    path = pathlib.Path(__file__).with_suffix(".yaml")
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def queries() -> Mapping[str, Mapping[str, Any]]:
    """Tells how to compare each query, by its name."""
    found: Mapping[str, Mapping[str, Any]] = _facts()["queries"]
    return found


def file_of(query: str) -> str:
    """Returns the name of a query's published file, without its ending."""
    return str(queries()[query].get("file", query))


def compare(
    query: str,
    published: Rows,
    simulated: Rows,
    *,
    num_devices: int,
    known: Rows = (),
) -> Iterator[dict[str, Any]]:
    """Yields one measure after another of a query.

    Args:
        query: Its name.
        published: The published result.
        simulated: The result on a simulated fleet.
        num_devices: Size of that fleet; the published one has a million.
        known: Published result that says which items have devices enough, if the
            query's own does not.

    Yields:
        `query`, `column`, `measure` (median relative error, total variation, Spearman,
        or agreement), its `value` and the number of `groups` that it is made of.
    """
    section = queries()[query]
    scale = _MILLION / num_devices
    for column, measure, value, groups in _measures(
        section, published, simulated, scale, known
    ):
        yield {
            "query": section["codename"],
            "column": column,
            "measure": measure,
            "value": value,
            "groups": groups,
        }


_Measure = tuple[str, str, float, int]


def _measures(
    section: Mapping[str, Any],
    published: Rows,
    simulated: Rows,
    scale: float,
    known: Rows,
) -> Iterator[_Measure]:
    """Column, measure, value and number of groups."""
    if total := section.get("total"):
        pair = (
            sum(_number(row[total]) for row in rows) for rows in (published, simulated)
        )
        yield total, "relative_error", _error(next(pair), next(pair) * scale), 1
    if section.get("num_rows"):
        yield (
            "rows",
            "relative_error",
            _error(len(published), len(simulated) * scale),
            1,
        )
    for column in section.get("counted", ()):
        shares = [
            collections.Counter(row[column] for row in rows)
            for rows in (published, simulated)
        ]
        yield column, "total_variation", _variation(*shares), len(shares[0])
    for column in section.get("averaged", ()):
        means = [
            float(np.mean([_number(row[column]) for row in rows])) if rows else math.nan
            for rows in (published, simulated)
        ]
        yield column, "relative_error", _error(*means), 1
    if not section.get("measures"):
        return
    asked = _asked(section, published, known)
    theirs, ours = (
        {_key(section, row): row for row in rows} for rows in (published, simulated)
    )
    for column, kind in section["measures"].items():
        yield column, *_measure(section, kind, column, theirs, ours, asked, scale)


def _measure(
    section: Mapping[str, Any],
    kind: str,
    column: str,
    theirs: Mapping[Any, Row],
    ours: Mapping[Any, Row],
    asked: Sequence[Any],
    scale: float,
) -> tuple[str, float, int]:
    """One measure of keyed rows."""
    if kind == "agrees":
        same = [ours.get(key, {}).get(column) == theirs[key][column] for key in asked]
        return "agreement", float(np.mean(same)), len(asked)
    if kind == "shares":
        weights = [
            {key: _number(row[column]) for key, row in rows.items()}
            for rows in (theirs, ours)
        ]
        return "total_variation", _variation(*weights), len(theirs)
    both = [key for key in asked if key in ours]
    pairs = [(_number(theirs[key][column]), _number(ours[key][column])) for key in both]
    pairs = [pair for pair in pairs if not any(map(math.isnan, pair))]
    if kind == "order":
        value = (
            stats.spearmanr(*zip(*pairs, strict=True)).statistic
            if len(pairs) > 2
            else math.nan
        )
        return "spearman", float(value), len(pairs)
    share = facts.rows_share(section.get("table", ""))
    factor = {"devices": scale, "rows": scale / share, "rows_each": 1.0 / share}
    found = [_error(real, other * factor.get(kind, 1.0)) for real, other in pairs]
    return "relative_error", float(np.median(found)) if found else math.nan, len(found)


def _asked(section: Mapping[str, Any], published: Rows, known: Rows) -> list[Any]:
    """Keys of the rows that devices enough stand behind."""
    least = _facts()["least_devices"]
    if "known_in" in section:
        enough = {_key(section, row) for row in known}
        return [key for key in (_key(section, r) for r in published) if key in enough]
    column = section.get("devices")
    return [
        _key(section, row)
        for row in published
        if column is None or _number(row[column]) >= least
    ]


def _key(section: Mapping[str, Any], row: Row) -> tuple[Any, ...]:
    """The key of a row; numbers by value."""
    return tuple(
        row[name] if math.isnan(_number(row[name])) else _number(row[name])
        for name in section["keys"]
    )


def _number(text: str) -> float:
    """A number, NaN if the text is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _error(real: float, other: float) -> float:
    """The relative error; 0 if both are 0."""
    if real == other:
        return 0.0
    return abs(real - other) / abs(real) if real else math.inf


def _variation(left: Mapping[Any, float], right: Mapping[Any, float]) -> float:
    """Total variation of two sets of weights over the union of their keys."""
    totals = [sum(weights.values()) or 1.0 for weights in (left, right)]
    keys = {**left, **right}
    return 0.5 * sum(
        abs(left.get(key, 0.0) / totals[0] - right.get(key, 0.0) / totals[1])
        for key in keys
    )
