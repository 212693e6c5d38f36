"""Forms of results on one table, each row a device: marginals and classifiers."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import origin
import table_form

from teledp_jax import registry


def adult(result: Mapping[str, Any]) -> table_form.Form:
    """Shows the error of two-way marginals; each row is a run of its own."""
    rows = [
        [
            table_form.code(label) if label in registry.METHODS else label,
            table_form.number(
                statistics.mean(run["mean_two_way_variation"] for run in each), 3
            ),
            str(len(each)),
            origin.FOREIGN
            if "reference" in each[0]
            else origin.age(each[-1].get("code")),
        ]
        for label, each in result["methods"].items()
    ]
    return table_form.Form(["method", "mean total variation", "runs", "code"], rows)


def high_order(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what classifiers learn from synthetic rows."""
    header = [
        "set",
        "method",
        "boosting",
        "random forest",
        "runs",
        "fit, CPU s",
        "peak memory, GB",
        "code",
    ]
    rows = [
        [
            name,
            table_form.code(method),
            *(
                table_form.number(statistics.mean(run[field] for run in each), digits)
                for field, digits in (("boosting", 3), ("forest", 3))
            ),
            str(len(each)),
            table_form.number(
                statistics.mean(run["fit_processor_seconds"] for run in each)
            ),
            _peak([run for run in each if "peak_rss_bytes" in run]),
            origin.age(each[-1].get("code")),
        ]
        for name, methods in result["sets"].items()
        for method, each in methods.items()
    ]
    return table_form.Form(header, rows)


def _peak(runs: Sequence[Mapping[str, Any]]) -> str:
    """The most memory of some runs, in gigabytes."""
    if not runs:
        return table_form.NONE
    return table_form.number(max(run["peak_rss_bytes"] for run in runs) / 1e9, 1)


def high_order_ablation(result: Mapping[str, Any]) -> table_form.Form:
    """Shows what classifiers learn as one choice changes at a time."""
    rows = [
        [
            name,
            change,
            *(
                table_form.number(statistics.mean(run[field] for run in each), 3)
                for field in ("boosting", "forest")
            ),
            str(len(each)),
            origin.age(each[-1].get("code")),
        ]
        for name, changes in result["sets"].items()
        for change, each in changes.items()
    ]
    header = ["set", "change", "boosting", "random forest", "runs", "code"]
    return table_form.Form(header, rows)
