"""Reads, checks and enriches a CSV of product events; writes what is rejected, too."""

import contextlib
import pathlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import yaml

from teledp_jax import errors, runs
from teledp_jax.data import sqlfile, warehouse
from teledp_jax.suites.eventlog import encoding as encoding_lib
from teledp_jax.suites.eventlog import foreign, lines

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
        rejects: Number of lines rejected by reason; with the events they are all lines.
        encoding: In which the file was read; the results are in UTF-8.
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
    encoding: str = encoding_lib.UTF8,
) -> Preprocessed:
    """Writes the clean log and its rejects.

    A line is read by itself (`lines`): none changes how another one reads. Each line
    behind the header is an event or a reject.

    Args:
        path: The CSV, with the columns of `CSV_COLUMNS` in any order.
        folder: Gets `CLEAN` and `REJECTS`.
        suite_folder: Holds vocabularies and the SQL of the steps.
        keep_duplicates: Whether rows equal in all columns are kept.
        encoding: Of the file, unless it begins with a byte order mark.

    Returns:
        The events, their users, and what was rejected.

    Raises:
        InputError: If the file is absent, empty, no CSV or without a column, or holds
            no row that can be used; if the encoding is not taken.
    """
    steps = {f.name: f for f in sqlfile.read_folder(suite_folder / "preprocess")}
    written = [(folder / target).parent for target in (CLEAN, REJECTS)]
    with (
        encoding_lib.as_utf8(path, encoding) as (text, name),
        warehouse.sealed(folders=written) as connection,
        _reporting(path),
    ):
        header = _header(path, text)
        _register_vocabularies(connection, suite_folder)
        for step in ("product", "event_kind", "checked"):
            connection.execute(steps[step].statement)
        places = [header.index(name) for name in CSV_COLUMNS.values()]
        for block in lines.blocks(text, places, len(header)):
            connection.register("block", block)
            connection.execute(steps["load"].statement)
            connection.unregister("block")
        if not keep_duplicates:
            _reject_duplicates(connection, steps)
        rejects = connection.sql(steps["rejects"].statement)
        by_reason = rejects.aggregate("reason, count(*) AS num_rows", "reason")
        counts = dict(by_reason.order("reason").fetchall())
        events = connection.sql(steps["raw"].statement).to_arrow_table()
        if not len(events):
            raise errors.InputError(
                f"{path}: no row can be used{_told(counts)}; products and event types "
                "must be those that sql/eventlog/vocabularies.yaml lists, times ISO "
                "8601."
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


def _told(rejects: Mapping[str, int]) -> str:
    """Tells in brackets how many lines were rejected and why."""
    told = ", ".join(f"{count} {reason}" for reason, count in rejects.items())
    return f" (lines rejected: {told})" if told else ""


def _header(path: pathlib.Path, text: pathlib.Path) -> list[str]:
    """Reads the names of the columns, of which each one that is needed occurs once.

    Args:
        path: The file, for messages.
        text: The same in UTF-8.
    """
    if not text.stat().st_size:
        raise errors.InputError(f"{path}: is empty; expected a CSV with a header.")
    names = lines.header(text) or []
    wrong = [name for name in CSV_COLUMNS.values() if names.count(name) != 1]
    if not wrong:
        return names
    if told := foreign.kind(path):
        raise errors.InputError(f"{path}: {told}")
    raise errors.InputError(
        f"{path}: the first line must name the columns {wrong} once each, divided by "
        f"commas; it names {len(names)}. Lines end with LF or CRLF; a file that is no "
        "UTF-8 needs --encoding."
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
    """Reads a public list of the suite: `products` or `event_types`."""
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
                str(path),
                header=True,
                sep=",",
                quotechar='"',
                escapechar='"',
                dtype=_CLEAN_TYPES,
            )
            relation.create("log")
        yield connection


def rows(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile
) -> list[dict[str, object]]:
    """Runs the SELECT of a file.

    Args:
        connection: Has the table `log`; see `open_clean`.
        file: The SELECT.

    Returns:
        A dict per row.

    Raises:
        InputError: If the statement fails.
    """
    try:
        return connection.sql(file.statement).to_arrow_table().to_pylist()
    except duckdb.Error as error:
        line = errors.first_line(error)
        raise errors.InputError(f"{file.path}: {line}") from None
