"""States device tables in Python: the same rules as in headers of SQL files.

What is stated here is public. It must come from documentation or physics, never from a
look at the data.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from teledp_jax import errors, schemas
from teledp_jax.data import headers

Fields = Mapping[str, Any]
"""What a header states of a column."""


def category(
    values: Iterable[str],
    *,
    other: str | None = None,
    absent: bool = True,
    about: str = "",
) -> Fields:
    """States a column of texts.

    Args:
        values: The texts that it may hold.
        other: The one of `values` that stands for all other texts. None: then another
            text is absent, as None and NaN are.
        absent: Whether a row may lack the value; if not, no synthetic row does.
        about: What the column means.

    Returns:
        The column, for `anchor`, `group` or `entity`.
    """
    if isinstance(values, str):
        raise errors.InputError(f"category: expected a list of texts, got {values!r}.")
    fields = {
        "kind": "category",
        "values": list(values),
        "absent": absent,
        "about": about,
    }
    return fields if other is None else {**fields, "other": other}


def integer(
    *,
    low: float | None = None,
    high: float | None = None,
    bins: int | None = None,
    edges: Sequence[float] | None = None,
    scale: schemas.Scale = "linear",
    zero: bool | None = None,
    absent: bool = True,
    unit: str = "",
    about: str = "",
) -> Fields:
    """States a column of whole numbers, such as counts.

    Args:
        low: Least value; what lies below is clamped to it.
        high: Greatest value; what lies above is clamped to it.
        bins: Number of bins between them.
        edges: Edges of the bins, in place of `low`, `high` and `bins`. The last one is
            the greatest value plus 1.
        scale: How bins are spaced: evenly (`linear`) or by even ratios (`log`).
        zero: Whether zero has a bin of its own; by default if nothing is negative.
        absent: Whether a row may lack the value; if not, no synthetic row does.
        unit: Unit of the numbers, in words.
        about: What the column means.

    Returns:
        The column, for `anchor`, `group` or `entity`.
    """
    stated = {"low": low, "high": high, "bins": bins, "edges": edges, "zero": zero}
    return _number(
        "integer", stated, scale=scale, absent=absent, unit=unit, about=about
    )


def double(
    *,
    low: float | None = None,
    high: float | None = None,
    bins: int | None = None,
    edges: Sequence[float] | None = None,
    scale: schemas.Scale = "linear",
    zero: bool | None = None,
    absent: bool = True,
    unit: str = "",
    about: str = "",
) -> Fields:
    """States a column of numbers with fractions, such as watts.

    Args:
        low: Least value; what lies below is clamped to it.
        high: Greatest value; what lies above is clamped to it.
        bins: Number of bins between them.
        edges: Edges of the bins, in place of `low`, `high` and `bins`.
        scale: How bins are spaced: evenly (`linear`) or by even ratios (`log`).
        zero: Whether zero has a bin of its own; by default if nothing is negative.
        absent: Whether a row may lack the value; if not, no synthetic row does.
        unit: Unit of the numbers, in words.
        about: What the column means.

    Returns:
        The column, for `anchor`, `group` or `entity`.
    """
    stated = {"low": low, "high": high, "bins": bins, "edges": edges, "zero": zero}
    return _number("double", stated, scale=scale, absent=absent, unit=unit, about=about)


def _number(kind: str, stated: Mapping[str, Any], **fields: Any) -> Fields:
    """A number column, of the fields that are stated."""
    given = {name: value for name, value in stated.items() if value is not None}
    return {"kind": kind, **fields, **given}


def anchor(
    name: str, columns: Mapping[str, Fields], *, about: str = ""
) -> schemas.Table:
    """States the table that has exactly one row per device.

    Args:
        name: Name of the table.
        columns: Name to column, without the device id.
        about: What a row is.

    Returns:
        The table, for `schema`.

    Raises:
        InputError: If a column is at fault.
    """
    return _table(name, role="anchor", columns=columns, grain=about)


def group(
    name: str, columns: Mapping[str, Fields], *, about: str = ""
) -> schemas.Table:
    """States a table that has one row per device, or none: most devices may lack it.

    Args:
        name: Name of the table.
        columns: Name to column, without the device id.
        about: What a row is.

    Returns:
        The table, for `schema`.

    Raises:
        InputError: If a column is at fault.
    """
    return _table(name, role="group", columns=columns, grain=about)


def entity(
    name: str,
    columns: Mapping[str, Fields],
    *,
    max_rows: int,
    cap_by: str,
    fixed_rows: int = 0,
    about: str = "",
) -> schemas.Table:
    """States a table that has many rows per device, such as one per app.

    Args:
        name: Name of the table.
        columns: Name to column, without the device id.
        max_rows: Most rows that a device keeps: a wide limit that guards memory.
        cap_by: Column whose largest values are kept if a device has more.
        fixed_rows: Most rows that methods of fixed shapes read and draw of a device; 0:
            `max_rows`, at most `schemas.FIXED_ROWS`.
        about: What a row is.

    Returns:
        The table, for `schema`.

    Raises:
        InputError: If a column, `max_rows` or `cap_by` is at fault.
    """
    return _table(
        name,
        role="entity",
        columns=columns,
        grain=about,
        max_rows=max_rows,
        fixed_rows=fixed_rows,
        cap_by=cap_by,
    )


def _table(name: str, **fields: Any) -> schemas.Table:
    """A table of stated fields; errors name it."""
    if not isinstance(name, str) or not name or "/" in name:
        raise errors.InputError(f"Expected a table's name first, got {name!r}.")
    try:
        return headers.table(name, fields, {})
    except errors.InputError as error:
        text = str(error)
        named = text if text.startswith("Table") else f"Table {name}: {text}"
        raise errors.InputError(named) from None


def schema(*tables: schemas.Table, device: str, name: str = "fleet") -> schemas.Schema:
    """States the device tables of a fleet.

    Args:
        tables: What `anchor`, `group` and `entity` returned; one anchor.
        device: Name of the id column that all tables share.
        name: Name of the fleet, for people.

    Returns:
        The schema, the anchor first.

    Raises:
        InputError: If there is not exactly one anchor, two tables share a name, or a
            column has the name of the id column.

    >>> import teledp_jax as teledp
    >>> laptops = teledp.schema(
    ...     teledp.anchor("devices", {"os": teledp.category(["Windows", "macOS"])}),
    ...     teledp.entity(
    ...         "crashes",
    ...         {
    ...             "app": teledp.category(["mail", "game", "other"], other="other"),
    ...             "count": teledp.integer(low=1, high=100, bins=8, scale="log"),
    ...         },
    ...         max_rows=3,
    ...         cap_by="count",
    ...     ),
    ...     device="guid",
    ... )
    >>> [table.name for table in laptops.tables]
    ['devices', 'crashes']
    """
    for table in tables:
        if not isinstance(table, schemas.Table):
            raise errors.InputError(
                f"schema: expected anchor(...), group(...) or entity(...), got "
                f"{type(table).__name__}."
            )
    ordered = sorted(tables, key=lambda table: table.role != "anchor")
    return schemas.Schema(suite=name, device=device, tables=tuple(ordered))
