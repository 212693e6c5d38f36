"""What the queries of a job are about, in the variables of its device tables.

Texts of queries are public, so a method may be configured by what they name. Nothing
here sees data.
"""

import collections
import dataclasses
import itertools
import re
from collections.abc import Sequence
from typing import Any

from teledp_jax import schemas
from teledp_jax.queries import catalog

_QUIET = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
ROWS = "rows"
_FEW = 8  # variables of a table whose pairs are all worth their noise


def variables(schema: schemas.Schema, query: catalog.Query) -> tuple[str, ...]:
    """Finds the variables that a query names, as `table/column` and `table/rows`.

    A column counts where its name stands in the statement and its table in the header;
    of a table other than the anchor the number of rows counts too.

    Args:
        schema: The device tables.
        query: The query.
    """
    words = set(_WORD.findall(_QUIET.sub(" ", query.statement).lower()))
    found = []
    for name in query.tables:
        table = schema.table(name)
        if table.role != "anchor":
            found.append(f"{name}/{ROWS}")
        found += [
            f"{name}/{column.name}"
            for column in table.columns
            if column.name.lower() in words
        ]
    return tuple(found)


def pairs(
    schema: schemas.Schema, queries: Sequence[catalog.Query]
) -> tuple[tuple[str, str], ...]:
    """Finds the pairs of variables whose joint counts the queries need, each once.

    One of the two groups or selects: a column of the anchor, a category, or a column
    that the header names as a key. Where a query joins tables and nothing of that kind
    ties any two, every variable of one is paired with every one of another; and
    whenever it joins two tables, their numbers of rows are a pair. Two numbers of one
    table are a pair, as one may weigh the other, unless the query names many. Otherwise
    a group's number of rows is left out where one of its columns stands in, for each
    count of a column says who lacks it.

    Args:
        schema: The device tables.
        queries: The queries.
    """
    found: dict[frozenset[str], tuple[str, str]] = {}
    for query in queries:
        named = [v for v in variables(schema, query) if not _stood_in(schema, query, v)]
        keys = {v for v in named if _is_key(schema, query, v)}
        numbers = collections.Counter(map(_table, named))
        few = {v for v in named if numbers[_table(v)] <= _FEW}  # which may weigh
        both = list(itertools.combinations(named, 2))
        both = [pair for pair in both if not _is_trivial(pair)]
        keyed = [pair for pair in both if not keys.isdisjoint(pair)]
        keyed += [pair for pair in both if pair[0] in few and not _joins(pair)]
        if not any(_joins(pair) for pair in keyed):
            keyed += [pair for pair in both if _joins(pair)]
        keyed += itertools.combinations(
            [f"{t}/{ROWS}" for t in query.tables if schema.table(t).role != "anchor"], 2
        )
        for pair in keyed:
            found.setdefault(frozenset(pair), pair)
    return tuple(found.values())


def features(
    schema: schemas.Schema, queries: Sequence[catalog.Query]
) -> tuple[tuple[str, ...], ...]:
    """Finds the variables of each query, each set once.

    Args:
        schema: The device tables.
        queries: The queries.
    """
    return tuple(dict.fromkeys(variables(schema, query) for query in queries))


def fill(config: Any, schema: schemas.Schema, queries: Sequence[catalog.Query]) -> Any:
    """Fills what a method's `Config` leaves open from the queries.

    Fields `pairs` and `features`, where it has them, are filled if they are None.

    Args:
        config: The `Config`.
        schema: The device tables.
        queries: The queries.

    Returns:
        The `Config`, filled.
    """
    known = {field.name for field in dataclasses.fields(config)}
    made = {"pairs": pairs, "features": features}
    changes = {
        name: make(schema, queries)
        for name, make in made.items()
        if name in known and getattr(config, name) is None
    }
    return dataclasses.replace(config, **changes)


def _table(variable: str) -> str:
    """The table of a variable."""
    return variable.partition("/")[0]


def _joins(pair: tuple[str, str]) -> bool:
    """Whether the variables of a pair stand in two tables."""
    return _table(pair[0]) != _table(pair[1])


def _is_trivial(pair: tuple[str, str]) -> bool:
    """Whether a pair is a table's number of rows with its own column."""
    is_rows = any(variable.endswith(f"/{ROWS}") for variable in pair)
    return is_rows and not _joins(pair)


def _stood_in(schema: schemas.Schema, query: catalog.Query, variable: str) -> bool:
    """Whether it is a group's number of rows and the query names a column of it."""
    table = schema.table(_table(variable))
    if table.role != "group" or not variable.endswith(f"/{ROWS}"):
        return False
    named = variables(schema, query)
    return any(_table(v) == table.name and v != variable for v in named)


def _is_key(schema: schemas.Schema, query: catalog.Query, variable: str) -> bool:
    """Whether a variable groups or selects."""
    table, _, name = variable.partition("/")
    if schema.table(table).role == "anchor" or name in query.keys:
        return True
    return name != ROWS and not schema.table(table).column(name).is_number
