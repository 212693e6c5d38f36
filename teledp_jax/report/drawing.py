"""Writes SVG for a page or a file: marks, axes, texts, numbers under the pointer.

Colors stand in attributes, so that a file shows them; a page's style may override
them by the classes `axis`, `bar`, `s0`, `s1` and so on, as it does on a dark screen.
"""

import html
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from teledp_jax.report import style

WIDTH = 360
"""Width of all charts in their own units; a page scales them."""

LINE = 14
"""Height of a line of text."""

_FONT_SIZE = 11
_CHARACTER = 5.9  # mean width of a character, a little on the safe side
_SHAPES = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",  # circle
    "m-3-3h6v6h-6z",  # square
    "m0-4.2l4.2 4.2l-4.2 4.2l-4.2-4.2z",  # diamond
    "m0-4l4 7h-8z",  # triangle
    "m0 4l4-7h-8z",  # triangle on its head
    "m-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z",  # plus
    "m-2.5-4l2.5 2.5l2.5-2.5l1.5 1.5l-2.5 2.5l2.5 2.5l-1.5 1.5l-2.5-2.5l-2.5 2.5"
    "l-1.5-1.5l2.5-2.5l-2.5-2.5z",  # cross
    "m0-5l1.4 3.6l3.6 1.4l-3.6 1.4l-1.4 3.6l-1.4-3.6l-3.6-1.4l3.6-1.4z",  # star
    "m-4 0l2-3.5h4l2 3.5l-2 3.5h-4z",  # hexagon
)  # fmt: skip


class Axis(NamedTuple):
    """Maps values to places.

    Attributes:
        low: The value at `start`.
        high: The value at `end`.
        start: A place, in units of the chart.
        end: A place, in units of the chart.
        log: Whether the scale is logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Finds the place of a value; one outside of the axis is put at its end."""
        value = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        share = (value - low) / (high - low) if high > low else 0.0
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, count: int = 4) -> list[float]:
        """Chooses about `count` round values."""
        if self.log:
            return _log_ticks(self.low, self.high)
        step = _round_step((self.high - self.low) / max(count, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def _round_step(step: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    found = next((f for f in (1, 2, 2.5, 5) if f * power >= step * (1 - 1e-9)), 10)
    return found * power


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten; 3 times them as well where there are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1, 3) if len(powers) < 5 else (1,)
    found = [factor * 10.0**power for power in powers for factor in factors]
    return [value for value in found if low <= value <= high][
        :: max(len(found) // 8, 1)
    ]


def linear(values: Iterable[float], start: float, end: float) -> Axis:
    """Makes an axis from 0 that holds all finite values."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    if low == high:
        high = low + 1.0
    return Axis(low, high, start, end)


def document(parts: Iterable[str], height: float) -> str:
    """Puts parts together as one SVG."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH * 4 // 3}" height="{height * 4 / 3:.0f}" '
        f'font-family="system-ui, sans-serif" font-size="{_FONT_SIZE}" '
        f'fill="{style.INK}">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "", name: str = "") -> str:
    """Writes words; `y` is their base line.

    Args:
        x: Where they begin, or what `anchor` says.
        y: The base line.
        words: The words.
        anchor: `middle` or `end`.
        name: Class of the element.
    """
    fields = f' text-anchor="{anchor}"' if anchor else ""
    fields += f' class="{name}"' if name else ""
    return f'<text x="{x:g}" y="{y:g}"{fields}>{html.escape(words, quote=False)}</text>'


def wrap(words: str, width: float) -> list[str]:
    """Breaks words into the lines that fit a width."""
    most = max(int(width / _CHARACTER), 8)
    return textwrap.wrap(words, most) or [""]


def width_of(words: str) -> float:
    """Estimates the width of words."""
    return len(words) * _CHARACTER


def line(x1: float, y1: float, x2: float, y2: float, *, dotted: bool = False) -> str:
    """Draws a thin line of the axes."""
    dots = ' stroke-dasharray="2 3"' if dotted else ""
    return (
        f'<path class="axis" d="M{x1:g} {y1:g}L{x2:g} {y2:g}" fill="none" '
        f'stroke="#b6bdc8"{dots}/>'
    )


def bars(boxes: Iterable[tuple[float, float, float, float]]) -> str:
    """Draws grey bars as one path; each box is x, y, width and height."""
    path = "".join(f"M{x:g} {y:g}h{w:g}v{h:g}h{-w:g}z" for x, y, w, h in boxes)
    return f'<path class="bar" fill="{style.REAL_COLOR}" d="{path}"/>' if path else ""


def marks(label: str, methods: Sequence[str], places: Iterable[tuple]) -> str:
    """Draws a label's marks as one path, in its color and shape."""
    shape = _SHAPES[_rank(label, methods) % len(_SHAPES)]
    path = "".join(f"M{x:g} {y:g}{shape}" for x, y in places)
    if not path:
        return ""
    return (
        f'<path {_color(label, methods)} fill="currentColor" stroke="#fff" '
        f'stroke-width=".6" d="{path}"/>'
    )


def polyline(label: str, methods: Sequence[str], places: Iterable[tuple]) -> str:
    """Draws a line through places, in a label's color."""
    path = "L".join(f"{x:g} {y:g}" for x, y in places)
    return (
        f'<path {_color(label, methods)} fill="none" stroke="currentColor" '
        f'stroke-width="1.4" d="M{path}"/>'
    )


def box(
    label: str, methods: Sequence[str], x: float, y: float, w: float, h: float
) -> str:
    """Draws a bar in a label's color; grey if it is none of the methods."""
    if label not in methods:
        return bars([(x, y, w, h)])
    return (
        f'<path {_color(label, methods)} fill="currentColor" '
        f'd="M{x:g} {y:g}h{w:g}v{h:g}h{-w:g}z"/>'
    )


def hit(x: float, y: float, w: float, h: float, lines: Iterable[str]) -> str:
    """Makes an area that shows lines of numbers under the pointer."""
    words = html.escape("\n".join(lines), quote=False)
    return (
        f'<rect class="hit" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" '
        f'fill="none" pointer-events="all"><title>{words}</title></rect>'
    )


def legend(
    labels: Sequence[str], methods: Sequence[str], *, base: str = ""
) -> tuple[list[str], float]:
    """Names the labels, each with its mark; returns the parts and their height.

    Args:
        labels: What is drawn.
        methods: All labels of the run, for their colors.
        base: The label that is drawn as grey bars.
    """
    parts, x, y = [], 4.0, 11.0
    for label in labels:
        size = 18 + width_of(label)
        if x > 4 and x + size > WIDTH:
            x, y = 4.0, y + LINE
        if label == base:
            parts.append(bars([(x - 3, y - 8, 9, 8)]))
        else:
            parts.append(marks(label, methods, [(x + 2, y - 4)]))
        parts.append(text(x + 10, y, label))
        x += size + 6
    return parts, y + 7


def ticks_below(
    axis: Axis, y: float, show: Callable[[float], str], title: str = ""
) -> tuple[list[str], float]:
    """Draws a horizontal axis, its numbers and title; returns them and their height."""
    parts = [line(axis.start, y, axis.end, y)]
    free = -math.inf
    for value in axis.ticks():
        words, x = show(value), axis.at(value)
        half = width_of(words) / 2
        middle = min(max(x, half), WIDTH - half)
        if middle - half < free:
            continue
        free = middle + half + 4
        parts += [line(x, y, x, y + 3), text(middle, y + 14, words, anchor="middle")]
    if not title:
        return parts, 18
    lines = wrap(title, WIDTH - 8)
    centre = (axis.start + axis.end) / 2
    parts += [
        text(centre, y + 29 + LINE * i, words, anchor="middle", name="soft")
        for i, words in enumerate(lines)
    ]
    return parts, 19 + LINE * len(lines)


def numbers(values: Mapping[str, float | None], show: Callable[[float], str]) -> list:
    """Writes a line per label for the pointer; what is missing is a dash."""
    return [
        f"{label} {style.NONE if value is None else show(value)}"
        for label, value in values.items()
    ]


def _rank(label: str, methods: Sequence[str]) -> int:
    """Position of a label among the methods; behind them if it is none."""
    return methods.index(label) if label in methods else len(methods)


def _color(label: str, methods: Sequence[str]) -> str:
    """Class and color of a label."""
    rank = _rank(label, methods) % style.NUM_COLORS
    return f'class="s{rank}" color="{style.color(rank)}"'
