"""What a method keeps between columns, and what a question takes for granted.

A refit shows the bias of a method only in what the method can express: where it draws
columns independently, the release has no tie between them, and a refit finds none
either. Then no interval says anything of a question about that tie.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

Ties = Literal["columns", "all"]

KEPT: Mapping[str, Ties] = {"independent": "columns", "histogram": "columns"}
"""What methods draw together: one column of one row at a time; others tie all."""

_QUIET = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")


def named(
    statement: str, tables: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Finds the tables and columns that a statement names, wherever they stand.

    Args:
        statement: The SQL.
        tables: Columns of each table, without the device id.

    Returns:
        The named columns of each named table.
    """
    words = set(_WORD.findall(_QUIET.sub(" ", statement).lower()))
    return {
        table: tuple(name for name in columns if name.lower() in words)
        for table, columns in tables.items()
        if table.lower() in words
    }


def are_kept(
    method: str,
    statement: str,
    tables: Mapping[str, Sequence[str]],
    *,
    many_rows: Collection[str],
) -> bool:
    """Tells whether a method draws together what a statement names.

    Where columns are drawn one by one, a statement about one column of a table with at
    most one row per device is answered, and no other.

    Args:
        method: Name of the method.
        statement: The SQL.
        tables: Columns of each table, without the device id.
        many_rows: Tables in which a device may have several rows.
    """
    if KEPT.get(method, "all") == "all":
        return True
    found = named(statement, tables)
    return len(found) <= 1 and all(
        len(columns) <= 1 and table not in many_rows for table, columns in found.items()
    )
