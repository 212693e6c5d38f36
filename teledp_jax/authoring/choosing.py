"""Chooses the columns of raw tables that a draft uses, where there are many.

The owner may name them. Else a table keeps its first columns, documented ones before
others; how many is a fixed number, or follows from the number of devices that the owner
expects. Values are never looked at.
"""

import collections
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from teledp_jax import errors
from teledp_jax.authoring import reading

MOST_COLUMNS = 40
"""Most columns of a raw table that a draft uses if the owner states nothing."""

_MOST_IN_ALL = 100
"""Most columns of all tables: memory of a fit grows with their pairs. A fit of 400
columns was killed on 24 GB; one of 100 took 4 GB and more."""

_NOISE = 3.0  # devices: see `num_columns`
_SHARE = 0.02  # of the devices are in a group
_TOLERANCE = 0.25  # of a count, as queries of drafts have it


def num_columns(num_devices: int) -> int:
    """States how many columns a budget carries.

    The noise of a count has a standard deviation of some 3 sqrt(columns) devices at
    epsilon 4 and delta 1e-6: one device changes a count of each column, and names, bins
    and pairs cost a share. Fits of the tutorial's drafts have 5.2 devices with three
    columns and 8.3 with nine. It may be a quarter of a group of one device in 50.

    Args:
        num_devices: Devices that the owner expects, not counted.

    Returns:
        The number of raw columns in all tables together, 1 to 100.
    """
    most = _TOLERANCE * _SHARE * num_devices / _NOISE
    return min(max(math.floor(most**2), 1), _MOST_IN_ALL)


def choose(
    tables: Sequence[reading.RawTable],
    *,
    names: Sequence[str] | None = None,
    num_devices: int | None = None,
) -> tuple[reading.RawTable, ...]:
    """Keeps the columns that a draft uses, and says which it leaves out.

    Args:
        tables: As `reading.read` found them.
        names: Columns that the owner names, as `city` or `trips.city`; None for a
            choice by documents and types.
        num_devices: Devices that the owner expects; None if nothing is stated.

    Returns:
        The tables; the first column of times stays with any choice that is not the
        owner's.

    Raises:
        InputError: If no table can use a named column, or both ways are stated.
    """
    if names is not None and num_devices is not None:
        raise errors.InputError("State --columns or --num_devices, not both.")
    if names is not None:
        return _named(tables, names)
    if num_devices is None:
        why = (
            f"beyond {MOST_COLUMNS} of a table; state --num_devices that you expect, "
            "for as many as they carry, or --columns."
        )
        return tuple(
            _keep(table, _ranked(table)[:MOST_COLUMNS], why) for table in tables
        )
    if num_devices < 1:
        raise errors.InputError(f"--num_devices={num_devices}: expected 1 or more.")
    most = num_columns(num_devices)
    # In turn, so that no table takes all: the first of each, then the second.
    turns = sorted(
        (turn, number)
        for number, table in enumerate(tables)
        for turn in range(len(table.columns))
    )[:most]
    why = (
        f"beyond the {most} columns that {num_devices:,} devices and memory carry; "
        "--columns names those that matter."
    )
    return tuple(
        _keep(table, _ranked(table)[: [n for _, n in turns].count(number)], why)
        for number, table in enumerate(tables)
    )


def _ranked(table: reading.RawTable) -> list[reading.RawColumn]:
    """The columns, those that a draft should rather use first.

    The first time leads, then what documents limit, then what they describe; then each
    kind has its turn, so that there are texts to group by and numbers to sum up.
    """
    seen: collections.Counter[str] = collections.Counter()
    ranks = {}
    for column in table.columns:
        words = column.words
        is_limited = bool(words.values) or None not in (words.low, words.high)
        ranks[column.name] = (
            column is not table.time,
            not is_limited,
            not (words.about or words.unit),
            seen[column.kind],
        )
        seen[column.kind] += 1
    return sorted(table.columns, key=lambda column: ranks[column.name])


def _keep(
    table: reading.RawTable, kept: Iterable[reading.RawColumn], why: str
) -> reading.RawTable:
    """The table with some of its columns, in the order of its files."""
    names = {column.name for column in kept}
    gone = [column.name for column in table.columns if column.name not in names]
    return dataclasses.replace(
        table,
        columns=tuple(c for c in (*table.columns, *table.others) if c.name in names),
        left_out=_without(table.left_out, names) | dict.fromkeys(gone, why),
    )


def _without(left_out: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What stays left out where some names are used."""
    return {name: why for name, why in left_out.items() if name not in set(names)}


def _named(
    tables: Sequence[reading.RawTable], names: Sequence[str]
) -> tuple[reading.RawTable, ...]:
    """The tables with the columns that the owner names."""
    usable = [(t, column) for t in tables for column in (*t.columns, *t.others)]
    found: dict[str, list[reading.RawColumn]] = {table.name: [] for table in tables}
    faults, unknown = [], []
    for name in names:
        hits = [(t, c) for t, c in usable if name in (c.name, f"{t.name}.{c.name}")]
        for table, column in hits:
            found[table.name].append(column)
        reasons = [
            f"--columns={name}: {table.name}.{own}: {why}"
            for table in tables
            for own, why in table.left_out.items()
            if name in (own, f"{table.name}.{own}")
        ]
        faults += [] if hits else reasons
        unknown += [] if hits or reasons else [name]
    if unknown:
        known = [f"{table.name}.{column.name}" for table, column in usable]
        faults.append(
            f"--columns: no table has {', '.join(unknown)}; known: "
            f"{errors.listed(known)}."
        )
    errors.refuse(faults)
    return tuple(_keep(t, found[t.name], "not named in --columns.") for t in tables)
