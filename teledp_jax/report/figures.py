"""Draws what a run's methods pass, miss and cost, as SVG with text that stays text."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import figure as mpl_figure
from matplotlib import ticker

from teledp_jax.report import style

_MOST_SHAPES = 1000  # beyond it points are drawn as a picture


def passed(tallies: Mapping[str, tuple[int, int]], methods: Sequence[str]) -> str:
    """Draws the share of queries that each label passes.

    Args:
        tallies: By label, the number of queries passed and evaluated.
        methods: Labels that are methods; the others are references, drawn in grey.

    Returns:
        The SVG.
    """
    labels = list(tallies)[::-1]
    palette = style.colors(methods)
    with style.rules():
        figure, axes = _lines(len(labels))
        bars = axes.barh(
            labels,
            [tallies[label][0] / max(tallies[label][1], 1) for label in labels],
            color=[palette.get(label, style.REAL_COLOR) for label in labels],
            height=0.62,
        )
        axes.bar_label(
            bars,
            [f"{tallies[label][0]} of {tallies[label][1]}" for label in labels],
            padding=4,
        )
        axes.set(xlim=(0, 1.2), xticks=[0, 0.5, 1], title="Queries that pass")
        axes.xaxis.set_major_formatter(ticker.PercentFormatter(1))
        return style.svg(figure)


def normalized(values: Mapping[str, float], methods: Sequence[str]) -> str:
    """Draws the median normalised error of each label on a log axis, a line at 1."""
    palette = style.colors(methods)
    finite = [value for value in values.values() if math.isfinite(value)]
    low, high = min([0.5, *finite]) / 1.5, max([10.0, *finite]) * 2
    with style.rules():
        figure, axes = _lines(len(values))
        axes.axvline(1, color=style.INK, linewidth=0.8, linestyle=":")
        for label, value in reversed(list(values.items())):
            place = min(value, high / 1.5)
            axes.plot(
                [place], [label], "o", markersize=7, color=palette.get(label, style.INK)
            )
            axes.annotate(
                f"{value:.3g}" if math.isfinite(value) else "\N{INFINITY}",
                (place, label), (7, 0), va="center", textcoords="offset points",
            )  # fmt: skip
        axes.set(xscale="log", xlim=(low, high), title="Median normalised error")
        axes.margins(y=0.6 / max(len(values), 1))
        style.plain_log(axes)
        return style.svg(figure)


def _lines(count: int) -> tuple[mpl_figure.Figure, Any]:
    """Makes a figure with a line for each of `count` labels."""
    figure = mpl_figure.Figure(figsize=(4.6, 0.75 + 0.32 * count), layout="constrained")
    axes = figure.subplots()
    axes.tick_params(axis="y", length=0)
    return figure, axes


def tradeoff(points: Mapping[str, tuple[float, float]], methods: Sequence[str]) -> str:
    """Draws queries passed against seconds of the fit, compilation included."""
    palette, markers = style.colors(methods), style.markers(methods)
    with style.rules():
        figure = mpl_figure.Figure(figsize=(5.2, 2.7), layout="constrained")
        axes = figure.subplots()
        for label, (cost, share) in points.items():
            axes.plot(
                [max(cost, 1e-2)], [share], markers.get(label, "o"), markersize=7,
                color=palette.get(label, style.INK),
            )  # fmt: skip
            axes.annotate(
                label, (max(cost, 1e-2), share), (8, 0), textcoords="offset points",
                va="center",
            )  # fmt: skip
        axes.set(
            xscale="log", ylim=(0, 1.05), xlabel="seconds to fit",
            ylabel="queries passed",
        )  # fmt: skip
        style.plain_log(axes)
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1))
        axes.margins(x=0.25)
        axes.grid(color="#e8ebf0", linewidth=0.7)
        axes.set_axisbelow(True)
        return style.svg(figure)


def scatter(
    points: Mapping[str, Sequence[tuple[float, float]]], methods: Sequence[str]
) -> str:
    """Draws synthetic against real shares on log axes; what was lost is at the foot.

    Args:
        points: By label, pairs of real and synthetic share.
        methods: All labels of the run, for their colors.

    Returns:
        The SVG.
    """
    palette, markers = style.colors(methods), style.markers(methods)
    real = [x for pairs in points.values() for x, _ in pairs]
    low, high = min(real) / 10, max(real) * 4
    with style.rules():
        figure = mpl_figure.Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(
            [low, high], [low, high], color=style.INK, linewidth=0.8, linestyle=":"
        )
        for label, pairs in points.items():
            axes.plot(
                [x for x, _ in pairs], [max(y, low * 1.15) for _, y in pairs],
                markers.get(label, "o"), markersize=3.5, alpha=0.7,
                markeredgewidth=0, color=palette.get(label, style.INK), label=label,
                rasterized=len(pairs) > _MOST_SHAPES,
            )  # fmt: skip
        axes.set(
            xscale="log", yscale="log", xlabel="share of real devices",
            ylabel="share of synthetic devices", ylim=(low, high),
            xlim=(min(real) / 1.5, max(real) * 1.5),
        )  # fmt: skip
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(ticker.LogLocator(subs=(1, 3)))
            axis.set_major_formatter(ticker.FuncFormatter(style.percent))
            axis.set_minor_locator(ticker.NullLocator())
        style.legend(figure, len(points))
        return style.svg(figure)
