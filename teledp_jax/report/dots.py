"""Draws real values as bars and those of each label as dots or lines."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import figure as mpl_figure
from matplotlib import ticker

from teledp_jax import schemas
from teledp_jax.report import style

_LONGEST_NAME = 30
_MOST_NAMES = 12

Series = Mapping[str, Sequence[float | None]]
"""Values by label, one for each name; None where a label lacks it."""


def dots(
    names: Sequence[str],
    series: Series,
    methods: Sequence[str],
    *,
    axis: str,
    base: str = style.REAL,
    share: bool = False,
) -> str:
    """Draws a bar for what is real and a dot for each label, a line per name.

    Args:
        names: What the lines are about; the first twelve are shown.
        series: Values by label.
        methods: All labels of the run, for their colors.
        axis: What the values are.
        base: The label that is drawn as a bar.
        share: Whether the values are shares, shown in percent.

    Returns:
        The SVG.
    """
    names = names[:_MOST_NAMES]
    palette, markers = style.colors(methods), style.markers(methods)
    places = np.arange(len(names))[::-1]
    with style.rules():
        figure = mpl_figure.Figure(
            figsize=(4.6, 0.85 + 0.24 * len(names)), layout="constrained"
        )
        axes = figure.subplots()
        if base in series:
            axes.barh(
                places, _floats(series[base], len(names)), color=style.REAL_COLOR,
                height=0.66, label=base,
            )  # fmt: skip
        others = [label for label in series if label != base]
        for i, label in enumerate(others):
            axes.plot(
                _floats(series[label], len(names)),
                places + 0.16 * (i - (len(others) - 1) / 2) / max(len(others) / 3, 1),
                markers.get(label, "o"), markersize=4.2, markeredgecolor="white",
                markeredgewidth=0.5, color=palette.get(label, style.INK), label=label,
            )  # fmt: skip
        axes.set_yticks(places, [_short(name) for name in names])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(axis)
        if share:
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(style.percent))
        else:
            axes.xaxis.set_major_formatter(ticker.FuncFormatter(style.compact))
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5))
        style.legend(figure, len(series))
        return style.svg(figure)


def distribution(
    column: schemas.Column,
    shares: Mapping[str, Float[np.ndarray, " code"]],
    methods: Sequence[str],
) -> str:
    """Draws the shares of a column's codes: real as bars, labels as lines or dots.

    Args:
        column: The column.
        shares: By label, `real` among them, the share of rows with each code.
        methods: All labels of the run, for their colors.

    Returns:
        The SVG.
    """
    if not column.is_number:
        real = shares.get(style.REAL, np.zeros(column.num_codes))
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
    palette, markers = style.colors(methods), style.markers(methods)
    places = np.arange(column.num_codes)
    with style.rules():
        figure = mpl_figure.Figure(figsize=(4.6, 2.3), layout="constrained")
        axes = figure.subplots()
        for label, part in shares.items():
            if label == style.REAL:
                axes.bar(
                    places, part, width=0.92, color=style.REAL_COLOR, label=style.REAL
                )
                continue
            axes.plot(
                places, part, marker=markers.get(label, "o"), markersize=3,
                linewidth=1.1, color=palette.get(label, style.INK), label=label,
            )  # fmt: skip
        _bin_ticks(axes, column)
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(style.percent))
        axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
        style.legend(figure, len(shares))
        return style.svg(figure)


def _bin_ticks(axes: Any, column: schemas.Column) -> None:
    """Names absent, zero and some of the edges of the bins on the x axis."""
    named = [(0.0, "absent")] + ([(1.0, "zero")] if column.has_zero else [])
    step = max(math.ceil(column.num_bins / 5), 1)
    for i in range(0, column.num_bins + 1, step):
        named.append((column.first_bin + i - 0.5, style.compact(column.edges[i])))
    axes.set_xticks([place for place, _ in named], [text for _, text in named])
    for text in axes.get_xticklabels()[: column.first_bin]:
        text.set(rotation=90, fontsize=7)
    if column.unit:
        axes.set_xlabel(column.unit)


def _floats(values: Sequence[float | None], count: int) -> Float[np.ndarray, " name"]:
    """Takes the first values, what is missing or infinite as NaN."""
    numbers = np.array(
        [math.nan if value is None else value for value in values[:count]], float
    )
    return np.where(np.isfinite(numbers), numbers, math.nan)


def _short(name: str) -> str:
    """Shortens a name so that it fits beside an axis."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
