"""The sections on what methods cost: time, memory, and what it takes to run them."""

from typing import Any

from teledp_jax.report import complexity, figures, sections, tables
from teledp_jax.report import inputs as inputs_lib


def costs(inputs: inputs_lib.Inputs, draw: sections.Draw) -> dict[str, Any]:
    """Time and memory by label, public facts, and utility against time."""
    cells = tables.matrix(inputs.scores)
    rows, facts, points = [], {}, {}
    for label in inputs.labels:
        cost = inputs.costs.get(label) or inputs.summary.get(label) or {}
        rows.append(
            (
                label,
                tables.seconds(cost.get("fit_seconds")),
                tables.seconds(cost.get("compile_seconds")),
                tables.seconds(cost.get("sample_seconds")),
                tables.size(cost.get("peak_rss_bytes")),
                tables.size(cost.get("accelerator_bytes")),
            )
        )
        facts[label] = {
            tables.heading(name): tables.show(value)
            for name, value in (cost.get("facts") or {}).items()
        }
        passed, evaluated = tables.tally(cells, label, inputs.queries)
        fitting = tables.parse(cost.get("fit_seconds"))
        if evaluated and fitting is not None:
            points[label] = (fitting, passed / evaluated)
    figure = None
    if len(points) > 1:
        svg = figures.tradeoff(points, inputs.labels)
        figure = draw(
            "cost", svg, "Queries passed against seconds to fit, compilation among them"
        )
    heads = ("fit", "of it compilation", "sample", "peak memory", "accelerator memory")
    return {
        "grid": tables.Grid(columns=("label", *heads), rows=tuple(rows)),
        "facts": facts,
        "figure": figure,
    }


def engineering(inputs: inputs_lib.Inputs) -> dict[str, Any]:
    """Source, settings and dependencies of each label, and what it takes to run."""
    measured = {
        label: complexity.measure(inputs.method(label)) for label in inputs.labels
    }
    lines, takes, about = [], [], {}
    for label, found in measured.items():
        if found is None:
            continue
        about[label] = found.about
        lines.append(
            (
                label,
                inputs.method(label),
                f"{found.own_lines:,}",
                f"{found.shared_lines:,}",
                str(len(found.hyperparameters)),
                ", ".join(found.dependencies) or tables.NOTHING,
            )
        )
        if found.deployment:
            takes.append((label, *found.deployment))
    heads = ("method", "own lines", "shared lines", "settings", "packages")
    return {
        "about": about,
        "lines": tables.Grid(columns=("label", *heads), rows=tuple(lines)),
        "takes": tables.Grid(
            columns=("label", "accelerator", "network", "tuning"), rows=tuple(takes)
        ),
    }
