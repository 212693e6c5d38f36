"""Grades the answers of queries: the rows of `trust.parquet`, and their summary."""

import collections
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.evaluation import answers
from teledp_jax.queries import catalog, run
from teledp_jax.trust import intervals

SCHEMA = pa.schema(
    [
        ("workload", pa.string()),
        ("query", pa.string()),
        ("column", pa.string()),
        ("group_key", pa.string()),
        ("devices", pa.int64()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("grade", pa.string()),
        ("reason", pa.string()),
    ]
)
GRADES: tuple[intervals.Grade, ...] = ("use", "care", "avoid")

TIES = "the method keeps no tie between the columns or rows that are asked for"
FEW = "fewer than {} devices"
GONE = "the group is missing in {} of {} refits"
WIDE = "the interval is wide"
SAME = "{} of {} refits give the same text"

_LEAST_SHARE = 0.9
"""Share of a query's answers that a grade of the query asks for."""


def rows(
    query: catalog.Query,
    released: run.Result | None,
    refits: Sequence[run.Result | None],
    *,
    devices: answers.Groups | None,
    min_devices: int,
    ties_kept: bool,
) -> list[dict[str, Any]]:
    """Makes the rows of one query.

    Args:
        query: The query.
        released: Its result on the released tables; None if it fails there.
        refits: Its result on each refit's tables.
        devices: Number of synthetic devices by group; None where it is not known.
        min_devices: Fewest devices of a group whose answers may be used.
        ties_kept: Whether the method draws together what the query names.
    """
    if released is None:
        return []
    judged = [
        answers.judge(query, released, refit, devices or {}, min_devices=0)
        for refit in refits
    ]
    found = []
    for same in zip(*judged, strict=True):
        fields: dict[str, Any] = dict.fromkeys(SCHEMA.names)
        fields |= _judged(query, same)
        fields |= {
            "workload": query.workload,
            "query": query.name,
            "column": same[0].column,
            "group_key": answers.key_text(query, same[0].key),
            "devices": None if devices is None else same[0].devices,
        }
        if not ties_kept:
            fields |= {"grade": "avoid", "reason": TIES}
        if devices is not None and same[0].devices < min_devices:
            fields |= {"grade": "avoid", "reason": FEW.format(min_devices)}
        found.append(fields)
    return found


def _judged(query: catalog.Query, same: Sequence[answers.Answer]) -> dict[str, Any]:
    """Value, interval and grade of one answer, given it for each refit."""
    first, metric = same[0], _metric(query, same[0].column)
    if metric == "share_variation":
        bound = intervals.upper([answer.error for answer in same])
        grade = intervals.grade_error(bound, first.tolerance)
        return {"grade": grade, "reason": None if grade == "use" else WIDE}
    present = [answer.synthetic for answer in same if answer.synthetic is not None]
    if metric == "agreement":
        agreeing = sum(answer.right for answer in same)
        share = agreeing / len(same)
        return {
            "text": str(first.real),
            "grade": intervals.grade_error(1 - share, 0.1),
            "reason": SAME.format(agreeing, len(same)),
        }
    value = float(first.real)
    missing = len(same) - len(present)
    fields = {"value": value, "grade": "avoid", "reason": None}
    between = intervals.interval(value, [float(cell) for cell in present])
    if between is not None:
        fields |= between._asdict()
        fields["grade"] = intervals.grade(value, between, first.tolerance)
        fields["reason"] = None if fields["grade"] == "use" else WIDE
    if missing:
        worst = "avoid" if fields["grade"] == "avoid" or between is None else "care"
        fields |= {"grade": worst, "reason": GONE.format(missing, len(same))}
    return fields


def _metric(query: catalog.Query, column: str) -> str:
    """The metric of a value column."""
    (metric,) = {value.metric for value in query.values if value.column == column}
    return metric


def grade_query(grades: Iterable[str]) -> intervals.Grade:
    """Grades a query: `use` where 90 % of its answers are so graded.

    `care` where 90 % are to use or to use with care; `avoid` else, and without answers.

    Args:
        grades: Grades of its answers.
    """
    counted = collections.Counter(grades)
    least = _LEAST_SHARE * counted.total()
    if counted.total() and counted["use"] >= least:
        return "use"
    if counted.total() and counted["use"] + counted["care"] >= least:
        return "care"
    return "avoid"


def summarize(
    found: Sequence[Mapping[str, Any]], queries: Sequence[catalog.Query]
) -> dict[str, Any]:
    """Counts answers by grade, and grades each query.

    Args:
        found: All rows of a release.
        queries: The queries that were asked.
    """
    counted = collections.Counter(row["grade"] for row in found)
    by_query: dict[str, list[str]] = {
        query.name: [] for query in queries if query.values
    }
    for row in found:
        by_query[row["query"]].append(row["grade"])
    return {
        "level": intervals.LEVEL,
        "answers": {grade: counted[grade] for grade in GRADES},
        "queries": {name: grade_query(grades) for name, grades in by_query.items()},
    }


def write(path: pathlib.Path, found: Sequence[Mapping[str, Any]]) -> None:
    """Writes `trust.parquet`, whole.

    Args:
        path: The file.
        found: Its rows.
    """
    with runs.atomic(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(found), SCHEMA), temporary)
