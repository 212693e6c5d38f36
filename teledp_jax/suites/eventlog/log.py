"""A CSV of product events: read, checked, enriched; what is rejected is written too."""

import contextlib
import csv
import pathlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import yaml

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile, warehouse
from teledp_jax.suites.eventlog import encoding

CSV_COLUMNS = {
    "product_type": "Product Type",
    "event_type": "Event Type",
    "event_time": "Time of Event",
    "user_id": "User ID",
}
"""Name in the published CSV of each column of the raw table of events."""

CLEAN = pathlib.Path("data/processed/telemetry_clean.csv")
REJECTS = pathlib.Path("data/processed/telemetry_rejects.csv")
RAW = pathlib.Path("data/raw")
"""Where the results lie in a working folder."""

_CLEAN_TYPES = {
    "Product Type": "VARCHAR",
    "Event Type": "VARCHAR",
    "Time of Event": "TIMESTAMP",
    "event_date": "DATE",
    "event_hour": "BIGINT",
    "event_dow": "BIGINT",
    "is_weekend": "BIGINT",
    "User ID": "VARCHAR",
}


class Preprocessed(NamedTuple):
    """What `preprocess` made of a file.

    Attributes:
        events: The clean events under the names of the raw table, in the file's order.
        users: Their users, each once, as the raw table of users.
        rejects: Number of rows rejected by reason.
        encoding: That the file had; the results are in UTF-8.
    """

    events: pa.Table
    users: pa.Table
    rejects: Mapping[str, int]
    encoding: str


def preprocess(
    path: pathlib.Path,
    folder: pathlib.Path,
    *,
    suite_folder: pathlib.Path,
    keep_duplicates: bool = False,
) -> Preprocessed:
    """Writes the clean log and its rejects.

    Args:
        path: The CSV, with the columns of `CSV_COLUMNS` in any order, in UTF-8, UTF-16,
            UTF-32, Windows-1252 or Latin-1.
        folder: Gets `CLEAN` and `REJECTS`.
        suite_folder: Holds vocabularies and the SQL of the steps.
        keep_duplicates: Whether rows equal in all columns are kept.

    Raises:
        InputError: If the file is absent, empty, broken or without a column, or holds
            no row that can be used.
    """
    steps = {f.name: f for f in sqlfile.read_folder(suite_folder / "preprocess")}
    written = [(folder / target).parent for target in (CLEAN, REJECTS)]
    with (
        encoding.as_utf8(path) as (text, name),
        warehouse.sealed(folders=written, files=[text]) as connection,
        _reporting(path),
    ):
        _check_header(path, text)
        _register_vocabularies(connection, suite_folder)
        for step in ("product", "event_kind"):
            connection.execute(steps[step].statement)
        connection.execute(steps["load"].statement, {"path": str(text)})
        if not keep_duplicates:
            _reject_duplicates(connection, steps)
        rejects = connection.sql(steps["rejects"].statement)
        by_reason = rejects.aggregate("reason, count(*) AS num_rows", "reason")
        counts = dict(by_reason.order("reason").fetchall())
        events = connection.sql(steps["raw"].statement).to_arrow_table()
        if not len(events):
            raise errors.InputError(
                f"{path}: no row can be used; products and event types must be "
                "those that sql/eventlog/vocabularies.yaml lists, times ISO 8601."
            )
        users = connection.sql(steps["users"].statement).to_arrow_table()
        for step, target in (("clean", CLEAN), ("rejects", REJECTS)):
            with runs.atomic(folder / target) as temporary:
                connection.sql(steps[step].statement).write_csv(str(temporary))
    return Preprocessed(events, users, counts, name)


def _reject_duplicates(
    connection: duckdb.DuckDBPyConnection, steps: Mapping[str, sqlfile.SqlFile]
) -> None:
    """Rejects rows that equal one before them; sorts hashes, which is fast."""
    hashes = connection.sql(steps["hashes"].statement).fetchnumpy()["row_hash"]
    hashes.sort()
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if len(repeated):
        table = pa.table({"row_hash": repeated})
        connection.from_arrow(table).create("repeated_hashes")
        connection.execute(steps["duplicates"].statement)


def _check_header(path: pathlib.Path, text: pathlib.Path) -> None:
    """The first line names every column, once."""
    with text.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    wrong = [name for name in CSV_COLUMNS.values() if names.count(name) != 1]
    if wrong:
        raise errors.InputError(
            f"{path}: the first line must name the columns {wrong} once each, divided "
            f"by commas; it names {len(names)}."
        )


def _register_vocabularies(
    connection: duckdb.DuckDBPyConnection, suite_folder: pathlib.Path
) -> None:
    """Makes tables of the known products and event types."""
    for name in ("products", "event_types"):
        names = vocabulary(suite_folder, name)
        table = pa.table({"name": pa.array(names, pa.string())})
        connection.from_arrow(table).create(f"known_{name}")


def vocabulary(suite_folder: pathlib.Path, name: str) -> list[str]:
    """A public list of the suite: `products` or `event_types`."""
    path = suite_folder / "vocabularies.yaml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))[name])


@contextlib.contextmanager
def _reporting(path: pathlib.Path) -> Iterator[None]:
    """Turns faults of reading a file into one line that shows no value."""
    try:
        yield
    except duckdb.Error as error:
        kind = type(error).__name__
        raise errors.InputError(
            f"{path}: does not read as the CSV of an event log ({kind})."
        ) from None


@contextlib.contextmanager
def open_clean(folder: pathlib.Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the clean log of a working folder as the table `log`.

    Raises:
        InputError: If it is absent or is not what `preprocess` writes.
    """
    path = folder / CLEAN
    if not path.exists():
        raise errors.InputError(f"{path}: is absent; run scripts/preprocess.py first.")
    with warehouse.sealed(files=[path]) as connection:
        with _reporting(path):
            relation = connection.read_csv(
                str(path), header=True, sep=",", dtype=_CLEAN_TYPES
            )
            relation.create("log")
        yield connection


def rows(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile
) -> list[dict[str, object]]:
    """Rows that a SELECT of a file gives, a dict a row.

    Raises:
        InputError: If the statement fails.
    """
    try:
        return connection.sql(file.statement).to_arrow_table().to_pylist()
    except duckdb.Error as error:
        line = errors.first_line(error)
        raise errors.InputError(f"{file.path}: {line}") from None
