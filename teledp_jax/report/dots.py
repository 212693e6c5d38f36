"""Draws real values as bars and those of each label as marks or lines."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from teledp_jax import schemas
from teledp_jax.report import drawing, style, texts

_MOST_NAMES = 12
_STRIP = 13  # height of a bar and its marks
_PLOT = 120  # height of a distribution

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
    """Draws a bar for what is real and a mark for each label, a strip per name.

    Args:
        names: What the strips are about; the first twelve are shown.
        series: Values by label.
        methods: All labels of the run, for their colors.
        axis: What the values are.
        base: The label that is drawn as a bar.
        share: Whether the values are shares, shown in percent.

    Returns:
        The SVG.
    """
    names = names[:_MOST_NAMES]
    found = {label: _finite(values, len(names)) for label, values in series.items()}
    scale = drawing.linear(
        (value for values in found.values() for value in values if value is not None),
        6,
        drawing.WIDTH - 8,
    )
    parts, y = drawing.legend(list(series), methods, base=base)
    show = style.percent if share else texts.show
    boxes: list[tuple[float, float, float, float]] = []
    places: dict[str, list[tuple[float, float]]] = {
        label: [] for label in series if label != base
    }
    for i, name in enumerate(names):
        top = y
        for words in drawing.wrap(name, drawing.WIDTH - 8):
            parts.append(drawing.text(4, y + 11, words))
            y += drawing.LINE
        if (value := found.get(base, [None] * len(names))[i]) is not None:
            left, right = sorted((scale.at(0), scale.at(value)))
            boxes.append((left, y + 2, max(right - left, 0.5), _STRIP - 4))
        for label, marks in places.items():
            if (value := found[label][i]) is not None:
                marks.append((scale.at(value), y + _STRIP / 2))
        y += _STRIP
        lines = drawing.numbers({x: values[i] for x, values in series.items()}, show)
        parts.append(drawing.hit(0, top, drawing.WIDTH, y - top, [name, *lines]))
    drawn = [drawing.bars(boxes)]
    drawn += [drawing.marks(label, methods, marks) for label, marks in places.items()]
    below, height = drawing.ticks_below(
        scale, y + 3, style.percent if share else style.compact, axis
    )
    return drawing.document([*drawn, *parts, *below], y + 4 + height)


def distribution(
    column: schemas.Column,
    shares: Mapping[str, Float[np.ndarray, " code"]],
    methods: Sequence[str],
) -> str:
    """Draws the shares of a column's codes: real as bars, labels as lines or marks.

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
        labels = column.labels()
        return dots(
            [labels[i] for i in order],
            {label: [float(part[i]) for i in order] for label, part in shares.items()},
            methods,
            axis="share of rows",
            share=True,
        )
    parts, top = drawing.legend(list(shares), methods, base=style.REAL)
    foot = top + _PLOT
    most = max(float(part.max()) for part in shares.values())
    scale = drawing.linear([most], foot, top)
    across = drawing.Axis(0, column.num_codes, 34, drawing.WIDTH - 4)
    for value in scale.ticks(3):
        y = scale.at(value)
        parts += [drawing.line(across.start, y, across.end, y, dotted=value > 0)]
        parts += [drawing.text(30, y + 4, style.percent(value), anchor="end")]
    step = across.at(1) - across.at(0)
    for label, part in shares.items():
        heights = [scale.at(float(value)) for value in part]
        if label == style.REAL:
            parts.append(
                drawing.bars(
                    (across.at(i + 0.05), y, round(0.9 * step, 1), round(foot - y, 1))
                    for i, y in enumerate(heights)
                )
            )
            continue
        places = [(across.at(i + 0.5), y) for i, y in enumerate(heights)]
        parts.append(drawing.polyline(label, methods, places))
        parts.append(drawing.marks(label, methods, [places[-1]]))
    below, height = _bin_ticks(column, across, foot)
    labels = column.labels()
    hits = [
        drawing.hit(
            across.at(i),
            top,
            round(step, 1),
            _PLOT,
            [
                f"{labels[i]} {column.unit if i >= column.first_bin else ''}".strip(),
                *drawing.numbers(
                    {label: float(part[i]) for label, part in shares.items()},
                    style.percent,
                ),
            ],
        )
        for i in range(column.num_codes)
    ]
    return drawing.document([*parts, *below, *hits], foot + height)


def _bin_ticks(
    column: schemas.Column, across: drawing.Axis, foot: float
) -> tuple[list[str], float]:
    """Names absent, zero and some of the edges of the bins; returns their height."""
    named = [(0.5, "absent")] + ([(1.5, "zero")] if column.has_zero else [])
    for i in range(column.num_bins + 1):
        named.append((float(column.first_bin + i), style.compact(column.edges[i])))
    parts: list[str] = []
    free = -math.inf
    for i, (place, words) in enumerate(named):
        half = drawing.width_of(words) / 2
        x = min(max(across.at(place), half), drawing.WIDTH - half)
        row = max(column.first_bin - i, 0)  # absent and zero have lines of their own
        if not row:
            if x - half < free:
                continue
            free = x + half + 8
        y = foot + 13 + drawing.LINE * row
        parts.append(drawing.text(x, y, words, anchor="middle"))
    if column.unit:
        y = foot + 13 + drawing.LINE
        unit = drawing.text(across.end, y, column.unit, anchor="end", name="soft")
        parts.append(unit)
    return parts, 18 + drawing.LINE * column.first_bin


def _finite(values: Sequence[float | None], count: int) -> list[float | None]:
    """Takes the first values; what is infinite or no number has no place: None."""
    return [
        value if value is not None and math.isfinite(value) else None
        for value in values[:count]
    ]
