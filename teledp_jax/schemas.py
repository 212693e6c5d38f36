"""What is public about device tables: columns, domains, bins, caps and units."""

import bisect
import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping
from typing import Any, Literal

from teledp_jax import errors

ABSENT = 0  # the code of a value that a row lacks, in every column
ZERO = 1  # the code of an exact zero, in number columns with `has_zero`

Kind = Literal["category", "integer", "double"]
Role = Literal["anchor", "group", "entity"]
Scale = Literal["linear", "log"]


_MOST_CODES = 2**16  # what 16 bits hold


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

    def __post_init__(self) -> None:
        if self.num_codes > _MOST_CODES:
            raise errors.InputError(
                f"Column {self.name}: expected at most {_MOST_CODES} codes, absent and "
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
        """Whether values are numbers, so that codes have an order."""
        return self.kind != "category"

    @property
    def num_bins(self) -> int:
        """Number of bins of a number column; 0 for a category."""
        return max(len(self.edges) - 1, 0)

    @property
    def first_bin(self) -> int:
        """Code of the first bin, or of the first category."""
        return 1 + int(self.has_zero)

    @property
    def num_codes(self) -> int:
        """Size of the public domain, the absent code included."""
        return self.first_bin + (len(self.categories) or self.num_bins)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value of a number column; both are in the domain."""
        low, high = self.edges[0], self.edges[-1]
        return low, high - 1 if self.kind == "integer" else high

    def labels(self) -> tuple[str, ...]:
        """A short text for each code, for reports."""
        if not self.is_number:
            return ("absent", *self.categories)
        step = 1 if self.kind == "integer" else None
        bins = [
            f"{low:.4g}" if high - low == step else f"{low:.4g} to {high:.4g}"
            for low, high in itertools.pairwise(self.edges)
        ]
        return ("absent", *(["zero"] if self.has_zero else []), *bins)

    def code_of(self, value: float | str | None) -> int:
        """Code of one value: what `data.encode` does for whole columns."""
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """One device table.

    Attributes:
        name: Name of the table and of its file.
        role: `anchor` (one row a device), `group` (none or one) or `entity` (many).
        grain: What a row is, in words.
        columns: All columns but the device id.
        max_rows: Most rows that a device keeps in the arrays.
        cap_by: Column whose largest values are kept when a device has more rows.
        unique: Columns that no two rows of a device have alike, as its grain says; but
            for values that stand for all other texts.
    """

    name: str
    role: Role
    grain: str
    columns: tuple[Column, ...]
    max_rows: int = 1
    cap_by: str | None = None
    unique: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if not names or len(set(names)) != len(names):
            raise errors.InputError(f"Table {self.name}: expected columns, each once.")
        if self.role != "entity" and self.max_rows != 1:
            raise errors.InputError(f"Table {self.name}: {self.role} has max_rows 1.")
        if not 1 <= self.max_rows <= 255:
            raise errors.InputError(f"Table {self.name}: expected max_rows in 1..255.")
        if self.role == "entity" and self.cap_by not in names:
            raise errors.InputError(
                f"Table {self.name}: expected cap_by to name one of its columns."
            )
        if unknown := sorted(set(self.unique) - set(names)):
            raise errors.InputError(
                f"Table {self.name}: unique names {unknown}, none of its columns."
            )

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Head:
    """One discrete variable of a flattened device record; see `arrays.flatten`.

    Attributes:
        table: Name of its table.
        row: Row of the table, or -1 where the variable is the number of rows.
        column: The column, or None where the variable is the number of rows.
        num_codes: Size of the domain.
    """

    table: str
    row: int
    column: Column | None
    num_codes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """The device tables of a suite, the anchor first.

    Attributes:
        suite: Name of the suite.
        device: Name of the id column that all tables share.
        tables: The tables.
    """

    suite: str
    device: str
    tables: tuple[Table, ...]

    def __post_init__(self) -> None:
        roles = [table.role for table in self.tables]
        if not roles or roles[0] != "anchor" or roles.count("anchor") != 1:
            raise errors.InputError(
                f"Suite {self.suite}: expected one table with role anchor, the first."
            )

    @property
    def anchor(self) -> Table:
        """The table with exactly one row a device."""
        return self.tables[0]

    def table(self, name: str) -> Table:
        """The table of that name.

        Raises:
            KeyError: If there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @functools.cached_property
    def heads(self) -> tuple[Head, ...]:
        """The variables of a flattened device record, in order.

        Each table but the anchor begins with its number of rows (0 or 1 for a group);
        then follow the columns of its first row, of its second row, and so on.
        """
        heads = []
        for table in self.tables:
            if table.role != "anchor":
                heads.append(
                    Head(
                        table=table.name,
                        row=-1,
                        column=None,
                        num_codes=table.max_rows + 1,
                    )
                )
            heads += [
                Head(
                    table=table.name, row=row, column=column, num_codes=column.num_codes
                )
                for row in range(table.max_rows)
                for column in table.columns
            ]
        return tuple(heads)


def parse_column(
    name: str, fields: Mapping[str, Any], vocabularies: Mapping[str, list[str]]
) -> Column:
    """Makes a column from its mapping in a header.

    A category has `values` (a list, or the name of a list in the suite's
    `vocabularies.yaml`) and perhaps `other`. A number has `edges`, or `low`, `high`,
    `bins` and `scale`; `zero: false` takes away the code of its own for zero, which
    numbers have by default when `low` is not negative.

    Raises:
        InputError: If a field is missing, unknown or of no use.
    """
    known = {
        "kind", "unit", "about", "values", "other", "edges", "low", "high", "bins",
        "scale", "zero",
    }  # fmt: skip
    if unknown := sorted(set(fields) - known):
        raise errors.InputError(
            f"Column {name}: unknown {unknown}; known: {sorted(known)}."
        )
    try:
        return _column(name, fields, vocabularies)
    except (TypeError, ValueError, ArithmeticError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise errors.InputError(
            f"Column {name}: a field has the wrong type or size ({line})."
        ) from None


def _column(
    name: str, fields: Mapping[str, Any], vocabularies: Mapping[str, list[str]]
) -> Column:
    """Body of `parse_column`; a field of the wrong type raises what it raises."""
    kind = fields.get("kind")
    about, unit = str(fields.get("about", "")), str(fields.get("unit", ""))
    if kind == "category":
        values = fields.get("values", [])
        if isinstance(values, str):
            if values not in vocabularies:
                raise errors.InputError(
                    f"Column {name}: vocabularies.yaml lacks a list {values!r}."
                )
            values = vocabularies[values]
        return Column(
            name=name,
            kind="category",
            about=about,
            categories=tuple(str(value) for value in values),
            other=fields.get("other"),
        )
    if kind not in ("integer", "double"):
        raise errors.InputError(
            f"Column {name}: {kind=} is none of category, integer, double."
        )
    scale = fields.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise errors.InputError(f"Column {name}: {scale=} is neither linear nor log.")
    edges = _edges(name, fields, scale=scale, whole=kind == "integer")
    return Column(
        name=name,
        kind=kind,
        unit=unit,
        about=about,
        edges=edges,
        scale=scale,
        has_zero=bool(fields.get("zero", not edges or edges[0] >= 0)),
    )


def _edges(
    name: str, fields: Mapping[str, Any], *, scale: Scale, whole: bool
) -> tuple[float, ...]:
    """The edges that a header states, or those of evenly spaced bins."""
    if "edges" in fields:
        return tuple(float(edge) for edge in fields["edges"])
    try:
        low, high = float(fields["low"]), float(fields["high"])
        bins = int(fields["bins"])
    except KeyError as error:
        raise errors.InputError(
            f"Column {name}: expected low, high and bins, or edges; lacks {error}."
        ) from None
    if not low < high or not 1 <= bins < _MOST_CODES or (scale == "log" and low <= 0):
        raise errors.InputError(
            f"Column {name}: expected low < high, 0 < bins < {_MOST_CODES}, and "
            "low > 0 for log."
        )
    return spaced_edges(low, high, bins, scale=scale, whole=whole)


def spaced_edges(
    low: float, high: float, bins: int, *, scale: Scale, whole: bool
) -> tuple[float, ...]:
    """Edges of bins from `low` to `high`, evenly spaced on a linear or log scale.

    For whole numbers `high` is inclusive, edges are rounded and equal ones merged, so
    that there may be fewer bins than asked for.
    """
    top = high + 1 if whole else high
    if scale == "log":
        ratio = math.log(top / low)
        edges = [low * math.exp(ratio * i / bins) for i in range(bins)]
    else:
        edges = [low + (top - low) * i / bins for i in range(bins)]
    edges.append(top)
    if whole:
        edges = sorted({float(round(edge)) for edge in edges})
    return tuple(edges)
