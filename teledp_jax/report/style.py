"""Holds what all charts share: colors, and short texts of numbers on an axis."""

REAL = "real"
"""Label of the real fleet, drawn in grey."""

REAL_COLOR = "#c9ced6"
INK = "#2b3440"
NONE = "\N{EN DASH}"
"""What stands where a label lacks a value."""

_COLORS = (
    "#0b6fb8", "#d1642a", "#178a6b", "#8a5bb5", "#b8860b", "#c2417c", "#4a5568",
    "#2aa5b5", "#7a8f1f",
)  # fmt: skip
NUM_COLORS = len(_COLORS)
_UNITS = (("G", 1e9), ("M", 1e6), ("k", 1e3))


def color(rank: int) -> str:
    """Gives the color of the method at a rank, the same in all charts."""
    return _COLORS[rank % NUM_COLORS]


def percent(share: float) -> str:
    """Writes a share in percent, to three digits."""
    return f"{100 * share:.3g}\N{NO-BREAK SPACE}%"


def compact(number: float) -> str:
    """Writes a number in few characters: 0.25, 1.5k, 20M."""
    number = float(f"{number:.3g}")
    for unit, scale in _UNITS:
        if abs(number) >= scale:
            return f"{number / scale:g}{unit}"
    return f"{number:g}"
