"""Wide public bounds of numbers, from their names and types only.

The bounds are physical limits or plain generosity; bins between them are learnt under
noise. A column whose name says nothing gets bounds on a log scale from 0.001 to 10^9:
zero has a code of its own, negative values count as absent.
"""

import re
from typing import NamedTuple

from teledp_jax.authoring import documents

_MOST_BINS = 128  # of one value each


class Bounds(NamedTuple):
    """Bounds of a number.

    Attributes:
        low: Least value.
        high: Greatest value.
        scale: `linear` or `log`.
        unit: In words; empty if the name tells none.
        reason: Why these bounds, for a comment.
    """

    low: float
    high: float
    scale: str
    unit: str
    reason: str

    def num_public_bins(self, kind: str) -> int | None:
        """Counts bins that need not be learnt: one per value of a short range.

        Args:
            kind: `integer` or `double`.

        Returns:
            The number of whole numbers in the bounds; None if there are too many.
        """
        size = int(self.high - self.low) + 1
        is_short = kind == "integer" and self.scale == "linear" and size <= _MOST_BINS
        return size if is_short else None


_NAMED = (
    (r"lat(itude)?", Bounds(-90, 90, "linear", "degrees", "latitudes")),
    (r"(lon|lng|long)(itude)?", Bounds(-180, 180, "linear", "degrees", "longitudes")),
    (r"percent|pct", Bounds(0, 100, "linear", "percent", "a percentage")),
    (r"share|ratio|fraction", Bounds(0, 1, "linear", "", "a share")),
    (r"temp(erature)?|celsius", Bounds(-100, 200, "linear", "", "temperatures")),
    (r"year", Bounds(1900, 2100, "linear", "year", "a year")),
    (r"month", Bounds(1, 12, "linear", "month", "a month")),
    (r"hour", Bounds(0, 23, "linear", "hour", "an hour of the day")),
    (r"weekday|dow", Bounds(0, 7, "linear", "day", "a day of the week")),
    (r"age", Bounds(0, 120, "linear", "years", "an age")),
    (
        r"delay|diff(erence)?|delta|change|balance|profit|offset|net",
        Bounds(-10_000, 10_000, "linear", "", "may be negative, by its name"),
    ),
)
"""Bounds by a word of the name."""

_COUNT = Bounds(1, 1_000_000, "log", "", "a count")
_ANY = {
    "integer": Bounds(1, 1_000_000_000, "log", "", "any whole number that is not < 0"),
    "double": Bounds(0.001, 1_000_000_000, "log", "", "any number that is not < 0"),
}


def count(unit: str) -> Bounds:
    """Bounds of a count of rows or days of a device, from 1 to a million.

    Args:
        unit: What is counted.
    """
    return _COUNT._replace(unit=unit)


def of(name: str, kind: str, words: documents.Words) -> Bounds:
    """Finds wide bounds of a number.

    Args:
        name: Name of the raw column.
        kind: `integer` or `double`.
        words: What documents say of it; their limits count first.

    Returns:
        The bounds.
    """
    if words.low is not None and words.high is not None and words.low < words.high:
        return Bounds(words.low, words.high, "linear", words.unit, "by documentation")
    parts = set(re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
    for pattern, bounds in _NAMED:
        if any(re.fullmatch(pattern, part) for part in parts):
            return bounds._replace(unit=words.unit or bounds.unit)
    return _ANY[kind]._replace(unit=words.unit)
