"""A suite: the raw tables it expects, and the SQL that makes device tables of them."""

import dataclasses
import graphlib
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import duckdb
import pyarrow as pa
import yaml

from teledp_jax import errors, schemas
from teledp_jax.data import sqlfile, warehouse

SourceRole = Literal["devices", "event", "public"]
SQL_TYPES = {"category": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE"}

_SOURCE_KEYS = frozenset(
    {"about", "role", "device", "time", "columns", "assumed", "grain"}
)
_REPORTING_KEYS = frozenset({"about", "grain", "reads", "device", "columns"})
_DEVICE_KEYS = frozenset(
    {
        "role",
        "grain",
        "reads",
        "device",
        "max_rows",
        "cap_by",
        "unique",
        "columns",
        "about",
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A raw table that a suite expects.

    Attributes:
        folder: The schema, which is the folder of the table's folder.
        name: Name of the table.
        role: `devices` (defines the population), `event`, or `public` (about no
            device).
        about: What a row is.
        device: The id column; None for a public table.
        time: The column that a time window applies to, or None.
        types: DuckDB type of each column, in order.
        descriptions: What each column means.
        assumed: Columns whose name or type no public source states.
        file: The file that states all this; its statement is the DDL.
    """

    folder: str
    name: str
    role: SourceRole
    about: str
    device: str | None
    time: str | None
    types: Mapping[str, str]
    descriptions: Mapping[str, str]
    assumed: frozenset[str]
    file: sqlfile.SqlFile


@dataclasses.dataclass(frozen=True, kw_only=True)
class Suite:
    """A family of tables with its SQL.

    Attributes:
        name: Name of the suite and of its folder.
        folder: The folder of SQL files.
        schema: The device tables, the anchor first, then by name.
        sources: The raw tables by name.
        reporting_files: The SELECT of each reporting table (a view between raw and
            device tables) by name, after all that it reads.
        device_files: The SELECT of each device table by name.
    """

    name: str
    folder: pathlib.Path
    schema: schemas.Schema
    sources: Mapping[str, Source]
    reporting_files: Mapping[str, sqlfile.SqlFile]
    device_files: Mapping[str, sqlfile.SqlFile]

    def reads(self, table: str) -> tuple[str, ...]:
        """Names of the raw tables that a device table is made of."""
        return self.raw(self.device_files[table])

    def raw(self, file: sqlfile.SqlFile) -> tuple[str, ...]:
        """Names of the raw tables behind a device or reporting table's file."""
        found: set[str] = set()
        for name in file.header["reads"]:
            if name in self.reporting_files:
                found |= set(self.raw(self.reporting_files[name]))
            else:
                found.add(name)
        return tuple(sorted(found))

    def without(self, tables: Collection[str]) -> "Suite":
        """The suite without these device tables, and what only they are made of."""
        keep = [table for table in self.schema.tables if table.name not in tables]
        gone = {name for table in tables for name in self.reads(table)}
        gone -= {name for table in keep for name in self.reads(table.name)}
        return dataclasses.replace(
            self,
            schema=dataclasses.replace(self.schema, tables=tuple(keep)),
            sources={
                name: source
                for name, source in self.sources.items()
                if name not in gone
            },
            reporting_files={
                name: file
                for name, file in self.reporting_files.items()
                if not gone & set(self.raw(file))
            },
            device_files={table.name: self.device_files[table.name] for table in keep},
        )


def load(folder: pathlib.Path) -> Suite:
    """Reads a suite and checks that its headers and statements agree.

    Every statement is bound over empty raw tables, so that a fault shows before any
    data are read.

    Raises:
        InputError: If a file, header, DDL or statement is at fault.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder}: no such suite folder.")
    sources: dict[str, Source] = {}
    for file in sqlfile.read_folder(folder / "source"):
        if file.name in sources:
            raise errors.InputError(
                f"{file.path}: another schema has a table of that name; rename one."
            )
        sources[file.name] = _read_source(file)
    reporting = _read_reporting(folder / "reporting", sources)
    files = {file.name: file for file in sqlfile.read_folder(folder / "device")}
    if not sources or not files:
        raise errors.InputError(
            f"{folder}: expected source/<schema>/<table>.sql and device/<table>.sql."
        )
    vocabularies = _read_vocabularies(folder / "vocabularies.yaml")
    tables = [_read_table(file, vocabularies) for file in files.values()]
    tables.sort(key=lambda table: (table.role != "anchor", table.name))
    devices = {str(file.get("device")) for file in files.values()}
    if len(devices) != 1:
        raise errors.InputError(
            f"{folder}: all device tables share one id column; found {sorted(devices)}."
        )
    schema = schemas.Schema(
        suite=folder.name, device=devices.pop(), tables=tuple(tables)
    )
    empty = {name: empty_table(source) for name, source in sources.items()}
    for file in reporting.values():
        empty[file.name] = _bind_reporting(file, empty)
    for table in tables:
        _bind(schema.device, table, files[table.name], empty)
    return Suite(
        name=folder.name,
        folder=folder,
        schema=schema,
        sources=sources,
        reporting_files=reporting,
        device_files={table.name: files[table.name] for table in tables},
    )


def _check_keys(file: sqlfile.SqlFile, known: frozenset[str]) -> None:
    """Refuses header keys that mean nothing."""
    if unknown := sorted(str(key) for key in set(file.header) - known):
        raise errors.InputError(
            f"{file.path}: unknown header keys {unknown}; known: {sorted(known)}."
        )


def _mapping(file: sqlfile.SqlFile, key: str) -> Mapping[str, Any]:
    """A field of the header that must be a mapping."""
    value = file.get(key)
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise errors.InputError(f"{file.path}: {key} must be a mapping by column.")
    return value


def _names(file: sqlfile.SqlFile, key: str) -> Sequence[str]:
    """A field of the header that must be a list of names; absent is none."""
    value = file.header.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise errors.InputError(f"{file.path}: {key} must be a list of names.")
    return value


def _read_source(file: sqlfile.SqlFile) -> Source:
    """Checks a source's header against its DDL."""
    _check_keys(file, _SOURCE_KEYS)
    role, descriptions = file.get("role"), _mapping(file, "columns")
    if role not in ("devices", "event", "public"):
        raise errors.InputError(
            f"{file.path}: {role=} is none of devices, event, public."
        )
    types = _ddl_types(file)
    if list(descriptions) != list(types):
        wrong = sorted(set(descriptions) ^ set(types)) or "the order"
        raise errors.InputError(
            f"{file.path}: the header's columns and the DDL's differ in {wrong}."
        )
    device, time = file.header.get("device"), file.header.get("time")
    assumed = frozenset(_names(file, "assumed"))
    named = {name for name in (device, time) if name is not None} | assumed
    if unknown := sorted(named - set(types)):
        raise errors.InputError(f"{file.path}: the DDL lacks the columns {unknown}.")
    if (device is None) != (role == "public"):
        raise errors.InputError(
            f"{file.path}: name the id column in device, unless the role is public."
        )
    if time is not None and not types[time].startswith(("TIMESTAMP", "DATE")):
        raise errors.InputError(
            f"{file.path}: time column {time} is {types[time]}; use DATE or TIMESTAMP."
        )
    return Source(
        folder=file.path.parent.name,
        name=file.name,
        role=role,
        about=str(file.header.get("about", "")),
        device=device,
        time=time,
        types=types,
        descriptions={name: str(text) for name, text in descriptions.items()},
        assumed=assumed,
        file=file,
    )


def _ddl_types(file: sqlfile.SqlFile) -> dict[str, str]:
    """Columns and types of the one table that the DDL makes."""
    with warehouse.sealed() as connection:
        try:
            connection.execute(file.statement)
            table = connection.table(file.name)
        except duckdb.Error as error:
            raise errors.InputError(
                f"{file.path}: expected one CREATE TABLE {file.name} "
                f"({warehouse.first_line(error)})."
            ) from None
        return {
            name: str(kind)
            for name, kind in zip(table.columns, table.types, strict=True)
        }


def _read_vocabularies(path: pathlib.Path) -> dict[str, list[str]]:
    """Public lists of category values by name; none if there is no file."""
    if not path.exists():
        return {}
    try:
        lists = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise errors.InputError(
            f"{path}: is no YAML ({warehouse.first_line(error)})."
        ) from None
    if not isinstance(lists, dict) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in lists.values()
    ):
        raise errors.InputError(
            f"{path}: expected lists of texts by name; quote texts."
        )
    return lists


def _read_table(
    file: sqlfile.SqlFile, vocabularies: Mapping[str, list[str]]
) -> schemas.Table:
    """The public domain that a device table's header states."""
    _check_keys(file, _DEVICE_KEYS)
    role = file.get("role")
    if role not in ("anchor", "group", "entity"):
        raise errors.InputError(
            f"{file.path}: {role=} is none of anchor, group, entity."
        )
    columns = _mapping(file, "columns")
    for name, fields in columns.items():
        if not isinstance(fields, dict):
            raise errors.InputError(f"{file.path}: column {name} must be a mapping.")
    max_rows = file.get("max_rows") if role == "entity" else 1
    if not isinstance(max_rows, int):
        raise errors.InputError(f"{file.path}: {max_rows=} must be a whole number.")
    try:
        return schemas.Table(
            name=file.name,
            role=role,
            grain=str(file.get("grain")),
            columns=tuple(
                schemas.parse_column(str(name), fields, vocabularies)
                for name, fields in columns.items()
            ),
            max_rows=max_rows,
            cap_by=file.get("cap_by") if role == "entity" else None,
            unique=tuple(file.header.get("unique", ())) if role == "entity" else (),
        )
    except (TypeError, ValueError) as error:
        raise errors.InputError(
            f"{file.path}: a column's field has the wrong type "
            f"({warehouse.first_line(error)})."
        ) from None
    except errors.InputError as error:
        raise errors.InputError(f"{file.path}: {error}") from None


def _read_reporting(
    folder: pathlib.Path, sources: Mapping[str, Source]
) -> dict[str, sqlfile.SqlFile]:
    """The reporting tables of a suite, each after those that it reads."""
    if not folder.is_dir():
        return {}
    files = {file.name: file for file in sqlfile.read_folder(folder)}
    reads = {}
    for name, file in files.items():
        _check_keys(file, _REPORTING_KEYS)
        _mapping(file, "columns")
        file.get("reads")
        reads[name] = set(_names(file, "reads"))
        if name in sources:
            raise errors.InputError(
                f"{file.path}: a raw table has that name already; rename one."
            )
        if unknown := sorted(reads[name] - set(sources) - set(files)):
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


def empty_table(source: Source) -> pa.Table:
    """A raw table without rows, of the columns that the source names."""
    with warehouse.sealed() as connection:
        connection.execute(source.file.statement)
        whole = connection.table(source.name).to_arrow_table()
        return whole.select(list(source.types))


def _bind_reporting(file: sqlfile.SqlFile, empty: Mapping[str, pa.Table]) -> pa.Table:
    """Checks a reporting table's columns; returns it without rows."""
    with warehouse.sealed() as connection:
        result = _select(connection, file, empty)
        described = list(_mapping(file, "columns"))
        if result.columns != described:
            raise errors.InputError(
                f"{file.path}: the SELECT gives {result.columns}, the header states "
                f"{described}."
            )
        return result.to_arrow_table()


def _bind(
    device: str,
    table: schemas.Table,
    file: sqlfile.SqlFile,
    empty: Mapping[str, pa.Table],
) -> None:
    """Checks what a device table's statement reads and gives, over empty tables."""
    expected = {device: "VARCHAR"} | {
        column.name: SQL_TYPES[column.kind] for column in table.columns
    }
    with warehouse.sealed() as connection:
        result = _select(connection, file, empty)
        given = dict(zip(result.columns, map(str, result.types), strict=True))
    if list(given) != list(expected):
        raise errors.InputError(
            f"{file.path}: the SELECT gives {list(given)}, the header states "
            f"{list(expected)}."
        )
    for name, kind in expected.items():
        if given[name] != kind:
            raise errors.InputError(
                f"{file.path}: column {name} is {given[name]}; cast it to {kind}."
            )


def _select(
    connection: duckdb.DuckDBPyConnection,
    file: sqlfile.SqlFile,
    empty: Mapping[str, pa.Table],
) -> duckdb.DuckDBPyRelation:
    """Binds the one SELECT of a file over the tables that its header names."""
    file.get("reads")
    reads = _names(file, "reads")
    if unknown := sorted(set(reads) - set(empty)):
        raise errors.InputError(
            f"{file.path}: reads {unknown}, which source/ and reporting/ lack; "
            f"known: {sorted(empty)}."
        )
    for name in reads:
        connection.from_arrow(empty[name]).create(name)
    warehouse.check_select(connection, file.path, file.statement)
    try:
        result = connection.sql(file.statement)
    except duckdb.Error as error:
        raise errors.InputError(
            f"{file.path}: the statement does not run over the tables that it reads "
            f"({warehouse.first_line(error)})."
        ) from None
    return result
