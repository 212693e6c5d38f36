"""Finds all faults of a suite at once, each with its file and line; no JAX, no data."""

import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import duckdb

from teledp_jax import errors, schemas
from teledp_jax.data import (
    binding,
    definition,
    headers,
    sources,
    sqlfile,
    suite,
    warehouse,
)
from teledp_jax.queries import catalog, dry_run

_Result = TypeVar("_Result")


class Found(NamedTuple):
    """What a check found.

    Attributes:
        faults: One sentence each, as `file:line: what is wrong; remedy`.
        suite: The suite; None if a table has a fault.
        num_queries: Queries without fault.
    """

    faults: tuple[str, ...]
    suite: definition.Suite | None
    num_queries: int


class _Tries:
    """Does one thing after the other, and keeps what was wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def do(self, work: Callable[..., _Result], *arguments: Any) -> _Result | None:
        """What `work` returns; None if it found a fault."""
        try:
            return work(*arguments)
        except errors.InputError as error:
            self.faults.append(with_line(str(error)))
            return None

    def files(self, folder: pathlib.Path) -> Iterator[sqlfile.SqlFile]:
        """The SQL files below a folder that can be read."""
        for path in sqlfile.paths(folder):
            file = self.do(sqlfile.read, path)
            if file is not None:
                yield file


def check(folder: pathlib.Path) -> Found:
    """Checks a suite file by file: a fault of one file hides none of the next.

    Args:
        folder: The suite's folder.

    Returns:
        All faults.
    """
    tries, whole = _Tries(), None
    try:  # one reading suffices where nothing is wrong
        whole = suite.load(folder)
        schema: schemas.Schema | None = whole.schema
    except errors.InputError as error:
        with warehouse.sealed() as connection:
            schema = _check_tables(connection, folder, tries)
        # What no file shows by itself: names that stand twice, or circles.
        tries.faults = tries.faults or [with_line(str(error))]
    queries = _read_queries(folder / "queries", tries)
    found = [] if schema is None else list(dry_run.faults(queries, schema))
    tries.faults += [with_line(str(error)) for error in found]
    num_checked = 0 if schema is None else len(queries) - len(found)
    return Found(tuple(tries.faults), whole, num_checked)


def _read_queries(folder: pathlib.Path, tries: _Tries) -> list[catalog.Query]:
    """Reads the queries whose files have no fault."""
    try:
        return [query for own in catalog.load(folder).values() for query in own]
    except errors.InputError as error:
        before = len(tries.faults)
        read = [tries.do(catalog.read_query, file) for file in tries.files(folder)]
        if len(tries.faults) == before:
            tries.faults.append(with_line(str(error)))
        return [query for query in read if query is not None]


def _check_tables(
    connection: duckdb.DuckDBPyConnection, folder: pathlib.Path, tries: _Tries
) -> schemas.Schema | None:
    """Checks each raw, reporting and device table; the schema if it can be read."""
    empty, broken = {}, set()  # what reads a broken table is not at fault itself
    root = folder / "source"
    for path in sqlfile.paths(root):
        broken.add(path.stem)
        file = tries.do(sqlfile.read, path)
        source = (
            None if file is None else tries.do(sources.parse, connection, file, root)
        )
        if source is not None:
            empty[source.name] = source.empty()
            broken.discard(source.name)
    waiting = list(tries.files(folder / "reporting"))
    while waiting:  # each after those that it reads
        names = {file.name for file in waiting}
        ready = [f for f in waiting if not names & set(f.header.get("reads") or ())]
        for file in ready or waiting:
            bound = None
            if not broken & set(file.header.get("reads") or ()):
                bound = tries.do(binding.bind_reporting, connection, file, empty)
            if bound is not None:
                empty[file.name] = bound
            else:
                broken.add(file.name)
        waiting = [file for file in waiting if ready and file not in ready]
    vocabularies = tries.do(headers.read_vocabularies, folder / "vocabularies.yaml")
    if vocabularies is None:
        return None  # each table that names a list would seem at fault
    files = list(tries.files(folder / "device"))
    before = len(tries.faults)
    for file in files:
        table = tries.do(headers.read_table, file, vocabularies)
        if table is not None and not broken & set(file.header.get("reads") or ()):
            device = str(file.header.get("device"))
            tries.do(binding.bind_device, connection, device, table, file, empty)
    if len(tries.faults) > before:
        return None
    return tries.do(headers.schema_of, folder, files)


def with_line(fault: str) -> str:
    """Adds to the name of a SQL file the line that a fault speaks of.

    Args:
        fault: Begins with the file, as `a/b.sql: Column hour: ...`.

    Returns:
        The fault, as `a/b.sql:7: Column hour: ...`. The line is the first one that
        holds a key or column that the fault names; 1 if it names none.
    """
    match = re.match(r"(?P<path>.+?\.sql): (?P<rest>.*)", fault, re.DOTALL)
    if match is None or not pathlib.Path(match["path"]).is_file():
        return fault
    lines = pathlib.Path(match["path"]).read_text("utf-8", "replace").splitlines()
    words = re.findall(r"\w+", match["rest"])
    line = next(
        (
            number
            for word in words
            for number, text in enumerate(lines, start=1)
            if re.match(rf"\s*{re.escape(word)}\s*:", text)
        ),
        1,
    )
    return f"{match['path']}:{line}: {match['rest']}"
