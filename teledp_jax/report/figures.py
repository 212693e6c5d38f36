"""Figures of the report, as SVG with text that stays text."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import figure as mpl_figure
from matplotlib import ticker

from teledp_jax import schema as schema_lib

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

Series = Mapping[str, Sequence[float | None]]
"""Values by label, one for each name; None where a label lacks it."""


def colors(labels: Sequence[str]) -> dict[str, str]:
    """A color for each label, the same in all figures."""
    return {label: _COLORS[i % len(_COLORS)] for i, label in enumerate(labels)}


def overview(
    passed: Mapping[str, tuple[int, int]],
    normalized: Mapping[str, float | None],
    methods: Sequence[str],
) -> str:
    """Share of queries that each label passes, and its median normalised error.

    Args:
        passed: By label, the number of queries passed and evaluated.
        normalized: By label, the median error over that of a half sample.
        methods: Labels that are methods; the others are references, drawn in grey.
    """
    labels = list(passed)[::-1]
    palette = colors(methods)
    fill = [palette.get(label, _REAL_COLOR) for label in labels]
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(
            figsize=(7.6, 0.75 + 0.34 * len(labels)), layout="constrained"
        )
        left, right = figure.subplots(1, 2, sharey=True)
        shares = [passed[label][0] / max(passed[label][1], 1) for label in labels]
        bars = left.barh(labels, shares, color=fill, height=0.62)
        left.bar_label(
            bars, [f" {passed[label][0]} of {passed[label][1]}" for label in labels]
        )
        left.set(xlim=(0, 1.15), xticks=[0, 0.5, 1], title="Queries that pass")
        left.xaxis.set_major_formatter(ticker.PercentFormatter(1))
        _normalized(right, labels, normalized, fill)
        for axes in (left, right):
            axes.tick_params(axis="y", length=0)
        return _svg(figure)


def _normalized(
    axes: Any,
    labels: Sequence[str],
    normalized: Mapping[str, float | None],
    fill: Sequence[str],
) -> None:
    """Draws normalised errors as dots on a log axis, one at 1 for halving."""
    axes.axvline(1, color=_INK, linewidth=0.8, linestyle=":")
    for i, (label, color) in enumerate(zip(labels, fill, strict=True)):
        value = normalized.get(label)
        if value is not None and value > 0 and math.isfinite(value):
            axes.plot([value], [i], "o", color=color, markersize=7)
            axes.annotate(
                f"{value:.3g}", (value, i), (7, 0), textcoords="offset points",
                va="center",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())
    axes.set_title("Median error (1 = half of the fleet instead of all)")
    axes.margins(x=0.2)


def tradeoff(points: Mapping[str, tuple[float, float]], methods: Sequence[str]) -> str:
    """Share of queries passed against the seconds of compiling and fitting."""
    palette = colors(methods)
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(figsize=(5.2, 2.7), layout="constrained")
        axes = figure.subplots()
        for i, (label, (cost, share)) in enumerate(points.items()):
            axes.plot(
                [max(cost, 1e-2)], [share], _MARKERS[i % len(_MARKERS)], markersize=7,
                color=palette.get(label, _INK),
            )  # fmt: skip
            axes.annotate(
                label, (max(cost, 1e-2), share), (8, 0), textcoords="offset points",
                va="center",
            )  # fmt: skip
        axes.set(
            xscale="log", ylim=(0, 1.05), xlabel="seconds to compile and fit",
            ylabel="queries passed",
        )  # fmt: skip
        axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1))
        axes.margins(x=0.25)
        axes.grid(color="#e8ebf0", linewidth=0.7)
        axes.set_axisbelow(True)
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
    palette = colors(methods)
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
                _MARKERS[i % len(_MARKERS)], markersize=4.2, markeredgecolor="white",
                markeredgewidth=0.5, color=palette.get(label, _INK), label=label,
            )  # fmt: skip
        axes.set_yticks(places, [_short(name) for name in names])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(axis)
        if share:
            axes.xaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=None))
        else:
            axes.xaxis.set_major_formatter(ticker.EngFormatter(sep=""))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
        _legend(figure, len(series))
        return _svg(figure)


def distribution(
    column: schema_lib.Column,
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
    palette = colors(methods)
    places = np.arange(column.num_codes)
    with mpl.rc_context(_STYLE):
        figure = mpl_figure.Figure(figsize=(4.6, 2.3), layout="constrained")
        axes = figure.subplots()
        for i, (label, part) in enumerate(shares.items()):
            if label == REAL:
                axes.bar(places, part, width=0.92, color=_REAL_COLOR, label=REAL)
                continue
            axes.plot(
                places, part, marker=_MARKERS[i % len(_MARKERS)], markersize=3,
                linewidth=1.1, color=palette.get(label, _INK), label=label,
            )  # fmt: skip
        _bin_ticks(axes, column)
        axes.yaxis.set_major_formatter(ticker.PercentFormatter(1, decimals=None))
        axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
        _legend(figure, len(shares))
        return _svg(figure)


def _bin_ticks(axes: Any, column: schema_lib.Column) -> None:
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


def _compact(number: float) -> str:
    """A number in few characters: 1.5k, 20M."""
    return ticker.EngFormatter(sep="", places=None)(float(f"{number:.3g}"))


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
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
