"""A CSV of product events: read, checked, enriched; what is rejected is written too."""

import codecs
import contextlib
import csv
import pathlib
from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute
import yaml

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile, warehouse

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
_CHUNK = 1 << 24


def preprocess(
    path: pathlib.Path,
    folder: pathlib.Path,
    *,
    suite_folder: pathlib.Path,
    keep_duplicates: bool = False,
) -> tuple[pa.Table, Mapping[str, int]]:
    """Writes the clean log and its rejects.

    Args:
        path: The CSV, in UTF-8, with the columns of `CSV_COLUMNS` in any order.
        folder: Gets `CLEAN` and `REJECTS`.
        suite_folder: Holds vocabularies and the SQL of the steps.
        keep_duplicates: Whether rows equal in all columns are kept.

    Returns:
        The clean events under the names of the raw table, and the number of rows
        rejected for each reason.

    Raises:
        InputError: If the file is absent, empty, no UTF-8 or without a column, or holds
            no row that can be used.
    """
    _check_text(path)
    _check_header(path)
    steps = {f.name: f for f in sqlfile.read_folder(suite_folder / "preprocess")}
    with duckdb.connect() as connection, _reporting(path):
        connection.execute("SET enable_progress_bar = false")
        connection.execute(steps["load"].statement, {"path": str(path)})
        _register_vocabularies(connection, suite_folder)
        arguments = {"keep_duplicates": keep_duplicates}
        connection.execute(steps["check"].statement, arguments)
        rejects = connection.sql(steps["rejects"].statement)
        by_reason = rejects.aggregate("reason, count(*) AS num_rows", "reason")
        counts = dict(by_reason.order("reason").fetchall())
        events = connection.sql(steps["raw"].statement).to_arrow_table()
        if not len(events):
            raise errors.InputError(
                f"{path}: no row can be used; products and event types must be "
                "those that sql/eventlog/vocabularies.yaml lists, times ISO 8601."
            )
        for name, target in (("clean", CLEAN), ("rejects", REJECTS)):
            with runs.atomic(folder / target) as temporary:
                connection.sql(steps[name].statement).write_csv(str(temporary))
    return events, counts


def _check_text(path: pathlib.Path) -> None:
    """The file is there, holds something and is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
                size += len(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise errors.InputError(
            f"{path}: is no UTF-8 text; save it as CSV in UTF-8."
        ) from None
    except OSError as error:
        raise errors.InputError(f"{path}: cannot be read ({error.strerror}).") from None
    if not size:
        raise errors.InputError(f"{path}: is empty; expected a CSV with a header.")


def _check_header(path: pathlib.Path) -> None:
    """The first line names every column, once."""
    with path.open(encoding="utf-8-sig", newline="") as file:
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
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
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
        line = warehouse.first_line(error)
        raise errors.InputError(f"{file.path}: {line}") from None


_START = np.datetime64("2024-05-01", "s")  # of the column day of the device table


def from_raw(events: pa.Table, users: pa.ChunkedArray) -> dict[str, np.ndarray]:
    """Product, event_type and time_s of the raw events of some users.

    Args:
        events: The raw table of events.
        users: Their ids.
    """
    own = events.filter(pa.compute.is_in(events["user_id"], users))
    times = own["event_time"].to_numpy().astype("datetime64[s]")
    return {
        "product": own["product_type"].to_numpy(),
        "event_type": own["event_type"].to_numpy(),
        "time_s": (times - _START).astype(np.float64),
    }


def from_device_table(
    table: pa.Table, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Product, event_type and time_s of a device table `user_events`.

    Rows without a product, day or hour are dropped; the second in the hour is drawn.
    """
    table = table.drop_null()
    parts = pa.compute.split_pattern(table["product_event"], "/")
    hours = 24 * table["day"].to_numpy() + table["hour"].to_numpy()
    return {
        "product": pa.compute.list_element(parts, 0).to_numpy(),
        "event_type": pa.compute.list_element(parts, 1).to_numpy(),
        "time_s": 3600 * (hours + rng.random(len(hours))),
    }


def second_draw(table: pa.Table, num_users: int, rng: np.random.Generator) -> pa.Table:
    """The rows of as many users, drawn with replacement: sampling without privacy."""
    _, user = np.unique(table["user_id"].to_numpy().astype(str), return_inverse=True)
    times = np.bincount(rng.integers(0, num_users, num_users), minlength=num_users)
    return table.take(pa.array(np.repeat(np.arange(len(user)), times[user])))
