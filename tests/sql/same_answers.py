"""Compares what a query gives on device tables with what another gives on raw rows."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pytest


def check(
    raw: duckdb.DuckDBPyRelation,
    device: duckdb.DuckDBPyRelation,
    keys: Sequence[str],
) -> None:
    """Holds that both give the same rows, numbers up to rounding, and at least one.

    Args:
        raw: What raw rows give.
        device: What device tables give, the same columns.
        keys: Columns that tell rows apart.
    """
    expected, given = _by_key(raw, keys), _by_key(device, keys)
    assert given, "a query without rows proves nothing"
    assert given.keys() == expected.keys()
    for key, row in given.items():
        assert row.keys() == expected[key].keys()
        for column, value in row.items():
            if isinstance(value, float):
                value = pytest.approx(value, rel=1e-9, abs=1e-9)
            assert expected[key][column] == value, (key, column)


def _by_key(
    relation: duckdb.DuckDBPyRelation, keys: Sequence[str]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of a result by their key columns, which must tell them apart."""
    rows = [
        dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()
    ]
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found
