"""Reads public domains from plain mappings: headers of SQL files, or Python.

Only YAML is needed here, no database: a schema can be read where no SQL will run.
"""

import pathlib
from collections.abc import Mapping
from typing import Any

import yaml

from teledp_jax import errors, schemas
from teledp_jax.data import constraints, header_keys, sqlfile

Vocabularies = Mapping[str, list[str]]
"""Public lists of category values, by name."""


def read_schema(folder: pathlib.Path) -> schemas.Schema:
    """Reads what the headers of a suite's device tables state; runs no SQL.

    Args:
        folder: The suite's folder, with `device/<table>.sql`.

    Returns:
        The device tables, the anchor first, then by name.

    Raises:
        InputError: If there is no device table, or a header is at fault.
    """
    return schema_of(folder, sqlfile.read_folder(folder / "device"))


def schema_of(folder: pathlib.Path, files: list[sqlfile.SqlFile]) -> schemas.Schema:
    """Makes a schema of the headers of device tables.

    Args:
        folder: The suite's folder, perhaps with `vocabularies.yaml`.
        files: The device tables' files.

    Returns:
        The device tables, the anchor first, then by name.

    Raises:
        InputError: If there is no file, a header is at fault, or the files name several
            id columns.
    """
    if not files:
        raise errors.InputError(f"{folder}: expected device/<table>.sql.")
    vocabularies = read_vocabularies(folder / "vocabularies.yaml")
    tables = [read_table(file, vocabularies) for file in files]
    tables.sort(key=lambda table: (table.role != "anchor", table.name))
    devices = {str(file.get("device")) for file in files}
    if len(devices) != 1:
        raise errors.InputError(
            f"{folder}: all device tables share one id column; found {sorted(devices)}."
        )
    return schemas.Schema(suite=folder.name, device=devices.pop(), tables=tuple(tables))


def read_vocabularies(path: pathlib.Path) -> dict[str, list[str]]:
    """Reads public lists of category values.

    Args:
        path: A YAML file of lists of texts by name. There may be none.

    Returns:
        The lists by name; none if there is no file.

    Raises:
        InputError: If the file is no YAML, or holds anything else.
    """
    if not path.exists():
        return {}
    try:
        lists = sqlfile.parse_yaml(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise errors.InputError(
            f"{path}: is no YAML ({errors.first_line(error)})."
        ) from None
    if not isinstance(lists, dict) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in lists.values()
    ):
        raise errors.InputError(
            f"{path}: expected lists of texts by name; quote texts."
        )
    return lists


def read_table(file: sqlfile.SqlFile, vocabularies: Vocabularies) -> schemas.Table:
    """Reads the public domain that a device table's header states.

    Args:
        file: The device table's file.
        vocabularies: Lists that columns name.

    Returns:
        The table.

    Raises:
        InputError: If the header is at fault.
    """
    file.check_keys(header_keys.DEVICE)
    for key in ("role", "grain"):
        file.get(key)
    if file.header["role"] == "entity":
        file.get("max_rows")
    file.mapping("columns")
    try:
        return table(file.name, file.header, vocabularies)
    except errors.InputError as error:
        raise errors.InputError(f"{file.path}: {error}") from None


def table(
    name: str, fields: Mapping[str, Any], vocabularies: Vocabularies
) -> schemas.Table:
    """Makes a device table from its mapping.

    Args:
        name: Name of the table.
        fields: `role`, `grain`, `columns` (mappings by name, as `column` takes them)
            and, for an entity table, `max_rows`, `cap_by` and perhaps `unique` and
            `fixed_rows`; perhaps `constraints`, as `data.constraints` takes them.
        vocabularies: Lists that columns name.

    Returns:
        The table.

    Raises:
        InputError: If a field is missing, unknown or wrong.
    """
    role, columns = fields.get("role"), fields.get("columns")
    if role not in list(header_keys.DEVICE_ROLES):
        raise errors.InputError(
            f"Table {name}: {role=} is none of {', '.join(header_keys.DEVICE_ROLES)}."
        )
    if not isinstance(columns, Mapping):
        raise errors.InputError(f"Table {name}: columns must be a mapping by name.")
    is_entity = role == "entity"
    max_rows: Any = fields.get("max_rows") if is_entity else 1
    fixed_rows = (fields.get("fixed_rows") or 0) if is_entity else 0
    unique = (fields.get("unique") or []) if is_entity else []
    for key, value in (("max_rows", max_rows), ("fixed_rows", fixed_rows)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise errors.InputError(
                f"Table {name}: {key}={value!r} must be a whole number."
            )
    if not isinstance(unique, list | tuple) or not all(
        isinstance(item, str) for item in unique
    ):
        raise errors.InputError(f"Table {name}: unique must be a list of names.")
    made = tuple(
        column(str(key), value, vocabularies, has_names=is_entity)
        for key, value in columns.items()
    )
    return schemas.Table(
        name=name,
        role=role,
        grain=str(fields.get("grain", "")),
        columns=made,
        constraints=constraints.parse(name, fields.get("constraints"), made),
        max_rows=max_rows,
        fixed_rows=fixed_rows,
        cap_by=fields.get("cap_by") if is_entity else None,
        unique=tuple(unique),
    )


def column(
    name: str, fields: Any, vocabularies: Vocabularies, *, has_names: bool = False
) -> schemas.Column:
    """Makes a column from its mapping.

    Args:
        name: Name of the column.
        fields: `kind`, `unit`, `about`. A category has `values` (a list, or the name of
            a list of `vocabularies`) and perhaps `other`. A number has `edges`, or
            `low`, `high`, `bins` and `scale`; `zero: false` takes away the code of its
            own for zero, which numbers have by default if `low` is not negative.
            `absent: false` says that every row has a value. `learnt` says whether a run
            learns further texts, or other bins, under noise.
        vocabularies: Lists that `values` may name.
        has_names: Whether texts beside `values` are learnt if `learnt` does not tell
            and `other` stands for them: they are names of an entity table.

    Returns:
        The column.

    Raises:
        InputError: If a field is missing, unknown or wrong.
    """
    if not isinstance(fields, Mapping):
        raise errors.InputError(f"Column {name}: expected a mapping of fields.")
    if unknown := sorted(str(key) for key in set(fields) - set(header_keys.COLUMN)):
        raise errors.InputError(
            f"Column {name}: unknown {unknown}; known: {sorted(header_keys.COLUMN)}."
        )
    try:
        if fields.get("kind") == "category":
            return _category(name, fields, vocabularies, has_names)
        return _number(name, fields)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise errors.InputError(
            f"Column {name}: a field has the wrong type or size "
            f"({errors.first_line(error)})."
        ) from None


def _category(
    name: str, fields: Mapping[str, Any], vocabularies: Vocabularies, has_names: bool
) -> schemas.Column:
    """A column of texts; a field of the wrong type raises what it raises."""
    values = fields.get("values", [])
    if isinstance(values, str):
        if values not in vocabularies:
            raise errors.InputError(
                f"Column {name}: vocabularies.yaml lacks a list {values!r}."
            )
        values = vocabularies[values]
    if not isinstance(values, list | tuple):
        raise errors.InputError(f"Column {name}: values must be a list of texts.")
    if wrong := [value for value in values if not isinstance(value, str)]:
        raise errors.InputError(
            f"Column {name}: {wrong[0]!r} in values is no text; quote it."
        )
    return schemas.Column(
        name=name,
        kind="category",
        may_be_absent=_flag(name, fields, "absent", default=True),
        about=str(fields.get("about", "")),
        categories=tuple(values),
        other=fields.get("other"),
        is_learnt=_flag(
            name,
            fields,
            "learnt",
            default=has_names and fields.get("other") is not None,
        ),
    )


def _number(name: str, fields: Mapping[str, Any]) -> schemas.Column:
    """A column of numbers; a field of the wrong type raises what it raises."""
    kind, scale = fields.get("kind"), fields.get("scale", "linear")
    if kind not in list(header_keys.KINDS):
        raise errors.InputError(
            f"Column {name}: {kind=} is none of {', '.join(header_keys.KINDS)}."
        )
    if scale not in list(header_keys.SCALES):
        raise errors.InputError(f"Column {name}: {scale=} is neither linear nor log.")
    edges = _edges(name, fields, scale=scale, whole=kind == "integer")
    return schemas.Column(
        name=name,
        kind=kind,
        unit=str(fields.get("unit", "")),
        about=str(fields.get("about", "")),
        edges=edges,
        scale=scale,
        has_zero=_flag(name, fields, "zero", default=not edges or edges[0] >= 0),
        may_be_absent=_flag(name, fields, "absent", default=True),
        is_learnt=_flag(name, fields, "learnt", default=False),
    )


def _flag(name: str, fields: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """A field that is true or false; texts such as "no" are neither."""
    value = fields.get(key, default)
    if not isinstance(value, bool):
        raise errors.InputError(
            f"Column {name}: {key}={value!r}: expected true or false, without quotes."
        )
    return value


def _edges(
    name: str, fields: Mapping[str, Any], *, scale: schemas.Scale, whole: bool
) -> tuple[float, ...]:
    """The edges that a header states, or those of evenly spaced bins."""
    if "edges" in fields:
        return tuple(float(edge) for edge in fields["edges"])
    try:
        low, high = float(fields["low"]), float(fields["high"])
        bins = int(fields["bins"])
    except KeyError as error:
        raise errors.InputError(
            f"Column {name}: expected low, high and bins, or edges; lacks {error}."
        ) from None
    most = schemas.MOST_CODES
    if not low < high or not 1 <= bins < most or (scale == "log" and low <= 0):
        raise errors.InputError(
            f"Column {name}: expected low < high, 0 < bins < {most}, and "
            "low > 0 for log."
        )
    return schemas.spaced_edges(low, high, bins, scale=scale, whole=whole)
