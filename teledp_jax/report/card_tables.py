"""Describes released tables: each column's meaning, unit and domain, and the caps.

What is described is public: the schema of the suite, with what was learnt under noise,
and what is counted on the synthetic tables.
"""

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from teledp_jax import runs, schemas

MOST_VALUES = 200
"""Most values of a category that a card lists."""

STATED = "stated"
LEARNT = "learnt"
"""Where a domain comes from: the suite's public file, or the data, under noise."""


def describe(
    run: runs.Run,
    label: str,
    schema: schemas.Schema,
    learnt: Collection[str],
    max_rows: Mapping[str, int],
) -> tuple[list[dict[str, Any]], int]:
    """Describes the synthetic tables of a label.

    Args:
        run: The run folder.
        label: The label.
        schema: The schema by which it was fitted.
        learnt: Columns, as `table.column`, whose domains were learnt under noise.
        max_rows: Most rows of a device that the method read and drew, by table.

    Returns:
        A description per table, and the number of synthetic devices: the anchor's ids
        are all of them.
    """
    found, num_devices = [], 0
    for table in schema.tables:
        path = run.synthetic(label) / f"{table.name}.parquet"
        if not path.exists():
            continue
        with pq.ParquetFile(path) as file:
            types = {field.name: str(field.type) for field in file.schema_arrow}
            ids: pa.ChunkedArray = file.read(columns=[schema.device]).column(0)
        num_devices = max(num_devices, pc.count_distinct(ids).as_py())
        device = {
            "name": schema.device,
            "type": types.pop(schema.device),
            "kind": "id",
            "unit": "",
            "meaning": "A synthetic device; a fresh number, the same in all tables.",
            "domain": {},
            "domain_from": "",
        }
        columns = [
            _column(column, types[column.name], f"{table.name}.{column.name}" in learnt)
            for column in table.columns
            if column.name in types
        ]
        found.append(
            {
                "name": table.name,
                "role": table.role,
                "grain": table.grain,
                "num_rows": len(ids),
                "max_rows_per_device": max_rows[table.name],
                "columns": [device, *columns],
            }
        )
    return found, num_devices


def _column(column: schemas.Column, type_: str, is_learnt: bool) -> dict[str, Any]:
    """Describes one column."""
    domain: dict[str, Any]
    if column.is_number:
        low, high = column.bounds
        domain = {
            "low": low,
            "high": high,
            "num_bins": column.num_bins,
            "zero": column.has_zero,
        }
    else:
        domain = {
            "values": list(column.categories[:MOST_VALUES]),
            "num_values": len(column.categories),
            "other": column.other,
        }
    return {
        "name": column.name,
        "type": type_,
        "kind": column.kind,
        "unit": column.unit,
        "meaning": column.about,
        "domain": domain,
        "domain_from": LEARNT if is_learnt else STATED,
    }
