"""Figures of the report, as SVG with text that stays text."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib import ticker

from teledp_jax import schemas

REAL = "real"

_REAL_COLOR = "#c9ced6"
_INK = "#2b3440"
_COLORS = (
    "#0b6fb8", "#d1642a", "#178a6b", "#8a5bb5", "#b8860b", "#c2417c", "#4a5568",
    "#2aa5b5", "#7a8f1f",
)  # fmt: skip
_MARKERS = "osD^vPX*h"
_STYLE: Any = {
    "axes.edgecolor": "#b6bdc8",
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "font.size": 8,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "teledp_jax",
    "text.color": _INK,
    "text.parse_math": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_LONGEST_NAME = 30
_MOST_NAMES = 12
_MOST_SHAPES = 1000  # beyond it points are drawn as a picture
_DPI = 200

Series = Mapping[str, Sequence[float | None]]
"""Values by label, one for each name; None where a label lacks it."""


def colors(labels: Sequence[str]) -> dict[str, str]:
    """A color for each label, the same in all figures."""
    return {label: _COLORS[i % len(_COLORS)] for i, label in enumerate(labels)}


def _markers(labels: Sequence[str]) -> dict[str, str]:
    """A marker for each label, the same in all figures."""
    return {label: _MARKERS[i % len(_MARKERS)] for i, label in enumerate(labels)}


def passed(tallies: Mapping[str, tuple[int, int]], methods: Sequence[str]) -> str:
    """Share of queries that each label passes.

    Args:
        tallies: By label, the number of queries passed and evaluated.
        methods: Labels that are methods; the others are references, drawn in grey.
    """
    labels = list(tallies)[::-1]
    palette = colors(methods)
    with mpl.rc_context(_STYLE):
        figure, axes = _lines(len(labels))
        bars = axes.barh(
            labels,
            [tallies[label][0] / max(tallies[label][1], 1) for label in labels],
            color=[palette.get(label, _REAL_COLOR) for label in labels],
            height=0.62,
        )
        axes.bar_label(
            bars,
            [f"{tallies[label][0]} of {tallies[label][1]}" for label in labels],
            padding=4,
        )
        axes.set(xlim=(0, 1.2), xticks=[0, 0.5, 1], title="Queries that pass")
        axes.xaxis.set_major_formatter(ticker.PercentFormatter(1))
        return _svg(figure)


def normalized(values: Mapping[str, float], methods: Sequence[str]) -> str:
    """Median normalised error of each label on a log axis, with a line at 1."""
    palette = colors(methods)
    finite = [value for value in values.values() if math.isfinite(value)]
    low, high = min([0.5, *finite]) / 1.5, max([10.0, *finite]) * 2
    with mpl.rc_context(_STYLE):
        figure, axes = _lines(len(values))
        axes.axvline(1, color=_INK, linewidth=0.8, linestyle=":")
        for label, value in reversed(list(values.items())):
            place = min(value, high / 1.5)
            axes.plot(
                [place], [label], "o", markersize=7, color=palette.get(label, _INK)
            )
            axes.annotate(
                f"{value:.3g}" if math.isfinite(value) else "\N{INFINITY}",
                (place, label), (7, 0), va="center", textcoords="offset points",
            )  # fmt: skip
        axes.set(xscale="log", xlim=(low, high), title="Median normalised error")
        axes.margins(y=0.6 / max(len(values), 1))
        _plain_log(axes)
        return _svg(figure)


def _plain_log(axes: Any) -> None:
    """Plain numbers at 1, 3, 10, 30 and so on of a logarithmic x axis."""
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 3)))
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def _lines(count: int) -> tuple[mpl_figure.Figure, Any]:
    """A figure with a line for each of `count` labels."""
    figure = mpl_figure.Figure(figsize=(4.6, 0.75 + 0.32 * count), layout="constrained")
    axes = figure.subplots()
    axes.tick_params(axis="y", length=0)
    return figure, axes


def tradeoff(points: Mapping[str, tuple[float, float]], methods: Sequence[str]) -> str:
    """Share of queries passed against the seconds of the fit, compilation included."""
    palette, markers = colors(methods), _markers(methods)
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(figsize=(5.2, 2.7), layout="constrained")
        axes = figure.subplots()
        for label, (cost, share) in points.items():
            axes.plot(
                [max(cost, 1e-2)], [share], markers.get(label, "o"), markersize=7,
                color=palette.get(label, _INK),
            )  # fmt: skip
            axes.annotate(
                label, (max(cost, 1e-2), share), (8, 0), textcoords="offset points",
                va="center",
            )  # fmt: skip
        axes.set(
            xscale="log", ylim=(0, 1.05), xlabel="seconds to fit",
            ylabel="queries passed",
        )  # fmt: skip
        _plain_log(axes)
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1))
        axes.margins(x=0.25)
        axes.grid(color="#e8ebf0", linewidth=0.7)
        axes.set_axisbelow(True)
        return _svg(figure)


def scatter(
    points: Mapping[str, Sequence[tuple[float, float]]], methods: Sequence[str]
) -> str:
    """Synthetic share against real share, on log axes; what was lost lies at the foot.

    Args:
        points: By label, pairs of real and synthetic share.
        methods: All labels of the run, for their colors.
    """
    palette, markers = colors(methods), _markers(methods)
    real = [x for pairs in points.values() for x, _ in pairs]
    low, high = min(real) / 10, max(real) * 4
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(figsize=(4.6, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot([low, high], [low, high], color=_INK, linewidth=0.8, linestyle=":")
        for label, pairs in points.items():
            axes.plot(
                [x for x, _ in pairs], [max(y, low * 1.15) for _, y in pairs],
                markers.get(label, "o"), markersize=3.5, alpha=0.7,
                markeredgewidth=0, color=palette.get(label, _INK), label=label,
                rasterized=len(pairs) > _MOST_SHAPES,
            )  # fmt: skip
        axes.set(
            xscale="log", yscale="log", xlabel="share of real devices",
            ylabel="share of synthetic devices", ylim=(low, high),
            xlim=(min(real) / 1.5, max(real) * 1.5),
        )  # fmt: skip
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(ticker.LogLocator(subs=(1, 3)))
            axis.set_major_formatter(ticker.FuncFormatter(_percent))
            axis.set_minor_locator(ticker.NullLocator())
        _legend(figure, len(points))
        return _svg(figure)


def dots(
    names: Sequence[str],
    series: Series,
    methods: Sequence[str],
    *,
    axis: str,
    base: str = REAL,
    share: bool = False,
) -> str:
    """A bar for what is real and a dot for each label, a line a name.

    Args:
        names: What the lines are about; the first twelve are shown.
        series: Values by label.
        methods: All labels of the run, for their colors.
        axis: What the values are.
        base: The label that is drawn as a bar.
        share: Whether the values are shares, shown in percent.
    """
    names = names[:_MOST_NAMES]
    palette, markers = colors(methods), _markers(methods)
    places = np.arange(len(names))[::-1]
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(
            figsize=(4.6, 0.85 + 0.24 * len(names)), layout="constrained"
        )
        axes = figure.subplots()
        if base in series:
            axes.barh(
                places, _floats(series[base], len(names)), color=_REAL_COLOR,
                height=0.66, label=base,
            )  # fmt: skip
        others = [label for label in series if label != base]
        for i, label in enumerate(others):
            axes.plot(
                _floats(series[label], len(names)),
                places + 0.16 * (i - (len(others) - 1) / 2) / max(len(others) / 3, 1),
                markers.get(label, "o"), markersize=4.2, markeredgecolor="white",
                markeredgewidth=0.5, color=palette.get(label, _INK), label=label,
            )  # fmt: skip
        axes.set_yticks(places, [_short(name) for name in names])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(axis)
        if share:
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(_percent))
        else:
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(_compact))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
        _legend(figure, len(series))
        return _svg(figure)


def distribution(
    column: schemas.Column,
    shares: Mapping[str, np.ndarray],
    methods: Sequence[str],
) -> str:
    """Shares of a column's codes: real as a surface or bars, labels as lines or dots.

    Args:
        column: The column.
        shares: By label, `real` among them, the share of each code.
        methods: All labels of the run, for their colors.
    """
    if not column.is_number:
        real = shares.get(REAL, np.zeros(column.num_codes))
        order = np.argsort(-real, kind="stable")
        order = order[: min(_MOST_NAMES, max(int((real > 0).sum()), 1))]
        texts = column.labels()
        return dots(
            [texts[i] for i in order],
            {label: [float(part[i]) for i in order] for label, part in shares.items()},
            methods,
            axis="share of rows",
            share=True,
        )
    palette, markers = colors(methods), _markers(methods)
    places = np.arange(column.num_codes)
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(figsize=(4.6, 2.3), layout="constrained")
        axes = figure.subplots()
        for label, part in shares.items():
            if label == REAL:
                axes.bar(places, part, width=0.92, color=_REAL_COLOR, label=REAL)
                continue
            axes.plot(
                places, part, marker=markers.get(label, "o"), markersize=3,
                linewidth=1.1, color=palette.get(label, _INK), label=label,
            )  # fmt: skip
        _bin_ticks(axes, column)
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(_percent))
        axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
        _legend(figure, len(shares))
        return _svg(figure)


def _bin_ticks(axes: Any, column: schemas.Column) -> None:
    """Names absent, zero and some of the edges of the bins."""
    named = [(0.0, "absent")] + ([(1.0, "zero")] if column.has_zero else [])
    step = max(math.ceil(column.num_bins / 5), 1)
    for i in range(0, column.num_bins + 1, step):
        named.append((column.first_bin + i - 0.5, _compact(column.edges[i])))
    axes.set_xticks([place for place, _ in named], [text for _, text in named])
    for text in axes.get_xticklabels()[: column.first_bin]:
        text.set(rotation=90, fontsize=7)
    if column.unit:
        axes.set_xlabel(column.unit)


def _percent(share: float, _: Any) -> str:
    """A tick of an axis of shares."""
    return f"{100 * share:.3g}%"


def _compact(number: float, _: Any = None) -> str:
    """A number in few characters: 0.25, 1.5k, 20M."""
    number = float(f"{number:.3g}")
    if abs(number) < 1000:
        return f"{number:g}"
    return ticker.EngFormatter(sep="", places=None)(number)


def _floats(values: Sequence[float | None], count: int) -> np.ndarray:
    """The first values, what is missing or infinite as NaN."""
    numbers = np.array(
        [math.nan if value is None else value for value in values[:count]], float
    )
    return np.where(np.isfinite(numbers), numbers, math.nan)


def _short(name: str) -> str:
    """A name that fits beside an axis."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _legend(figure: mpl_figure.Figure, count: int) -> None:
    """A legend above the axes."""
    figure.legend(
        loc="outside upper left", ncols=min(count, 4), handletextpad=0.4,
        columnspacing=1.0, borderaxespad=0.1,
    )  # fmt: skip


def _svg(figure: mpl_figure.Figure) -> str:
    """The figure's SVG; nothing in it depends on the time of day."""
    text = io.StringIO()
    metadata = {"Date": None, "Creator": None}
    figure.savefig(text, format="svg", metadata=metadata, dpi=_DPI)
    return text.getvalue()
