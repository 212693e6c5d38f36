"""Device tables of a draft: an anchor, and tables of what each device did.

Of the table that lists devices comes the anchor. Of every other table come a group
table (rows, days, means of numbers, last texts) and, per text column, an entity table
(rows per device and text).
"""

import dataclasses
import functools
import re
from collections.abc import Iterable, Sequence

import duckdb

from teledp_jax import errors
from teledp_jax.authoring import bounds, reading

_MAX_ROWS = 1000  # rows of a device in an entity table, which few devices have
_MAX_ENTITIES = 3  # entity tables of a raw table
_MAX_MEANS = 2  # means in an entity table


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a device table.

    Attributes:
        name: Its name.
        sql: The expression that gives it.
        kind: `category`, `integer` or `double`.
        about: What it means.
        span: Bounds of a number; None for a category.
        values: Of a category, if documents state them.
    """

    name: str
    sql: str
    kind: str
    about: str
    span: bounds.Bounds | None = None
    values: tuple[str, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether its bins or values are learnt under noise."""
        if self.span is None:
            return not self.values
        return self.span.num_public_bins(self.kind) is None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeviceTable:
    """A device table.

    Attributes:
        name: Its name.
        role: `anchor`, `group` or `entity`.
        grain: What a row is.
        raw: The raw table that it is made of.
        device: Name of the id column in all device tables.
        columns: Its columns.
        max_rows: Of an entity table.
        cap_by: Of an entity table.
        all_raw: Of an anchor that knows the devices of all raw tables: these tables.
    """

    name: str
    role: str
    grain: str
    raw: reading.RawTable
    device: str
    columns: tuple[Column, ...]
    max_rows: int | None = None
    cap_by: str | None = None
    all_raw: tuple[reading.RawTable, ...] = ()

    def categories(self) -> list[Column]:
        """Returns its columns of texts."""
        return [column for column in self.columns if column.kind == "category"]

    def numbers(self) -> list[Column]:
        """Returns its columns of numbers."""
        return [column for column in self.columns if column.kind != "category"]


def plan(
    tables: Sequence[reading.RawTable], devices_table: str | None = None
) -> tuple[DeviceTable, ...]:
    """Plans device tables.

    Args:
        tables: All raw tables.
        devices_table: Name of the one that lists the devices, if the owner knows it.
            Else it is one whose id is unique by documentation, or one that is named for
            the id column, as `vehicles` for `vehicle_id`. If there is none, the devices
            are those of all tables, described by the first one without times.

    Returns:
        The anchor first.

    Raises:
        InputError: If no table has the name.
    """
    listings = [table for table in tables if table.name == devices_table]
    if devices_table is not None and not listings:
        names = [table.name for table in tables]
        raise errors.InputError(
            f"--devices_table={devices_table}: expected one of {names}."
        )
    listings += [table for table in tables if table.is_unique]
    listings += [table for table in tables if _is_listing(table)]
    listing = listings[0] if listings else None
    described = listing or min(tables, key=lambda table: table.time is not None)
    is_listed = listing is not None or len(tables) == 1
    counts_rows = listing is None and described.time is None
    planned = [_anchor(described, () if is_listed else tables, counts_rows)]
    for raw in tables:
        if raw is not described or not (raw.is_unique or raw.time is None):
            planned += _of_events(raw, planned[0].device, raw is not described)
    unique = _Names()
    return tuple(
        dataclasses.replace(table, name=unique.new(table.name)) for table in planned
    )


def _is_listing(table: reading.RawTable) -> bool:
    """Whether a table lists devices: its id is unique, or its name is that of devices.

    Such names are that of the id column, as `vehicles`, and some usual ones.
    """
    if table.is_unique:
        return True
    stem = re.sub(r"(?i)_?(id|uuid|guid|key|number|num|no)$", "", table.device.name)
    usual = {slug(stem or "device").rstrip("s"), "device", "user", "customer"}
    return slug(table.name).rstrip("s") in usual


def _anchor(
    raw: reading.RawTable, all_raw: Sequence[reading.RawTable], counts_rows: bool
) -> DeviceTable:
    """One row per device; of several raw rows, what the last one says."""
    device = slug(raw.device.name)
    names = _Names({device})
    columns = [_last(raw, column, names) for column in raw.columns]
    given = tuple(column for column in columns if column is not None)
    if counts_rows or not given:
        rows = f"count({quoted(raw.device.name)})"
        given += (_count(names, "num_rows", rows, f"rows of {raw.name}", "rows"),)
    of = "any table" if all_raw else raw.name
    said = "its last row" if raw.time is not None else "the greatest value of its rows"
    return DeviceTable(
        name=slug(raw.name),
        role="anchor",
        grain=f"One row per device of {of}; {said} in {raw.name} describes it.",
        raw=raw,
        device=device,
        columns=given,
        all_raw=tuple(all_raw),
    )


def _of_events(
    raw: reading.RawTable, device: str, has_last: bool
) -> Iterable[DeviceTable]:
    """The group table of a raw table, and an entity table for some texts.

    The group table has last texts unless the anchor has them.
    """
    stem, names = slug(raw.name).rstrip("_"), _Names({device})
    columns = [_count(names, "num_rows", "count(*)", f"rows of {raw.name}", "rows")]
    if raw.time is not None:
        days = f"count(DISTINCT floor(epoch({quoted(raw.time.name)}) / 86400))"
        columns.append(
            _count(names, "num_days", days, f"days with a row of {raw.name}", "days")
        )
    numbers = [c for c in raw.columns if c.kind in ("integer", "double")]
    texts = [c for c in raw.columns if c.kind in ("text", "flag")]
    columns += [_mean(column, names) for column in numbers]
    last = [_last(raw, column, names) for column in texts if has_last]
    columns += [column for column in last if column is not None]
    yield DeviceTable(
        name=f"{stem}_per_device",
        role="group",
        grain=f"One row per device that has rows in {raw.name}.",
        raw=raw,
        device=device,
        columns=tuple(columns),
    )
    for column in [c for c in texts if c.kind == "text"][:_MAX_ENTITIES]:
        names = _Names({device})
        item = Column(
            name=names.new(slug(column.name)),
            sql=_text(column),
            kind="category",
            about=column.words.about or column.name,
            values=column.words.values,
        )
        rows = _count(names, "num_rows", "count(*)", f"rows of {raw.name}", "rows")
        means = [_mean(number, names) for number in numbers[:_MAX_MEANS]]
        yield DeviceTable(
            name=f"{stem}_by_{item.name}",
            role="entity",
            grain=f"One row per device and {column.name}.",
            raw=raw,
            device=device,
            columns=(item, rows, *means),
            max_rows=_MAX_ROWS,
            cap_by=rows.name,
        )


def _last(
    raw: reading.RawTable, column: reading.RawColumn, names: "_Names"
) -> Column | None:
    """What the last row of a device says; the greatest value if rows have no time."""
    about = column.words.about or column.name
    if column.kind in ("text", "flag"):
        value, kind = _text(column), "category"
    elif column.kind == "time":
        if column == raw.time and not raw.is_unique:
            return None
        value, kind = f"CAST(year({quoted(column.name)}) AS BIGINT)", "integer"
    else:
        value, kind = _number(column)
    if raw.is_unique or raw.time is None or column == raw.time:
        sql = f"max({value})"
    else:
        time = quoted(raw.time.name)
        sql = f"max_by({value}, {{'time': {time}, 'value': {value}}})"
    name = slug(column.name)
    if column.kind == "time":
        name, about = f"{name}_year", f"year of {about}"
    own = None
    if kind != "category":
        own = bounds.of(name, kind, column.words)
    values = ("false", "true") if column.kind == "flag" else column.words.values
    return Column(
        name=names.new(name),
        sql=sql,
        kind=kind,
        about=about,
        span=own,
        values=values if kind == "category" else (),
    )


def _count(names: "_Names", name: str, sql: str, about: str, unit: str) -> Column:
    """A count of a device's rows or days."""
    return Column(
        name=names.new(name),
        sql=sql,
        kind="integer",
        about=about,
        span=bounds.count(unit),
    )


def _mean(column: reading.RawColumn, names: "_Names") -> Column:
    """The mean of a number over a device's rows."""
    value, _ = _number(column)
    return Column(
        name=names.new(f"mean_{slug(column.name)}"),
        sql=f"avg(CAST({value} AS DOUBLE))",
        kind="double",
        about=f"mean of {column.words.about or column.name}",
        span=bounds.of(column.name, "double", column.words),
    )


def _text(column: reading.RawColumn) -> str:
    """The expression of a text."""
    return f"CAST({quoted(column.name)} AS VARCHAR)"


def _number(column: reading.RawColumn) -> tuple[str, str]:
    """The expression of a number, and its kind; what is no number is absent."""
    name = quoted(column.name)
    if column.kind == "integer":
        return f"TRY_CAST({name} AS BIGINT)", "integer"
    return f"TRY_CAST({name} AS DOUBLE)", "double"


def quoted(name: str) -> str:
    """Quotes a name for SQL.

    Args:
        name: As it is in the files.
    """
    return '"' + name.replace('"', '""') + '"'


def slug(name: str) -> str:
    """Makes a name that SQL and file systems take without quotes.

    Args:
        name: Any text.

    Returns:
        Lower-case letters, digits and underscores; never a keyword.
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"
    if text[0].isdigit():
        text = f"n{text}"
    return f"{text}_" if text in _keywords() else text


@functools.cache
def _keywords() -> frozenset[str]:
    """Words that SQL keeps for itself."""
    with duckdb.connect() as connection:
        rows = connection.table_function("duckdb_keywords").fetchall()
    return frozenset(word for word, group in rows if group != "unreserved")


class _Names:
    """Gives each column of a table a name of its own."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, name: str) -> str:
        """The name, or the name with a number if it is taken."""
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}_{number}", number + 1
        self._taken.add(found)
        return found
