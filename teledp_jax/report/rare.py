"""Shows how rare events survive, from the rows of `rare_events.csv`."""

import statistics
from typing import Any

from teledp_jax.report import embed, figures, run_files, tables, texts

MOST_EVENTS = 200
"""Number of events that the page shows; the file has them all."""


def section(inputs: run_files.Inputs, draw: embed.Draw) -> dict[str, Any]:
    """Makes the section: counts by label, a figure, and the rarest events."""
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
        "summary": summary(inputs.rare_events),
        "grid": events(inputs.rare_events),
        "figure": figure,
    }


def summary(rows: run_files.Rows) -> tables.Grid:
    """Counts the rare events that each label keeps."""
    found = []
    for label, members in tables.groups(rows, "label").items():
        ratios = [texts.parse(event["ratio"]) or 0.0 for event in members]
        found.append(
            (
                label,
                str(len(ratios)),
                str(sum(0.5 <= ratio <= 2 for ratio in ratios)),
                str(sum(ratio == 0 for ratio in ratios)),
                texts.show(statistics.median(ratios)),
            )
        )
    heads = ("events", "within a factor of 2", "lost", "median ratio to real")
    return tables.of(("label", *heads), found)


def events(rows: run_files.Rows) -> tables.Grid:
    """Shows a row per event, the rarest first: its share of devices by label."""
    labels = tuple(tables.groups(rows, "label"))
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["table"], row["column"], row["value"]
        shares = found.setdefault(key, {"real": texts.parse(row["real_share"])})
        shares[row["label"]] = row["synthetic_share"]
    order = sorted(found.items(), key=lambda item: item[1]["real"] or 0.0)
    return tables.of(
        ("table", "column", "value", "real", *labels),
        [
            (*key, *(texts.percent(shares.get(label)) for label in ("real", *labels)))
            for key, shares in order[:MOST_EVENTS]
        ],
    )
