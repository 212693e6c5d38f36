"""Reads raw tables that a suite expects, and checks what their files state."""

import duckdb

from teledp_jax import errors
from teledp_jax.data import definition, sqlfile, warehouse

_KEYS = frozenset({"about", "role", "device", "time", "columns", "assumed", "grain"})


def parse(file: sqlfile.SqlFile) -> definition.Source:
    """Reads a raw table's file, and checks its header against its DDL.

    Args:
        file: A file of a suite's `source/<schema>/`.

    Returns:
        The raw table.

    Raises:
        InputError: If the header or the DDL is at fault, or they differ.
    """
    file.check_keys(_KEYS)
    role, descriptions = file.get("role"), file.mapping("columns")
    if role not in ("devices", "event", "public"):
        raise errors.InputError(
            f"{file.path}: {role=} is none of devices, event, public."
        )
    for key in ("device", "time"):
        if not isinstance(file.header.get(key), str | None):
            raise errors.InputError(f"{file.path}: {key} must be a column's name.")
    types = _ddl_types(file)
    if list(descriptions) != list(types):
        wrong = sorted(set(descriptions) ^ set(types)) or "the order"
        raise errors.InputError(
            f"{file.path}: the header's columns and the DDL's differ in {wrong}."
        )
    source = definition.Source(
        folder=file.path.parent.name,
        name=file.name,
        role=role,
        about=str(file.header.get("about", "")),
        device=file.header.get("device"),
        time=file.header.get("time"),
        types=types,
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


def _ddl_types(file: sqlfile.SqlFile) -> dict[str, str]:
    """Columns and types of the one table that the DDL makes."""
    with warehouse.sealed() as connection:
        try:
            connection.execute(file.statement)
            table = connection.table(file.name)
        except duckdb.Error as error:
            raise errors.InputError(
                f"{file.path}: expected one CREATE TABLE {file.name} "
                f"({errors.first_line(error)})."
            ) from None
        return {
            name: str(kind)
            for name, kind in zip(table.columns, table.types, strict=True)
        }
