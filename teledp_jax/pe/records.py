"""Whole devices as JSON: values in public units and words, not codes.

A device is an object with a field a table: the anchor's is an object, a group's an
object or null, an entity's a list of objects. A column is a number, a text or null.
"""

import json
import math
from collections.abc import Collection
from typing import Any

import numpy as np
from jaxtyping import Integer

from teledp_jax import arrays, schemas

MOST_LISTED = 60
"""Categories that a description lists; of a longer vocabulary it shows that many."""

REASONS = ("shape", "name", "category", "number", "rows")
"""Why a record is dropped: it is no object where one must be, a table or column is
unknown or the anchor missing, a text is outside of the vocabulary, a number is none,
not whole or out of bounds, there are too many rows."""


class RecordError(Exception):
    """A record outside of the schema; the text is one of `REASONS`."""


def read(schema: schemas.Schema, record: Any) -> Integer[np.ndarray, " head"]:
    """Reads a device that a model wrote into codes, as `arrays.flatten` lays them out.

    What a record leaves out is absent. Text outside of a vocabulary is its `other`.

    Args:
        schema: The public schema.
        record: What JSON of the model's answer held.

    Returns:
        Code of each head.

    Raises:
        RecordError: If anything in it is outside of the public schema.
    """
    known = {table.name for table in schema.tables}
    if not isinstance(record, dict):
        raise RecordError("shape")
    if not record.keys() <= known or record.get(schema.anchor.name) is None:
        raise RecordError("name")
    codes: list[int] = []
    for table in schema.tables:
        rows = _rows(table, record.get(table.name))
        if table.role != "anchor":
            codes.append(len(rows))
        missing = table.max_rows - len(rows)
        for row in [*rows, *[[0] * len(table.columns)] * missing]:
            codes += row
    dtype = arrays.code_dtype(max(head.num_codes for head in schema.heads))
    return np.array(codes, dtype)


def write(
    schema: schemas.Schema, codes: Integer[np.ndarray, " head"]
) -> dict[str, Any]:
    """Writes a flattened record as a device that `read` gives the same codes.

    Bins show as a round number inside; tables and values that are absent are left out.

    Args:
        schema: The public schema.
        codes: Code of each head; public or a DP output.

    Returns:
        What JSON can hold, by table and column.
    """
    record: dict[str, Any] = {}
    for name, table in arrays.unflatten(schema, codes[None]).items():
        columns = schema.table(name).columns
        rows = [
            {
                column.name: value_of(column, code)
                for column, code in zip(columns, row, strict=True)
                if code != schemas.ABSENT
            }
            for row in np.asarray(table.codes).tolist()
        ]
        if schema.table(name).role == "entity":
            record |= {name: rows} if rows else {}
        elif rows:
            record[name] = rows[0]
    return record


def value_of(column: schemas.Column, code: int) -> str | float | None:
    """Returns a value of a code: for a bin the shortest number near its middle."""
    if code == schemas.ABSENT:
        return None
    if not column.is_number:
        return column.categories[code - 1]
    if code < column.first_bin:
        return 0
    low, high = column.edges[code - column.first_bin :][:2]
    middle = math.sqrt(low * high) if column.scale == "log" else (low + high) / 2
    if column.kind == "integer":
        least = 1 if column.has_zero and low == 0 < high - 1 else int(low)
        return min(max(math.floor(middle), least), int(high) - 1)
    for digits in range(2, 18):
        value = float(f"{middle:.{digits}g}")
        if low <= value < high and (value or not column.has_zero):
            return value
    return middle


def json_schema(
    schema: schemas.Schema, tables: Collection[str], count: int
) -> dict[str, Any]:
    """Writes the JSON Schema of an answer: so many `devices` with some of the tables.

    It keeps to what endpoints with strict structured outputs take: every field is
    required, and what may be absent may be null.
    """
    fields = {t.name: _table_schema(t) for t in schema.tables if t.name in tables}
    devices = {"type": "array", "items": _object(fields), "minItems": count}
    return _object({"devices": devices | {"maxItems": count}})


def describe(
    generator: np.random.Generator, schema: schemas.Schema, tables: Collection[str]
) -> str:
    """Describes the public schema of some tables in words, one line per column.

    Of long vocabularies it shows values drawn by the generator, which is public.
    """
    lines = []
    for table in schema.tables:
        if table.name not in tables:
            continue
        form = {
            "anchor": "an object, always there",
            "group": "an object, or null if the device reports none",
            "entity": f"a list of at most {table.max_rows} objects",
        }[table.role]
        lines.append(f"{table.name}: {form}. {table.grain}")
        lines += [
            f"  {column.name}: {_about(generator, column)}" for column in table.columns
        ]
    return "\n".join(lines)


def _rows(table: schemas.Table, value: Any) -> list[list[int]]:
    """Codes of a table's rows, in the order in which devices are encoded."""
    if value is None:
        return []
    rows = value if table.role == "entity" else [value]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordError("shape")
    if len(rows) > table.max_rows:
        raise RecordError("rows")
    names = [column.name for column in table.columns]
    if any(not row.keys() <= set(names) for row in rows):
        raise RecordError("name")
    codes = [
        [_code(column, row.get(column.name)) for column in table.columns]
        for row in rows
    ]
    first = names.index(table.cap_by) if table.cap_by else 0
    return sorted(codes, key=lambda row: (row[first], *row[::-1]), reverse=True)


def _code(column: schemas.Column, value: Any) -> int:
    """Code of one value."""
    if value is None:
        return schemas.ABSENT
    if not column.is_number:
        if not isinstance(value, str):
            raise RecordError("category")
        code = column.code_of(value)
        if code == schemas.ABSENT:
            raise RecordError("category")
        return code
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError("number")
    low, high = _limits(column)
    if not low <= value <= high:  # neither is NaN
        raise RecordError("number")
    if column.kind == "integer" and value != int(value):
        raise RecordError("number")
    return column.code_of(float(value))


def _limits(column: schemas.Column) -> tuple[float, float]:
    """Least and greatest number that a record may hold."""
    low, high = column.bounds
    return (min(low, 0.0) if column.has_zero else low), high


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of an object with exactly these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _table_schema(table: schemas.Table) -> dict[str, Any]:
    """JSON Schema of a table's field."""
    row = _object({column.name: _column_schema(column) for column in table.columns})
    if table.role == "entity":
        return {"type": "array", "items": row, "maxItems": table.max_rows}
    return row if table.role == "anchor" else {"anyOf": [row, {"type": "null"}]}


def _column_schema(column: schemas.Column) -> dict[str, Any]:
    """JSON Schema of a column's value."""
    if column.is_number:
        kind = "integer" if column.kind == "integer" else "number"
        low, high = (_plain(limit) for limit in _limits(column))
        return {"type": [kind, "null"], "minimum": low, "maximum": high}
    if len(column.categories) > MOST_LISTED:
        return {"type": ["string", "null"]}
    return {"type": ["string", "null"], "enum": [*column.categories, None]}


def _about(generator: np.random.Generator, column: schemas.Column) -> str:
    """Kind, unit, domain and meaning of a column."""
    meaning = f"; {column.about}" if column.about else ""
    if column.is_number:
        low, high = _limits(column)
        unit = f" of {column.unit}" if column.unit else ""
        kind = "whole number" if column.kind == "integer" else "number"
        return f"{kind}{unit}, {_plain(low)} to {_plain(high)}, or null{meaning}"
    shown = list(column.categories)
    if len(shown) > MOST_LISTED:
        drawn = generator.choice(len(shown), MOST_LISTED, replace=False)
        shown = [shown[index] for index in np.sort(drawn)]
    values = ", ".join(json.dumps(text, ensure_ascii=False) for text in shown)
    more = "" if len(shown) == len(column.categories) else ", and more of the kind"
    return f"one of {values}{more}, or null{meaning}"


def _plain(number: float) -> float:
    """A whole number without its point."""
    return int(number) if number == int(number) else number
