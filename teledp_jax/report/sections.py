"""The sections of the report: from what was read to what the page shows."""

import json
import math
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from teledp_jax.data import suite as suite_lib
from teledp_jax.report import distributions, figures, questions, tables
from teledp_jax.report import inputs as inputs_lib

Draw = Callable[[str, str, str], Any]
"""Keeps a figure: (name, SVG, text that says what it shows) to what the page embeds."""

_MOST_ROWS = 12
_STATISTICS_FIRST = ("column", "label")


class Claim(NamedTuple):
    """What one label, or all of them together, promises."""

    label: str
    method: str
    entry: Mapping[str, Any]
    events: tables.Grid

    @property
    def claimed(self) -> str:
        """What the published study would say of it; empty for all other labels."""
        claim = self.entry.get("claimed")
        if not claim:
            return ""
        parts = claim["num_parts"]
        each = f"{tables.show(claim['epsilon'])} for each of {parts} parts"
        whole = f"{tables.show(claim['epsilon'])} in all"
        return f"{each if parts > 1 else whole} ({claim['reading']})"


def promise(inputs: inputs_lib.Inputs) -> dict[str, Any]:
    """Unit, adjacency, budgets and events, the total of all labels apart."""
    claims = [
        Claim(
            label=label,
            method=inputs.method(label),
            entry=entry,
            events=tables.Grid(
                columns=("stage", "mechanism", "event"),
                rows=tuple(
                    (
                        str(event.get("stage", "")),
                        str(event.get("mechanism", "")),
                        str(event.get("text") or event.get("event", "")),
                    )
                    for event in entry.get("events") or ()
                ),
            ),
        )
        for label, entry in inputs.ledger.items()
    ]
    return {
        "claims": [claim for claim in claims if claim.label != "total"],
        "total": next((claim for claim in claims if claim.label == "total"), None),
        "first": claims[0].entry if claims else {},
        "claimed": [claim.label for claim in claims if claim.claimed],
        "num_devices": inputs.config.get("num_devices"),
    }


def domains(inputs: inputs_lib.Inputs) -> dict[str, Any]:
    """Private domains: what they cost by themselves, and how much was learnt."""
    learnt = inputs.domains
    if not learnt:
        return {}
    devices = max(int(inputs.config.get("num_devices") or 0), 1)
    sizes = [
        (name, size["kind"], str(size["learnt"]), str(size["stated"]))
        for name, size in learnt["sizes"].items()
    ]
    cells = tables.matrix(inputs.scores)
    passed = {
        name: tables.tally(cells, name, inputs.queries)
        for name in ("ceiling", "ceiling_public")
        if name in inputs.references
    }
    shares = [
        (name, f"{100 * count / devices:.1f} %")
        for name, count in learnt["domain"]["presences"].items()
    ]
    return {
        "share": learnt["share"],
        "epsilon": learnt["epsilon"],
        "delta": learnt["delta"],
        "threshold": learnt["threshold"],
        "num_columns": learnt["num_columns"],
        "passed": passed if len(passed) == 2 else {},
        "has_texts": bool(learnt["domain"]["vocabularies"]),
        "sizes": tables.Grid(
            columns=("column", "kind", "bins or values learnt", "in the header"),
            rows=tuple(sizes),
        ),
        "presences": tables.Grid(
            columns=("table", "devices that have it"), rows=tuple(shares)
        ),
    }


def verdict(inputs: inputs_lib.Inputs, draw: Draw) -> dict[str, Any]:
    """Who passes what: sentences, a figure, a matrix, and counts by type."""
    cells = tables.matrix(inputs.scores)
    everyone = (*inputs.labels, *inputs.references)
    tallies = {label: tables.tally(cells, label, inputs.queries) for label in everyone}
    passed = {label: pair for label, pair in tallies.items() if pair[1]}
    normalized = {
        label: tables.parse(
            inputs.summary.get(label, {}).get("median_normalized_error")
        )
        for label in passed
        if label not in inputs_lib.REFERENCES
    }
    drawn = {}
    if passed:
        told = ", ".join(f"{name} {a} of {b}" for name, (a, b) in passed.items())
        svg = figures.passed(passed, inputs.labels)
        drawn["passed"] = draw("passed", svg, f"Queries that pass: {told}.")
    if shown := {name: value for name, value in normalized.items() if value}:
        told = ", ".join(f"{name} {value:.3g}" for name, value in shown.items())
        svg = figures.normalized(shown, inputs.labels)
        alt = f"Median normalised error: {told}."
        drawn["normalized"] = draw("normalized_error", svg, alt)
    return {
        "cells": cells,
        "none": tables.Cell(0, 0),
        "labels": everyone,
        "tallies": tallies,
        "passed": drawn.get("passed"),
        "normalized": drawn.get("normalized"),
        "divides": tables.divides(cells, inputs.labels, inputs.queries),
        "best": max(
            (label for label in questions.synthesizers(inputs) if label in passed),
            key=lambda label: (
                passed[label][0] / passed[label][1],
                -(normalized.get(label) or math.inf),
            ),
            default=None,
        ),
        "by_type": tables.by_type(cells, everyone, inputs.queries),
    }


def ceiling(inputs: inputs_lib.Inputs) -> list[dict[str, Any]]:
    """For each reference, how many queries it passes and which checks it fails."""
    cells = tables.matrix(inputs.scores)
    return [
        {
            "label": label,
            "tally": tables.tally(cells, label, inputs.queries),
            "misses": tables.misses(inputs.scores, label),
        }
        for label in inputs.references
    ]


def queries(inputs: inputs_lib.Inputs, draw: Draw) -> list[dict[str, Any]]:
    """A page a query: question, SQL, checks, results side by side, and a figure."""
    scores = tables.groups(inputs.scores, "query")
    judged = (*inputs.labels, *(x for x in inputs.references if x != "half_sample"))
    pages = []
    for query in inputs.queries:
        found = {
            label: inputs.results(label, query.name)
            for label in ("real", *inputs.labels)
            if (inputs.run.results(label) / f"{query.name}.csv").exists()
        }
        compared = tables.compare(query, found) if found else []
        pages.append(
            {
                "query": query,
                "checks": tables.checks(scores.get(query.name, []), judged),
                "counts": tables.counts(query, found) if found else "",
                "grids": [
                    (part.column, part.grid(query.keys, limit=_MOST_ROWS))
                    for part in compared
                ],
                "figure": _query_figure(
                    inputs,
                    query,
                    _most_failed_first(compared, scores.get(query.name, [])),
                    draw,
                ),
            }
        )
    return pages


def _most_failed_first(
    compared: Sequence[tables.Comparison], scores: Sequence[Mapping[str, str]]
) -> list[tables.Comparison]:
    """Value columns by the number of labels that fail on them: there is most to see."""
    failed = [row["column"] for row in scores if not tables.holds(row["passed"])]
    return sorted(compared, key=lambda part: -failed.count(part.column))


def _query_figure(
    inputs: inputs_lib.Inputs,
    query: inputs_lib.Query,
    compared: Sequence[tables.Comparison],
    draw: Draw,
) -> Any:
    """The first column that holds numbers, the real ones as bars."""
    for part in compared:
        series = {
            label: [tables.parse(value) for value in values]
            for label, values in part.series.items()
        }
        if any(value is not None for value in series.get("real", ())):
            names = [" · ".join(name) for name in part.names]
            axis = tables.heading(part.column)
            svg = figures.dots(names, series, inputs.labels, axis=axis)
            return draw(f"query_{query.name}", svg, f"{axis} by key, real and methods")
    return None


def columns(
    inputs: inputs_lib.Inputs, suite: suite_lib.Suite, draw: Draw
) -> list[dict[str, Any]]:
    """For each device table, a figure a column and the summary statistics."""
    statistics = tables.groups(inputs.statistics, "table")
    found = []
    for table in suite.schema.tables:
        drawn = []
        for column in table.columns:
            shares = distributions.shares(inputs, table, column)
            if shares:
                svg = figures.distribution(column, shares, inputs.labels)
                alt = f"Distribution of {table.name}.{column.name}"
                drawn.append((column, draw(f"{table.name}.{column.name}", svg, alt)))
        rows = [_without(row, "table") for row in statistics.get(table.name, [])]
        rows.sort(key=lambda row: [row.get(name, "") for name in _STATISTICS_FIRST[:1]])
        found.append({"table": table, "drawn": drawn, "statistics": tables.grid(rows)})
    return found


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A row without a column, the column and label first."""
    first = {key: row[key] for key in _STATISTICS_FIRST if key in row}
    return first | {key: value for key, value in row.items() if key != name}


def summary(inputs: inputs_lib.Inputs) -> tables.Grid:
    """The methods' scores, by the published rules and by the corrected ones."""
    fields = {
        "epsilon": "epsilon",
        "delta": "delta",
        "evaluated": "evaluated",
        "passed": "passed",
        "mean_score": "mean score",
        "median_normalized_error": "median normalised error",
        "passed_corrected": "passed, corrected",
        "mean_score_corrected": "mean score, corrected",
        "median_normalized_error_corrected": "median normalised error, corrected",
    }
    return tables.Grid(
        columns=("label", *fields.values()),
        rows=tuple(
            (label, *(tables.show(entry.get(field)) for field in fields))
            for label, entry in inputs.summary.items()
        ),
    )


def rare(inputs: inputs_lib.Inputs, draw: Draw) -> dict[str, Any]:
    """What happens to rare events: counts by label, a figure, and all of them."""
    points = {
        label: [
            (float(row["real_share"]), float(row["synthetic_share"]))
            for row in inputs.rare_events
            if row["label"] == label
        ]
        for label in inputs.labels
    }
    points = {label: pairs for label, pairs in points.items() if pairs}
    figure = None
    if points:
        svg = figures.scatter(points, inputs.labels)
        figure = draw("rare_events", svg, "Synthetic against real share of devices")
    return {
        "summary": tables.rare_summary(inputs.rare_events),
        "grid": tables.rare_events(inputs.rare_events),
        "figure": figure,
    }


def downstream(inputs: inputs_lib.Inputs, draw: Draw) -> dict[str, Any]:
    """Downstream models: a table, and a figure for each of two scores."""
    tasks = tables.groups(inputs.downstream, "task")
    labels = [
        label
        for label in tables.groups(inputs.downstream, "label")
        if label not in inputs_lib.REFERENCES
    ]
    drawn = []
    for score, name in (("auc", "AUC"), ("f1", "F1")) if tasks else ():
        series = {
            label: [
                next(
                    (tables.parse(row[score]) for row in rows if row["label"] == label),
                    None,
                )
                for rows in tasks.values()
            ]
            for label in labels
        }
        names = [tables.heading(task) for task in tasks]
        svg = figures.dots(names, series, inputs.labels, axis=name)
        alt = f"{name} on real devices held out, by training data"
        drawn.append(draw(f"downstream_{score}", svg, alt))
    ordered = [row for rows in tasks.values() for row in rows]
    return {
        "figures": drawn,
        "grid": tables.grid(
            [
                {"task": row["task"], "trained on": row["label"]}
                | {name: row[name] for name in row if name not in ("task", "label")}
                for row in ordered
            ]
        ),
    }


def assumed(
    inputs: inputs_lib.Inputs, suite: suite_lib.Suite, rates: pathlib.Path | None
) -> dict[str, Any]:
    """Columns of the raw tables, and rates of the simulator, that nobody states."""
    rows = [
        (source.name, name, source.types[name], source.descriptions[name])
        for source in suite.sources.values()
        for name in source.types
        if name in source.assumed
    ]
    return {
        "simulated": bool(inputs.settings) and not inputs.settings.get("source"),
        "simulation": json.dumps(inputs.settings.get("simulation") or {}),
        "grid": tables.Grid(
            columns=("raw table", "column", "type", "meaning"), rows=tuple(rows)
        ),
        "rates": tables.Grid(
            columns=("section", "about"),
            rows=tuple(_assumed_rates(rates)) if rates else (),
        ),
    }


def _assumed_rates(path: pathlib.Path) -> Iterator[tuple[str, str]]:
    """Sections of a simulator's data file whose `source` is `assumed`."""
    waiting = [("", yaml.safe_load(path.read_text("utf-8")))]
    while waiting:
        name, value = waiting.pop(0)
        if not isinstance(value, dict):
            continue
        if value.get("source") == "assumed":
            yield name, str(value.get("about") or tables.NOTHING)
        waiting += [(f"{name}.{key}".lstrip("."), part) for key, part in value.items()]


def reproduce(inputs: inputs_lib.Inputs) -> dict[str, Any]:
    """The command, versions, hardware and the whole config."""
    config = inputs.config
    versions = config.get("versions") or {}
    return {
        "command": config.get("command"),
        "hardware": config.get("hardware"),
        "accelerators": config.get("accelerators") or [],
        "seed_policy": config.get("seed_policy"),
        "versions": ", ".join(f"{name} {text}" for name, text in versions.items()),
        "config": json.dumps(inputs.settings, indent=2) if inputs.settings else "",
    }


def anchor(name: str) -> str:
    """A name as the target of a link."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
