"""Turns numbers and names into the short texts that the page shows."""

import math
import re
from collections.abc import Mapping
from typing import Any

NOTHING = "\N{EN DASH}"
"""What stands where there is no value."""

TIMES = "\N{MULTIPLICATION SIGN}"
"""What stands behind a normalized error."""

_REFERENCES = {
    "ceiling": "encoding only",
    "ceiling_public": "encoding only, public bins",
    "half_sample": "half of the real fleet",
}
_MOST_VALUES = 8  # of a category, in a cell
_BYTES = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
_NUMBER = re.compile(
    r"([\u2713\u2717] )?-?[\d.,]+(e[+-]?\d+)?( (%|s|min|[KMG]iB|B|of \d+))?( \(.*\))?"
    r"|[\u2013\u221e]"
)


def parse(value: Any) -> float | None:
    """Reads the number that a text of a CSV holds; None if it holds none."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def holds(value: Any) -> bool:
    """Tells whether a text of a CSV says yes."""
    return str(value).strip().lower() in ("true", "1", "1.0", "yes")


def is_number(text: Any) -> bool:
    """Tells whether a cell reads as a number, so that it is set to the right."""
    return bool(_NUMBER.fullmatch(str(text)))


def show(value: Any) -> str:
    """Shortens a number; leaves other texts as they are."""
    if value is None or value == "":
        return NOTHING
    number = parse(value)
    if number is None:
        return str(value)
    if math.isinf(number):
        return "\N{INFINITY}" if number > 0 else "-\N{INFINITY}"
    if number == 0:
        return "0"
    if abs(number) < 1e-3:
        return f"{number:.2g}"
    if number == int(number):
        return f"{number:,.0f}"
    if abs(number) >= 1000:  # a mean or a sum: no more than four digits carry
        return f"{float(f'{number:.4g}'):,.0f}"
    return f"{number:.3g}"


def epsilon(value: Any) -> str:
    """Shows an epsilon to four decimals, so that it can be held to its budget."""
    number = parse(value)
    return NOTHING if number is None else f"{number:.4f}"


def percent(value: Any) -> str:
    """Shows a share or an error in percent: whole from 10 on, else two digits."""
    number = parse(value)
    if number is None:
        return NOTHING
    if math.isinf(number):
        return "\N{INFINITY}"
    points = 100 * number
    return f"{points:,.0f} %" if abs(points) >= 10 else f"{points:.2g} %"


def seconds(value: Any) -> str:
    """Shows a duration in seconds, or in minutes if it is long."""
    number = parse(value)
    if number is None:
        return NOTHING
    return f"{number:.3g} s" if number < 120 else f"{number / 60:.3g} min"


def size(value: Any) -> str:
    """Shows a number of bytes in binary units."""
    number = parse(value)
    if number is None:
        return NOTHING
    for unit, scale in _BYTES:
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number:.0f} B"


def times(error: float | None) -> str:
    """Shows a normalized error in brackets, behind a value; empty without one."""
    return "" if error is None else f" ({show(error)}{TIMES})"


def plain(label: str) -> str:
    """Names a label in words: methods as they are, references by what they are."""
    return _REFERENCES.get(label, label)


def domain(fields: Mapping[str, Any]) -> str:
    """Writes the domain of a column, as a release card has it, in a few words."""
    if "values" in fields:
        shown = ", ".join(fields["values"][:_MOST_VALUES])
        more = fields["num_values"] - min(len(fields["values"]), _MOST_VALUES)
        return f"{shown} and {more:,} more" if more else shown
    if "low" in fields:
        zero = ", zero apart" if fields["zero"] else ""
        return f"{show(fields['low'])} to {show(fields['high'])}{zero}"
    return ""


def heading(name: str) -> str:
    """Shows the name of a column as a heading."""
    return name.replace("_", " ")


def anchor(name: str) -> str:
    """Makes a name the target of a link."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)
