"""Reads raw tables that a suite expects, and checks what their files state."""

import pathlib

import duckdb
import pyarrow as pa

from teledp_jax import errors
from teledp_jax.data import definition, header_keys, sqlfile, warehouse


def parse(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile, root: pathlib.Path
) -> definition.Source:
    """Reads a raw table's file, and checks its header against its DDL.

    Args:
        connection: A sealed database; it is left as it is.
        file: A file of a suite's `source/<schema>/`, or right in `source/`.
        root: The folder `source` of the suite.

    Returns:
        The raw table.

    Raises:
        InputError: If the header or the DDL is at fault, or they differ.
    """
    file.check_keys(header_keys.SOURCE)
    file.check_name()
    role, descriptions = file.get("role"), file.mapping("columns")
    if role not in list(header_keys.SOURCE_ROLES):
        raise errors.InputError(
            f"{file.path}: {role=} is none of {', '.join(header_keys.SOURCE_ROLES)}."
        )
    for key in ("device", "time"):
        if not isinstance(file.header.get(key), str | None):
            raise errors.InputError(f"{file.path}: {key} must be a column's name.")
    types, empty = _made(connection, file)
    if list(descriptions) != list(types):
        wrong = sorted(set(descriptions) ^ set(types)) or "the order"
        raise errors.InputError(
            f"{file.path}: the header's columns and the DDL's differ in {wrong}."
        )
    source = definition.Source(
        folder="" if file.path.parent == root else file.path.parent.name,
        name=file.name,
        role=role,
        about=str(file.header.get("about", "")),
        device=file.header.get("device"),
        time=file.header.get("time"),
        types=types,
        whole=empty,
        descriptions={name: str(text) for name, text in descriptions.items()},
        assumed=frozenset(file.names("assumed", optional=True)),
        file=file,
    )
    _check_columns(source)
    return source


def _check_columns(source: definition.Source) -> None:
    """Checks the columns that a header gives a meaning."""
    path, types = source.file.path, source.types
    named = {name for name in (source.device, source.time) if name is not None}
    if unknown := sorted((named | source.assumed) - set(types)):
        raise errors.InputError(f"{path}: the DDL lacks the columns {unknown}.")
    if (source.device is None) != (source.role == "public"):
        raise errors.InputError(
            f"{path}: name the id column in device, unless the role is public."
        )
    if source.time is None:
        return
    if not types[source.time].startswith(("TIMESTAMP", "DATE")):
        raise errors.InputError(
            f"{path}: time column {source.time} is {types[source.time]}; use DATE or "
            "TIMESTAMP."
        )


def _made(
    connection: duckdb.DuckDBPyConnection, file: sqlfile.SqlFile
) -> tuple[dict[str, str], pa.Table]:
    """Column types of the one table that the DDL makes, and that table, empty."""
    try:
        kinds = [part.type for part in connection.extract_statements(file.statement)]
        if kinds != [duckdb.StatementType.CREATE]:
            found = ", ".join(kind.name for kind in kinds) or "nothing"
            raise duckdb.ParserException(f"found {found}")
        with warehouse.undone(connection):
            connection.execute(file.statement)
            table = connection.table(f'"{file.name}"')
            types = dict(zip(table.columns, map(str, table.types), strict=True))
            return types, table.to_arrow_table()
    except duckdb.Error as error:
        raise errors.InputError(
            f"{file.path}: expected one CREATE TABLE {file.name} "
            f"({errors.first_line(error)})."
        ) from None
