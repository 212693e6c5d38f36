"""What is public about a column: its domain, its bins and its unit."""

import bisect
import dataclasses
import itertools
import math
from typing import Literal

from teledp_jax import errors

ABSENT = 0  # the code of a value that a row lacks, in every column
ZERO = 1  # the code of an exact zero, in number columns with `has_zero`

Kind = Literal["category", "integer", "double"]
Scale = Literal["linear", "log"]

MOST_CODES = 2**16
"""Most codes of a column: what 16 bits hold."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a device table and its public domain.

    Codes: 0 is absent. A category has one code for each value of `categories`, in
    order. A number has a code for zero if `has_zero`, then one for each bin;
    bin `i` holds `edges[i] <= value < edges[i + 1]`, and values outside are clamped.
    Infinite values, and negative ones where `edges[0]` is not, are absent.

    Attributes:
        name: Name in SQL.
        kind: `category` (text), `integer` or `double`.
        unit: Unit of a number, in words; empty for categories.
        about: What the column means.
        categories: Public vocabulary of a category.
        other: The category that stands for all text outside the vocabulary, or none:
            then such text is absent.
        edges: Increasing edges of the bins of a number; whole numbers for integers.
        scale: Whether mass spreads inside a bin on a linear or a log scale.
        has_zero: Whether zero has a code of its own.
        may_be_absent: Whether a row may lack the value. If not, no synthetic row does;
            a real one that does stops nothing.
        is_learnt: Whether a run learns more under noise than is stated: further texts,
            or bins where mass is.
    """

    name: str
    kind: Kind
    unit: str = ""
    about: str = ""
    categories: tuple[str, ...] = ()
    other: str | None = None
    edges: tuple[float, ...] = ()
    scale: Scale = "linear"
    has_zero: bool = False
    may_be_absent: bool = True
    is_learnt: bool = False

    def __post_init__(self) -> None:
        if self.num_codes > MOST_CODES:
            raise errors.InputError(
                f"Column {self.name}: expected at most {MOST_CODES} codes, absent and "
                f"zero included, got {self.num_codes}."
            )
        if self.kind == "category":
            if not self.categories or len(set(self.categories)) != len(self.categories):
                raise errors.InputError(
                    f"Column {self.name}: expected values, each once, in the header."
                )
            if self.other is not None and self.other not in self.categories:
                raise errors.InputError(
                    f"Column {self.name}: other={self.other!r} is none of its values."
                )
            return
        if len(self.edges) < 2 or any(
            not low < high for low, high in itertools.pairwise(self.edges)
        ):
            raise errors.InputError(
                f"Column {self.name}: expected two or more increasing bin edges."
            )
        if not all(math.isfinite(edge) for edge in self.edges):
            raise errors.InputError(f"Column {self.name}: expected finite bin edges.")
        if self.scale == "log" and self.edges[0] <= 0:
            raise errors.InputError(
                f"Column {self.name}: expected positive bin edges on a log scale."
            )

    @property
    def is_number(self) -> bool:
        """Tells whether values are numbers, so that codes have an order."""
        return self.kind != "category"

    @property
    def num_bins(self) -> int:
        """Counts the bins of a number column; 0 for a category."""
        return max(len(self.edges) - 1, 0)

    @property
    def first_bin(self) -> int:
        """Gives the code of the first bin, or of the first category."""
        return 1 + int(self.has_zero)

    @property
    def num_codes(self) -> int:
        """Counts the codes of the public domain, the absent code included."""
        return self.first_bin + (len(self.categories) or self.num_bins)

    @property
    def bounds(self) -> tuple[float, float]:
        """Gives the least and greatest value of a number column, both in the domain."""
        low, high = self.edges[0], self.edges[-1]
        return low, high - 1 if self.kind == "integer" else high

    def labels(self) -> tuple[str, ...]:
        """Gives a short text for each code, for reports."""
        if not self.is_number:
            return ("absent", *self.categories)
        step = 1 if self.kind == "integer" else None
        bins = [
            f"{low:.4g}" if high - low == step else f"{low:.4g} to {high:.4g}"
            for low, high in itertools.pairwise(self.edges)
        ]
        return ("absent", *(["zero"] if self.has_zero else []), *bins)

    def code_of(self, value: float | str | None) -> int:
        """Finds the code of one value; `data.encode` does it for whole columns.

        Args:
            value: A text, a number, or None or NaN where there is none.

        Returns:
            The code, in 0 to `num_codes - 1`. A number outside of the bins is clamped.
        """
        if value is None or value != value:
            return ABSENT
        if isinstance(value, str):
            if value in self.categories:
                return 1 + self.categories.index(value)
            return (
                ABSENT if self.other is None else 1 + self.categories.index(self.other)
            )
        if not math.isfinite(value) or (value < 0 <= self.edges[0]):
            return ABSENT
        if self.has_zero and value == 0:
            return ZERO
        index = bisect.bisect_right(self.edges, value) - 1
        return self.first_bin + min(max(index, 0), self.num_bins - 1)


def spaced_edges(
    low: float, high: float, bins: int, *, scale: Scale, whole: bool
) -> tuple[float, ...]:
    """Computes the edges of bins that are evenly spaced on a linear or log scale.

    Args:
        low: The first edge, in the column's unit; positive on a log scale.
        high: The greatest value. For whole numbers the last edge is `high + 1`.
        bins: Number of bins asked for.
        scale: Whether differences (linear) or ratios (log) of edges are even.
        whole: Whether values are whole numbers: then edges are rounded and equal ones
            merged, so that there may be fewer bins than asked for.

    Returns:
        Increasing edges, at most `bins + 1`.
    """
    top = high + 1 if whole else high
    if scale == "log":
        # Edge i is low * (top / low)^(i / bins): even ratios.
        ratio = math.log(top / low)
        edges = [low * math.exp(ratio * i / bins) for i in range(bins)]
    else:
        edges = [low + (top - low) * i / bins for i in range(bins)]
    edges.append(top)
    if whole:
        edges = sorted({float(round(edge)) for edge in edges})
    return tuple(edges)
