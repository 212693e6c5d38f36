"""The five figures of an event log's summary."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import axes as mpl_axes
from matplotlib import dates
from matplotlib import figure as mpl_figure

from teledp_jax import runs

_COLOR = "#0b6fb8"
_BELOW = "#b6bdc8"
_SIZE = (6.4, 3.6)

Rows = Sequence[Mapping[str, Any]]


def write(
    folder: pathlib.Path, *, types: Rows, products: Rows, days: Rows, rates: Rows
) -> list[pathlib.Path]:
    """Draws the figures as PNG.

    Args:
        folder: Gets the files.
        types: Rows of `telemetry_event_counts_by_type`.
        products: Rows of `telemetry_event_counts_by_product`.
        days: Rows of `telemetry_events_per_day`.
        rates: Rows of `telemetry_error_rates_zscores`.

    Returns:
        The files.
    """
    by_type = _bars(types, "Event Type", "event_count")
    by_product = _bars(products, "Product Type", "event_count")
    rate = _bars(rates, "Product Type", "Error Rate")
    score = _bars(rates, "Product Type", "Error Rate Z-Score")
    score.axhline(0, color="#2b3440", linewidth=0.8)
    rate.set_ylabel("error events per event")
    for axes in (by_type, by_product):
        axes.set_ylabel("events")
    score.set_ylabel("standard deviations from the mean")
    figures = {
        "event_type_distribution": (by_type, "Events by type"),
        "product_type_distribution": (by_product, "Events by product"),
        "events_over_time": (_line(days), "Events by day"),
        "error_rate_by_product": (rate, "Error rate by product"),
        "error_rate_zscore_by_product": (score, "Z-score of the error rate"),
    }
    return [_save(folder / f"{name}.png", *parts) for name, parts in figures.items()]


def _axes() -> mpl_axes.Axes:
    """Axes of a new figure."""
    axes = mpl_figure.Figure(figsize=_SIZE, layout="constrained").subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _bars(rows: Rows, name: str, value: str) -> mpl_axes.Axes:
    """A bar a row, with its number; those below zero in another color."""
    axes = _axes()
    values = [float(row[value]) for row in rows]
    colors = [_COLOR if number >= 0 else _BELOW for number in values]
    bars = axes.bar([str(row[name]) for row in rows], values, color=colors)
    whole = all(number.is_integer() for number in values)
    axes.bar_label(bars, fmt="{:,.0f}" if whole else "{:.3f}", fontsize=8, padding=2)
    axes.margins(y=0.12)
    axes.set_xlabel(name)
    return axes


def _line(rows: Rows) -> mpl_axes.Axes:
    """Events by day; the axis begins at zero, so that noise looks like noise."""
    axes = _axes()
    axes.plot(
        [row["event_date"] for row in rows],
        [row["event_count"] for row in rows],
        color=_COLOR,
    )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("events")
    axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=8))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))
    return axes


def _save(path: pathlib.Path, axes: mpl_axes.Axes, title: str) -> pathlib.Path:
    """Writes a figure whole."""
    axes.set_title(title)
    figure = axes.get_figure(root=True)
    assert figure is not None
    with mpl.rc_context({"text.parse_math": False}), runs.atomic(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)
    return path


def comparison(
    facts: Mapping[str, Mapping[str, Any]], published: Mapping[str, Any]
) -> str:
    """A Markdown table of logs against the real one.

    Args:
        facts: Results of `evaluation.eventlog.compare` by label, with `real`.
        published: The same figures of the published DP-VAE, where it has them.
    """
    columns = {
        "product_max_points": "products, points",
        "event_type_max_points": "event types, points",
        "error_rate_within_target": "error rates in target",
        "average_error_rate": "average error rate",
        "zscore_linf": "z-score, largest change",
        "zscore_iou": "z > 0, overlap",
        "time_ks": "KS of time",
        "accuracy": "accuracy on real",
    }
    lines = [
        "| log | " + " | ".join(columns.values()) + " |",
        "|---|" + "--:|" * len(columns),
    ]
    for label, row in {**facts, "published DP-VAE": published}.items():
        cells = [f"{row[name]:.4g}" if name in row else "" for name in columns]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
