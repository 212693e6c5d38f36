"""Counts what became of each raw row: used, or left out for one stated reason.

Numbers that are NaN or infinite, which are absent, are counted by column that is read.
"""

import pathlib
from collections.abc import Iterator, Mapping, Sequence

import duckdb
from duckdb import ColumnExpression
from duckdb import FunctionExpression as Function

from teledp_jax import storage
from teledp_jax.data import (
    definition,
    layouts,
    lineage,
    quality,
    rawfiles,
    rawvalues,
    reading,
    slices,
    warehouse,
)

ROWS = "raw_rows"
UNSELECTED = "raw_unselected"
NO_ID = "raw_no_id"
ORPHAN = "raw_orphan"
USED = "raw_used"
RULES = (ROWS, UNSELECTED, NO_ID, ORPHAN, USED)
"""What is counted of each raw table; the last four add up to the first."""

_FLOATS = ("FLOAT", "DOUBLE")


def count(
    connection: duckdb.DuckDBPyConnection,
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    *,
    anchor: pathlib.Path,
    selection: rawfiles.Selection,
    one: slices.Slice | None = None,
) -> Iterator[quality.Count]:
    """Counts the rows of each raw table that has a device column.

    Args:
        connection: May read the files.
        suite: The suite.
        files: Of each raw table.
        anchor: Parquet file of the ids of the devices.
        selection: Which rows count: a row outside of window and share is unselected.
        one: The devices whose rows are counted; None is all.

    Yields:
        A count for each rule, those of zero included; of numbers that are not finite
        only if there are any.
    """
    known = warehouse.read_files(connection, [anchor]).set_alias("known")
    read = lineage.narrowed(suite, selection.window)  # files may lack all else
    for name, own in files.items():
        source = suite.sources[name]
        if (device := source.device) is None:
            continue
        opened = reading.open_files(connection, source, own)
        whole = reading.of_slice(opened, source, one)
        rows = reading.raw_rows(opened, source, selection, one).set_alias("rows")
        id_of_row = ColumnExpression("rows", device)
        id_of_device = ColumnExpression("known", suite.schema.device)
        # Each id is known once, so that no row counts twice.
        with_device = rows.join(known, condition=id_of_row == id_of_device, how="left")
        types = read[name].types
        floats = [column for column, kind in types.items() if kind in _FLOATS]
        num_rows, *odd = _numbers(
            whole,
            Function("count_star"),
            *(
                Function("count_if", ~Function("isfinite", ColumnExpression(column)))
                for column in floats
            ),
        )
        for column, count in zip(floats, odd, strict=True):
            if count:
                yield quality.Count(name, column, rawvalues.NOT_FINITE, count)
        selected, with_id, num_used = _numbers(
            with_device,
            Function("count_star"),
            Function("count", id_of_row),
            Function("count", id_of_device),
        )
        numbers = (
            num_rows,
            num_rows - selected,
            selected - with_id,
            with_id - num_used,
            num_used,
        )
        for rule, number in zip(RULES, numbers, strict=True):
            yield quality.Count(name, device, rule, number)


def _numbers(
    rows: duckdb.DuckDBPyRelation, *aggregates: duckdb.Expression
) -> tuple[int, ...]:
    """Aggregates of all rows, which are counts: of no rows they are 0."""
    return tuple(n or 0 for n in rows.aggregate(list(aggregates)).fetchall()[0])


def with_totals(
    counts: Sequence[quality.Count], totals: Mapping[str, int]
) -> list[quality.Count]:
    """Adds the rows that were left out before the counts were made.

    Args:
        counts: Counts of rows of which unselected ones were left out.
        totals: Number of rows in the files of each raw table.

    Returns:
        The counts, of all rows.
    """
    seen = {count.table: count.count for count in counts if count.rule == ROWS}
    more = {name: total - seen.get(name, 0) for name, total in totals.items()}
    return [
        quality.Count(
            count.table, count.column, count.rule, count.count + more[count.table]
        )
        if count.rule in (ROWS, UNSELECTED)
        else count
        for count in counts
    ]


def totals(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[storage.Place]]
) -> dict[str, int]:
    """Counts the rows of raw tables by what their files say of themselves.

    Args:
        connection: May read the files.
        files: Of each raw table.

    Returns:
        Number of rows by name.
    """
    return {
        name: sum(layout.num_rows for layout in layouts.whole(connection, own).values())
        for name, own in files.items()
    }
