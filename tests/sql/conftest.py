"""A database with the raw tables of suite dca."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from teledp_jax.data import sqlfile
from tests import paths

SOURCE = paths.SQL / "dca" / "source"

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@pytest.fixture(scope="session")
def dca_raw() -> Callable[[Rows], duckdb.DuckDBPyConnection]:
    """Makes a database with the raw tables of the suite that hold the given rows."""

    def connect(rows: Rows) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        for source in sqlfile.read_folder(SOURCE):
            connection.execute(source.statement)
            if rows.get(source.name):
                connection.register("batch", pa.Table.from_pylist(rows[source.name]))
                connection.execute(f"INSERT INTO {source.name} BY NAME FROM batch")
                connection.unregister("batch")
        return connection

    return connect
