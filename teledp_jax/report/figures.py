"""Draws how the labels of a run do and what they cost."""

import math
from collections.abc import Mapping, Sequence

from teledp_jax.report import drawing, style, texts

_ROW = 18
_SIDE = 200  # height of a plane of points


def bars(
    values: Mapping[str, tuple[float, str]], methods: Sequence[str], *, title: str
) -> str:
    """Draws a bar for the share of each label, from 0 to 100 %.

    Args:
        values: By label, the share and the words that stand beside its bar.
        methods: Labels that are methods; the others are references, drawn in grey.
        title: What the shares are.

    Returns:
        The SVG.
    """
    left = _left(values)
    right = (
        drawing.WIDTH - 6 - max(drawing.width_of(words) for _, words in values.values())
    )
    scale = drawing.Axis(0.0, 1.0, left, right)
    parts, y = [drawing.text(4, 12, title)], 20.0
    for label, (share, words) in values.items():
        end = scale.at(share)
        parts += [
            drawing.text(left - 6, y + 12, label, anchor="end"),
            drawing.box(label, methods, left, y + 2, max(end - left, 0.5), _ROW - 6),
            drawing.text(end + 5, y + 12, words),
            drawing.hit(0, y, drawing.WIDTH, _ROW, [f"{label}: {words}"]),
        ]
        y += _ROW
    below, height = drawing.ticks_below(scale, y + 2, style.percent)
    return drawing.document([*parts, *below], y + 2 + height)


def normalized(
    values: Mapping[str, float], methods: Sequence[str], *, title: str
) -> str:
    """Draws an error of each label over its reference on a log axis, a line at 1."""
    finite = [value for value in values.values() if math.isfinite(value) and value > 0]
    low, high = min([0.5, *finite]) / 1.3, max([10.0, *finite]) * 1.3
    left = _left(values)
    scale = drawing.Axis(low, high, left, drawing.WIDTH - 44, log=True)
    parts, y = [drawing.text(4, 12, title)], 20.0
    foot = y + _ROW * len(values)
    parts.append(drawing.line(scale.at(1), y, scale.at(1), foot, dotted=True))
    for label, value in values.items():
        x, words = scale.at(max(value, low)), texts.show(value)
        parts += [
            drawing.text(left - 6, y + 12, label, anchor="end"),
            drawing.marks(label, methods, [(x, y + 8)]),
            drawing.text(x + 8, y + 12, words),
            drawing.hit(0, y, drawing.WIDTH, _ROW, [f"{label}: {words}"]),
        ]
        y += _ROW
    below, height = drawing.ticks_below(scale, foot + 2, style.compact)
    return drawing.document([*parts, *below], foot + 2 + height)


def tradeoff(
    points: Mapping[str, tuple[float, float]], methods: Sequence[str], *, title: str
) -> str:
    """Draws a share of each label against the seconds of its fit, on a log axis."""
    times = [max(cost, 1e-2) for cost, _ in points.values()]
    across = drawing.Axis(
        min(times) / 1.5, max(times) * 1.5, 40, drawing.WIDTH - 12, log=True
    )
    parts, top = drawing.legend(list(points), methods)
    up = drawing.Axis(0.0, 1.0, top + 14 + _SIDE * 0.7, top + 14)
    parts.append(drawing.text(4, top + 6, title, name="soft"))
    for value in up.ticks():
        y = up.at(value)
        parts.append(drawing.line(across.start, y, across.end, y, dotted=value > 0))
        parts.append(drawing.text(36, y + 4, style.percent(value), anchor="end"))
    for label, (cost, share) in points.items():
        x, y = across.at(max(cost, 1e-2)), up.at(share)
        parts.append(drawing.marks(label, methods, [(x, y)]))
        words = [f"{label}: {texts.seconds(cost)}, {style.percent(share)}"]
        parts.append(drawing.hit(x - 8, y - 8, 16, 16, words))
    below, height = drawing.ticks_below(
        across, up.start, style.compact, "seconds to fit"
    )
    return drawing.document([*parts, *below], up.start + height)


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
    real = [x for pairs in points.values() for x, _ in pairs]
    low, high = min(real) / 1.5, max(real) * 1.5
    across = drawing.Axis(low, high, 50, drawing.WIDTH - 10, log=True)
    parts, top = drawing.legend(list(points), methods)
    up = drawing.Axis(min(real) / 10, max(real) * 4, top + 14 + _SIDE, top + 14, True)
    parts.append(drawing.text(4, top + 6, "share of synthetic devices", name="soft"))
    for value in up.ticks():
        y = up.at(value)
        parts.append(drawing.line(across.start, y, across.end, y, dotted=True))
        parts.append(drawing.text(46, y + 4, style.percent(value), anchor="end"))
    parts.append(
        drawing.line(across.start, up.at(low), across.end, up.at(high), dotted=True)
    )
    for label, pairs in points.items():
        places = dict.fromkeys((across.at(x), up.at(y)) for x, y in pairs)
        parts.append(drawing.marks(label, methods, places))
    below, height = drawing.ticks_below(
        across, up.start, style.percent, "share of real devices"
    )
    return drawing.document([*parts, *below], up.start + height)


def _left(labels: Mapping[str, object]) -> float:
    """Where bars begin, so that the longest label fits before them."""
    return min(max(drawing.width_of(label) for label in labels) + 12, 200)
