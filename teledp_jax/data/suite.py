"""Reads a suite, and checks that its files agree."""

import graphlib
import pathlib
from collections.abc import Mapping

import duckdb

from teledp_jax import errors
from teledp_jax.data import (
    binding,
    definition,
    header_keys,
    headers,
    sources,
    sqlfile,
    warehouse,
)


def load(folder: pathlib.Path) -> definition.Suite:
    """Reads a suite and checks that its headers and statements agree.

    Every statement is bound over empty raw tables, so that a fault shows before any
    data are read.

    Args:
        folder: Holds `source/<schema>/<table>.sql` or `source/<table>.sql`,
            `device/<table>.sql`, and perhaps `reporting/<table>.sql` and
            `vocabularies.yaml`.

    Returns:
        The suite.

    Raises:
        InputError: If a file, header, DDL or statement is at fault.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such suite folder.")
    with warehouse.sealed() as connection:
        return _load(connection, folder)


def _load(
    connection: duckdb.DuckDBPyConnection, folder: pathlib.Path
) -> definition.Suite:
    """Reads a suite; its statements are bound in a sealed database."""
    raw = _read_sources(connection, folder / "source")
    reporting = _read_reporting(folder / "reporting", raw)
    files = {file.name: file for file in sqlfile.read_folder(folder / "device")}
    if not raw or not files:
        raise errors.InputError(
            f"{folder}: expected source/<schema>/<table>.sql and device/<table>.sql."
        )
    schema = headers.schema_of(folder, list(files.values()))
    empty = {name: source.empty() for name, source in raw.items()}
    for file in reporting.values():
        empty[file.name] = binding.bind_reporting(connection, file, empty)
    for table in schema.tables:
        binding.bind_device(connection, schema.device, table, files[table.name], empty)
    return definition.Suite(
        name=folder.name,
        folder=folder,
        schema=schema,
        sources=raw,
        reporting_files=reporting,
        device_files={table.name: files[table.name] for table in schema.tables},
    )


def _read_sources(
    connection: duckdb.DuckDBPyConnection, folder: pathlib.Path
) -> dict[str, definition.Source]:
    """The raw tables of a suite by name."""
    found: dict[str, definition.Source] = {}
    for file in sqlfile.read_folder(folder):
        if file.name in found:
            raise errors.InputError(
                f"{file.path}: another schema has a table of that name; rename one."
            )
        found[file.name] = sources.parse(connection, file, folder)
    return found


def _read_reporting(
    folder: pathlib.Path, raw: Mapping[str, definition.Source]
) -> dict[str, sqlfile.SqlFile]:
    """The reporting tables of a suite, each after those that it reads."""
    files = {file.name: file for file in sqlfile.read_folder(folder)}
    reads = {}
    for name, file in files.items():
        file.check_keys(header_keys.REPORTING)
        file.check_name()
        file.mapping("columns")
        reads[name] = set(file.names("reads"))
        if name in raw:
            raise errors.InputError(
                f"{file.path}: a raw table has that name already; rename one."
            )
        if unknown := sorted(reads[name] - set(raw) - set(files)):
            raise errors.InputError(
                f"{file.path}: reads {unknown}, which source/ and reporting/ lack."
            )
    order = graphlib.TopologicalSorter(
        {name: names & set(files) for name, names in reads.items()}
    )
    try:
        return {name: files[name] for name in order.static_order()}
    except graphlib.CycleError as error:
        raise errors.InputError(
            f"{folder}: reporting tables read each other in a circle: {error.args[1]}."
        ) from None
