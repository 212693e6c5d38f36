"""The five figures of an event log's summary."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import axes as mpl_axes
from matplotlib import dates, ticker
from matplotlib import figure as mpl_figure

from teledp_jax import runs

_COLOR = "#0b6fb8"
_BELOW = "#b6bdc8"
_INK = "#2b3440"
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
    figures = {
        "event_type_distribution": (_counts(types, "Event Type"), "Events by type"),
        "product_type_distribution": (
            _counts(products, "Product Type"),
            "Events by product",
        ),
        "events_over_time": (_line(days), "Events by day"),
        "error_rate_by_product": (_rates(rates), "Error rate by product"),
        "error_rate_zscore_by_product": (_scores(rates), "Z-score of the error rate"),
    }
    return [_save(folder / f"{name}.png", *parts) for name, parts in figures.items()]


def _axes() -> mpl_axes.Axes:
    """Axes of a new figure."""
    axes = mpl_figure.Figure(figsize=_SIZE, layout="constrained").subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,g}"))
    return axes


def _counts(rows: Rows, name: str) -> mpl_axes.Axes:
    """Draws a bar per row, with its number of events and share of all."""
    axes = _axes()
    values = [int(row["event_count"]) for row in rows]
    bars = axes.bar([str(row[name]) for row in rows], values, color=_COLOR)
    total = max(sum(values), 1)
    texts = [f"{value:,}\n{100 * value / total:.1f} %" for value in values]
    axes.bar_label(bars, texts, fontsize=8, padding=2)
    axes.margins(y=0.16)
    axes.set_xlabel(name)
    axes.set_ylabel("events")
    return axes


def _rates(rows: Rows) -> mpl_axes.Axes:
    """Draws a bar per product, with the mean over products that z-scores are about."""
    axes = _axes()
    values = [100 * float(row["Error Rate"]) for row in rows]
    bars = axes.bar([str(row["Product Type"]) for row in rows], values, color=_COLOR)
    axes.bar_label(bars, fmt="{:.2f} %", fontsize=8, padding=2)
    mean = sum(values) / max(len(values), 1)
    axes.axhline(mean, color=_INK, linewidth=0.8, linestyle="--")
    axes.annotate(
        f"mean of products {mean:.2f} %", (1, mean), xytext=(0, 3),
        xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
        fontsize=8, color=_INK,
    )  # fmt: skip
    axes.margins(y=0.12)
    axes.set_xlabel("Product Type")
    axes.set_ylabel("error events, percent of all")
    return axes


def _scores(rows: Rows) -> mpl_axes.Axes:
    """Draws a bar per product; those below zero in another color."""
    axes = _axes()
    # Of a single product, or of equal ones, there is no z-score.
    values = [float(row["Error Rate Z-Score"] or 0) for row in rows]
    colors = [_COLOR if number >= 0 else _BELOW for number in values]
    names = [str(row["Product Type"]) for row in rows]
    bars = axes.bar(names, values, color=colors)
    axes.bar_label(bars, fmt="{:.2f}", fontsize=8, padding=2)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.margins(y=0.12)
    axes.set_xlabel("Product Type")
    axes.set_ylabel("standard deviations from the mean")
    return axes


def _line(rows: Rows) -> mpl_axes.Axes:
    """Draws events by day, and the band that chance would leave one day in 20."""
    axes = _axes()
    days = [row["event_date"] for row in rows]
    counts = [row["event_count"] for row in rows]
    mean = sum(counts) / max(len(counts), 1)
    reach = 1.96 * mean**0.5
    axes.axhspan(
        mean - reach, mean + reach, color=_BELOW, alpha=0.35, linewidth=0,
        label="mean of days, and 95 % of Poisson counts about it",
    )  # fmt: skip
    axes.axhline(mean, color=_INK, linewidth=0.8, linestyle="--")
    axes.plot(days, counts, color=_COLOR, marker=".", markersize=4, linewidth=1)
    low, high = min(counts, default=0), max(counts, default=1)
    margin = max(0.6 * (high - low), 2 * reach)
    axes.set_ylim(max(low - margin, 0), high + margin)
    axes.legend(loc="upper left", frameon=False, fontsize=8)
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
