"""Draws figures of recorded results, as SVG."""

import collections
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import figure as mpl_figure

from teledp_jax.report import figures


def right(result: Mapping[str, Any]) -> str:
    """Draws the mean share of answers right of each label, the mean over runs.

    Args:
        result: A result of `benchmarks/utility.py`.

    Returns:
        SVG.
    """
    methods = result["methods"]
    shares = {label: each["share_right"]["mean"] for label, each in methods.items()}
    values = {label: (share, f"{100 * share:.0f} %") for label, share in shares.items()}
    fitted = [label for label, fields in methods.items() if "fit_seconds" in fields]
    return figures.bars(values, fitted, title="Mean share of answers right")


def scaling(result: Mapping[str, Any]) -> str:
    """Draws time and memory of a fit against devices, and against tables.

    Args:
        result: A result of `benchmarks/scaling.py`.

    Returns:
        SVG.
    """
    rows: Sequence[dict[str, Any]] = result["rows"]
    most = max(row["num_tables"] for row in rows)
    fixed = collections.Counter(row["num_devices"] for row in rows).most_common(1)[0][0]
    kept = {
        "num_devices": [row for row in rows if row["num_tables"] == most],
        "num_tables": [row for row in rows if row["num_devices"] == fixed],
    }
    measures = (("fit_seconds", "fit, s", 1.0), ("peak_bytes", "memory, GB", 1e9))
    with mpl.rc_context({"svg.hashsalt": "scaling", "svg.fonttype": "none"}):
        figure = mpl_figure.Figure(figsize=(8, 6), layout="tight")
        panels = figure.subplots(2, 2, sharex="col")
        for column, (x, points) in enumerate(kept.items()):
            for line, (y, name, unit) in enumerate(measures):
                panel = panels[line, column]
                for method in dict.fromkeys(row["method"] for row in rows):
                    own = [row for row in points if row["method"] == method]
                    own.sort(key=lambda row: row[x])
                    values = [row[y] / unit for row in own]
                    places = [row[x] for row in own]
                    panel.plot(places, values, marker="o", label=method)
                panel.set_ylim(bottom=0)
                panel.set_ylabel(name)
                panel.grid(alpha=0.3)
                if x == "num_devices":
                    panel.set_xscale("log")
            panels[1, column].set_xlabel(x.removeprefix("num_"))
        panels[0, 0].legend()
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        return text.getvalue()


FIGURES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "answers_right": right,
    "scaling_cpu2": scaling,
}
"""Name of a figure's file to how it is drawn."""

SOURCES = {"answers_right": "utility_dca_stability", "scaling_cpu2": "scaling_cpu2"}
"""Name of a figure's file to the result that it shows."""
