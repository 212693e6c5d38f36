"""The sections on what methods cost: time, memory, and what it takes to run them."""

from typing import Any

from teledp_jax.report import (
    complexity,
    embed,
    figures,
    judged,
    run_files,
    tables,
    texts,
)


def costs(inputs: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Returns time and memory by label, public facts, and utility against time."""
    found = judged.verdicts(inputs.judgement)
    rows, facts, points = [], {}, {}
    for label in inputs.labels:
        cost = inputs.costs.get(label) or inputs.summary.get(label) or {}
        rows.append(
            (
                label,
                texts.seconds(cost.get("fit_seconds")),
                texts.seconds(cost.get("compile_seconds")),
                texts.seconds(cost.get("sample_seconds")),
                texts.size(cost.get("peak_rss_bytes")),
                texts.size(cost.get("accelerator_bytes")),
            )
        )
        facts[label] = {
            texts.heading(name): texts.show(value)
            for name, value in (cost.get("facts") or {}).items()
        }
        share = judged.mean_share(found, label, inputs.queries)
        fitting = texts.parse(cost.get("fit_seconds"))
        if share is not None and fitting is not None:
            points[label] = (fitting, share)
    figure = None
    if len(points) > 1:
        title = "mean share of answers right"
        svg = figures.tradeoff(points, inputs.labels, title=title)
        alt = f"The {title} against seconds to fit, compilation among them"
        figure = draw("cost", svg, alt)
    heads = ("fit", "of it compilation", "sample", "peak memory", "accelerator memory")
    return {
        "grid": tables.Grid(columns=("label", *heads), rows=tuple(rows)),
        "facts": facts,
        "figure": figure,
    }


def engineering(inputs: run_files.Inputs) -> dict[str, Any]:
    """Returns source, settings, dependencies of labels, and what each takes to run."""
    recorded = {label: complexity.of(inputs.method(label)) for label in inputs.labels}
    lines, takes, about = [], [], {}
    for label, found in recorded.items():
        if found is None:
            continue
        about[label] = found.about
        lines.append(
            (
                label,
                inputs.method(label),
                f"{found.own_lines:,}",
                f"{found.shared_lines:,}",
                str(len(found.settings)),
                ", ".join(found.packages) or texts.NOTHING,
            )
        )
        if deployment := complexity.takes(inputs.method(label)):
            takes.append((label, *deployment))
    heads = ("method", "own lines", "shared lines", "settings", "packages")
    return {
        "about": about,
        "lines": tables.Grid(columns=("label", *heads), rows=tuple(lines)),
        "takes": tables.Grid(
            columns=("label", "accelerator", "network", "tuning"), rows=tuple(takes)
        ),
    }
