"""Holds what all figures of the report share: colors, ticks, and SVG output."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import figure as mpl_figure
from matplotlib import ticker

REAL = "real"
"""Label of the real fleet, drawn in grey."""

REAL_COLOR = "#c9ced6"
INK = "#2b3440"
_COLORS = (
    "#0b6fb8", "#d1642a", "#178a6b", "#8a5bb5", "#b8860b", "#c2417c", "#4a5568",
    "#2aa5b5", "#7a8f1f",
)  # fmt: skip
_MARKERS = "osD^vPX*h"
_RULES: Any = {
    "axes.edgecolor": "#b6bdc8",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "font.size": 8,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "teledp_jax",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_DPI = 200


def colors(labels: Sequence[str]) -> dict[str, str]:
    """Gives each label a color, the same in all figures."""
    return {label: _COLORS[i % len(_COLORS)] for i, label in enumerate(labels)}


def markers(labels: Sequence[str]) -> dict[str, str]:
    """Gives each label a marker, the same in all figures."""
    return {label: _MARKERS[i % len(_MARKERS)] for i, label in enumerate(labels)}


def percent(share: float, _: Any) -> str:
    """Writes a tick of an axis of shares."""
    return f"{100 * share:.3g}%"


def compact(number: float, _: Any = None) -> str:
    """Writes a number in few characters: 0.25, 1.5k, 20M."""
    number = float(f"{number:.3g}")
    if abs(number) < 1000:
        return f"{number:g}"
    return ticker.EngFormatter(sep="", places=None)(number)


def plain_log(axes: Any) -> None:
    """Sets plain numbers at 1, 3, 10, 30 and so on of a logarithmic x axis."""
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 3)))
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())


def legend(figure: mpl_figure.Figure, count: int) -> None:
    """Sets a legend of `count` entries above the axes."""
    figure.legend(
        loc="outside upper left", ncols=min(count, 4), handletextpad=0.4,
        columnspacing=1.0, borderaxespad=0.1,
    )  # fmt: skip


def rules() -> Any:
    """Returns a context in which figures are drawn in the report's style."""
    return mpl.rc_context(_RULES)


def svg(figure: mpl_figure.Figure) -> str:
    """Writes a figure as SVG; nothing in it depends on the time of day."""
    text = io.StringIO()
    metadata = {"Date": None, "Creator": None}
    figure.savefig(text, format="svg", metadata=metadata, dpi=_DPI)
    return text.getvalue()
