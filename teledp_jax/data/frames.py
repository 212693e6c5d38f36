"""Device tables in memory: data frames, Arrow tables or Parquet files to arrays.

Only numpy and pyarrow are needed. A fault of a frame's shape is an error that names
table and column; values never are: what a rule of the schema does not take is clamped,
absent or dropped, and counted.
"""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import arrays, errors, schemas
from teledp_jax.data import encode as encoding
from teledp_jax.data import quality


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Devices:
    """Devices as methods see them. Private, as the tables are that they come from.

    Attributes:
        schema: The device tables.
        arrays: Codes of all rows of each device.
        changes: How many values and rows each rule clamped or dropped; only those that
            happened.
    """

    schema: schemas.Schema
    arrays: arrays.DeviceArrays
    changes: list[quality.Count]

    def __repr__(self) -> str:
        names = ", ".join(table.name for table in self.schema.tables)
        return f"Devices({self.schema.suite}: {names}; private)"


def encode(tables: Mapping[str, Any], schema: schemas.Schema) -> Devices:
    """Encodes device tables, so that a method can be fitted to them.

    Rows without an id, rows of devices that the anchor lacks, and second rows of a
    device in an anchor or group table are dropped. Numbers are clamped to their bounds;
    None, NaN and infinite numbers are absent. All that is counted in `changes`.

    Args:
        tables: Name of each table of the schema to its rows: a pandas or other data
            frame, an Arrow table, a mapping of columns to lists, or the path of a
            Parquet file. Each has the id column and the columns that the schema states.
        schema: What `load_suite` read or `schema` stated.

    Returns:
        The devices, for `fit`.

    Raises:
        InputError: If a table or column is missing, unknown or of a wrong type.

    >>> import teledp_jax as teledp
    >>> schema = teledp.schema(
    ...     teledp.anchor("devices", {"ram": teledp.integer(low=1, high=64, bins=4)}),
    ...     device="guid",
    ... )
    >>> devices = teledp.encode(
    ...     {"devices": {"guid": ["a", "b"], "ram": [8, 999]}}, schema
    ... )
    >>> [(change.rule, change.count) for change in devices.changes]
    [('clamped_high', 1)]
    """
    if not isinstance(schema, schemas.Schema):
        raise errors.InputError(
            f"encode: expected a schema, got {type(schema).__name__}; state it by "
            "schema(...), or read it by load_suite(...)."
        )
    _check_names(tables, schema)
    counts, columns = [], {}
    for table in schema.tables:
        rows = _rows(table.name, tables[table.name])
        found = _columns(schema, table, rows)
        known = found[schema.device].is_valid()
        missing = len(known) - (pc.sum(known).as_py() or 0)
        counts.append(quality.Count(table.name, schema.device, "no_id", missing))
        columns[table.name] = {
            name: values.filter(known) if missing else values
            for name, values in found.items()
        }
    encoded = encoding.encode_columns(schema, lambda table, name: columns[table][name])
    changes = [count for count in (*counts, *encoded.counts) if count.count]
    return Devices(schema=schema, arrays=encoded.devices, changes=changes)


def _check_names(tables: Mapping[str, Any], schema: schemas.Schema) -> None:
    """Refuses tables that the schema lacks, and the other way round."""
    if not isinstance(tables, Mapping):
        raise errors.InputError(
            "encode: expected a mapping of table names to tables, got "
            f"{type(tables).__name__}."
        )
    known = [table.name for table in schema.tables]
    if unknown := [name for name in tables if name not in known]:
        raise errors.InputError(
            f"encode: the schema has no tables {unknown}; known: {known}."
        )
    if missing := [name for name in known if name not in tables]:
        raise errors.InputError(
            f"encode: tables {missing} are missing; if no device has rows of one, give "
            "it without rows."
        )


def _rows(name: str, table: Any) -> pa.Table:
    """A table in any of the forms that `encode` takes, as an Arrow table."""
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, str | os.PathLike):
        return _read(table)
    if isinstance(table, Mapping) or type(table).__module__.startswith("pandas"):
        return _from_columns(name, table)
    if hasattr(table, "__arrow_c_stream__") or isinstance(table, pa.RecordBatch):
        return pa.table(table)
    raise errors.InputError(
        f"Table {name}: expected a data frame, an Arrow table, a mapping of columns or "
        f"the path of a Parquet file, got {type(table).__name__}."
    )


def _read(path: str | os.PathLike[str]) -> pa.Table:
    """The rows of a Parquet file, or of a folder of them."""
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise errors.InputError(
            f"{os.fspath(path)}: is no readable Parquet file ({type(error).__name__})."
        ) from None


def _from_columns(name: str, table: Any) -> pa.Table:
    """The columns of a mapping or of a pandas frame; NaN is null."""
    names = list(table.columns) if hasattr(table, "columns") else list(table)
    if len(set(names)) != len(names):
        raise errors.InputError(f"Table {name}: two columns have the same name.")
    columns = {}
    for column in names:
        try:
            columns[str(column)] = pa.array(table[column], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            # The text of the error may hold a value of a device.
            raise errors.InputError(
                f"Table {name}: column {column} holds values of several types, or of "
                "one that Arrow lacks; make them all texts or all numbers."
            ) from None
    try:
        return pa.table(columns)
    except pa.ArrowInvalid:
        raise errors.InputError(
            f"Table {name}: the columns have different numbers of rows."
        ) from None


def _columns(
    schema: schemas.Schema, table: schemas.Table, rows: pa.Table
) -> dict[str, Any]:
    """The columns of a table in the types that `encode_columns` takes."""
    kinds = {schema.device: "id"}
    kinds |= {column.name: column.kind for column in table.columns}
    names = rows.column_names
    if schema.device not in names:
        raise errors.InputError(
            f"Table {table.name}: lacks the id column {schema.device}; it has {names}. "
            "If it is a frame's index, call reset_index() first."
        )
    if unknown := [name for name in names if name not in kinds]:
        raise errors.InputError(
            f"Table {table.name}: the schema has no columns {unknown}; known: "
            f"{list(kinds)}."
        )
    if missing := [name for name in kinds if name not in names]:
        raise errors.InputError(
            f"Table {table.name}: lacks the columns {missing}; if no device has a "
            "value, fill one with None."
        )
    if len(set(names)) != len(names):
        raise errors.InputError(f"Table {table.name}: two columns have the same name.")
    return {name: _typed(table.name, name, rows[name], kinds[name]) for name in kinds}


def _typed(table: str, column: str, values: pa.ChunkedArray, kind: str) -> Any:
    """Values as texts for ids and categories, as numbers otherwise."""
    array = values.combine_chunks()
    given = array.type
    if pa.types.is_dictionary(given):
        array, given = array.dictionary_decode(), given.value_type
    is_text = pa.types.is_string(given) or pa.types.is_large_string(given)
    is_text = is_text or pa.types.is_string_view(given) or pa.types.is_null(given)
    is_whole = pa.types.is_integer(given)
    if (kind == "category" and is_text) or (kind == "id" and (is_text or is_whole)):
        return array.cast(pa.string())
    is_number = is_whole or pa.types.is_floating(given) or pa.types.is_decimal(given)
    if kind in ("integer", "double") and (is_number or pa.types.is_null(given)):
        return array.cast(pa.float64(), safe=False)
    expected = {"category": "texts", "id": "texts or whole numbers"}
    raise errors.InputError(
        f"Table {table}: column {column} is {given}, expected "
        f"{expected.get(kind, 'numbers')}; convert it first."
    )
