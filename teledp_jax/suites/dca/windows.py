"""Tells which days the rows of a table cover."""

import datetime
import functools
from typing import NamedTuple

from teledp_jax.suites import columns
from teledp_jax.suites.dca import facts

NOON_S = columns.DAY_S // 2


class Window(NamedTuple):
    """Whole UTC days.

    Attributes:
        start: The first second, since 1970.
        days: Number of days.
    """

    start: int
    days: int


@functools.cache
def of(table: str) -> Window:
    """Finds the window of a raw table.

    Args:
        table: Its name.
    """
    section = facts.section("windows")
    is_short = table in section["last"]["tables"]
    days = int((section["last"] if is_short else section)["days"])
    last = datetime.date.fromisoformat(str(section["end"]))
    first = (last - datetime.date(1970, 1, 1)).days - days + 1
    return Window(start=first * columns.DAY_S, days=days)
