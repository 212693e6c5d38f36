"""Which answers are right: the project's own judgement, and the rows of `answers.csv`.

An answer is one value column of one group of the real result. It is judged if the group
has at least a public number of devices, and right if its error is within the tolerance
of the query's header. What the published scorer makes of the same results stands in
`compare`.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax.evaluation import compare, metrics
from teledp_jax.queries import catalog, groups, run

COLUMNS = (
    "label", "workload", "query", "column", "group_key", "devices", "real", "synthetic",
    "half_sample", "error", "tolerance", "right",
)  # fmt: skip

Key = tuple[Any, ...]
Groups = Mapping[Key, int]
"""Number of real devices by key; the whole result under `groups.WHOLE`."""

_OF_WHOLE = ("row_count", "mean_relative_error", "share_variation")
"""Metrics of a whole column: one answer, of all devices that the query reads."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """One value of one group, real and synthetic.

    Attributes:
        column: The value column.
        key: Cells of the query's keys; empty for a value of the whole result.
        devices: Number of real devices in the group.
        real: What the real tables answer; None for a distribution.
        synthetic: What the synthetic tables answer; None for a distribution, or where
            they lack the group or the value.
        error: Relative error, or 0 and 1 for a text that is the same or not, or total
            variation of a distribution; infinite where there is no synthetic value.
        tolerance: Largest error of a right answer.
    """

    column: str
    key: Key
    devices: int
    real: Any
    synthetic: Any
    error: float
    tolerance: float

    @property
    def right(self) -> bool:
        """Tells whether the error is within the tolerance."""
        return self.error <= self.tolerance


def judge(
    query: catalog.Query,
    real: run.Result,
    synthetic: run.Result | None,
    devices: Groups,
    *,
    min_devices: int,
    truth: run.Result | None = None,
) -> list[Answer]:
    """Judges all answers of a query.

    Which answers there are follows from the real result only, so it is the same for
    every label: a cell without a value in the real result is no answer, and one that
    only the synthetic result lacks is wrong.

    Args:
        query: The query.
        real: Its result on the real tables.
        synthetic: Its result on other tables; None if it could not be run there.
        devices: Number of real devices by group.
        min_devices: Fewest devices of a group that is judged.
        truth: What the other result is held to; None: the real one.

    Returns:
        The answers, in the order of the real result.
    """
    truth = real if truth is None else truth
    other = synthetic if synthetic is not None else run.Result((), ())
    found: list[Answer] = []
    for value in query.values:
        if value.metric in _OF_WHOLE:
            number = devices.get(groups.WHOLE, 0)
            if real.rows and number >= min_devices:
                found.append(_whole(value, number, truth, other))
            continue
        cells = compare.keyed(real, query.keys, value.column)
        one, two = (
            compare.keyed(side, query.keys, value.column) for side in (truth, other)
        )
        for key, cell in cells.items():
            number = devices.get(key, 0)
            if cell is not None and number >= min_devices:
                found.append(_cell(value, key, number, one.get(key), two.get(key)))
    return found


def _cell(
    value: catalog.Value, key: Key, devices: int, real: Any, synthetic: Any
) -> Answer:
    """The answer of one cell."""
    if real is None or synthetic is None:
        error = math.inf
    elif value.metric == "agreement":
        error = float(real != synthetic)
    else:
        error = metrics.cell_error(float(real), float(synthetic))
    return Answer(
        column=value.column,
        key=key,
        devices=devices,
        real=real,
        synthetic=synthetic,
        error=error,
        tolerance=value.tolerance,
    )


def _whole(
    value: catalog.Value, devices: int, real: run.Result, synthetic: run.Result
) -> Answer:
    """The answer of a whole column."""
    sides: list[Any] = [None, None]
    results = (real, synthetic)
    if value.metric == "share_variation":
        error = metrics.share_variation(
            *(compare.column(side, value.column) for side in results)
        )
    else:
        if value.metric == "row_count":
            sides = [len(side.rows) for side in results]
        else:
            sides = [_mean(compare.column(side, value.column)) for side in results]
        missing = sides[0] is None or sides[1] is None or not synthetic.rows
        error = math.inf if missing else metrics.cell_error(*sides)
    return Answer(
        column=value.column,
        key=groups.WHOLE,
        devices=devices,
        real=sides[0],
        synthetic=sides[1],
        error=error,
        tolerance=value.tolerance,
    )


def _mean(cells: Sequence[Any]) -> float | None:
    """Mean of the cells that have a value; None of none."""
    numbers = [float(cell) for cell in cells if cell is not None]
    return math.fsum(numbers) / len(numbers) if numbers else None


def rows(
    label: str,
    query: catalog.Query,
    found: Sequence[Answer],
    halves: Mapping[tuple[str, Key], float],
) -> list[dict[str, Any]]:
    """Makes the rows of `answers.csv` of one label and query.

    Args:
        label: The label.
        query: The query.
        found: Its answers.
        halves: Error of one half of the real fleet on the other, by column and key.

    Returns:
        A row per answer, by `COLUMNS`.
    """
    return [
        {
            "label": label,
            "workload": query.workload,
            "query": query.name,
            "column": answer.column,
            "group_key": key_text(query, answer.key),
            "devices": answer.devices,
            "real": answer.real,
            "synthetic": answer.synthetic,
            "half_sample": halves.get((answer.column, answer.key)),
            "error": answer.error,
            "tolerance": answer.tolerance,
            "right": answer.right,
        }
        for answer in found
    ]


def key_text(query: catalog.Query, key: Key) -> str:
    """Writes a group's key as a JSON object.

    Args:
        query: Names the parts of the key.
        key: Its cells.

    Returns:
        JSON; `{}` is the whole result.
    """
    cells = dict(zip(query.keys, key, strict=False))
    return json.dumps(cells, ensure_ascii=False, default=str)
