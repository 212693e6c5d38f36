"""Shows the distribution of each column, real and synthetic, and its statistics."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from teledp_jax import schemas
from teledp_jax.data import definition
from teledp_jax.report import dots, embed, run_files, tables

_FIRST = ("column", "label")


def section(
    inputs: run_files.Inputs, suite: definition.Suite, draw: embed.Draw
) -> list[dict[str, Any]]:
    """Makes a part per device table: a figure per column, and summary statistics."""
    statistics = tables.groups(inputs.statistics, "table")
    found = []
    for table in suite.schema.tables:
        drawn = []
        for column in table.columns:
            if part := shares(inputs, table, column):
                svg = dots.distribution(column, part, inputs.labels)
                alt = f"Distribution of {table.name}.{column.name}"
                drawn.append((column, draw(f"{table.name}.{column.name}", svg, alt)))
        rows = [_without(row, "table") for row in statistics.get(table.name, [])]
        rows.sort(key=lambda row: str(row.get("column", "")))
        found.append({"table": table, "drawn": drawn, "statistics": tables.grid(rows)})
    return found


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Leaves a column out, and puts the column and label first."""
    first = {key: row[key] for key in _FIRST if key in row}
    return first | {key: value for key, value in row.items() if key != name}


def shares(
    inputs: run_files.Inputs, table: schemas.Table, column: schemas.Column
) -> dict[str, Float[np.ndarray, " code"]]:
    """Counts the codes of a column in the device tables of a run.

    Args:
        inputs: The run.
        table: The device table.
        column: One of its columns.

    Returns:
        Share of rows with each code, by label, `real` first. Labels without a file,
        or whose file has no rows, are left out.
    """
    folders = {"real": inputs.run.real} | {
        label: inputs.run.synthetic(label) for label in inputs.labels
    }
    found = {
        label: _shares(folder / f"{table.name}.parquet", column)
        for label, folder in folders.items()
    }
    return {label: part for label, part in found.items() if part is not None}


def _shares(
    path: pathlib.Path, column: schemas.Column
) -> Float[np.ndarray, " code"] | None:
    """Counts the codes in a file; None if file, column or rows are not there."""
    values = run_files.column(path, column.name)
    if values is None or not len(values):
        return None
    if column.is_number:
        counts = _number_counts(column, values)
    else:
        counts = np.zeros(column.num_codes)
        for item in pc.value_counts(values).to_pylist():
            counts[column.code_of(item["values"])] += item["counts"]
    return counts / counts.sum()


def _number_counts(
    column: schemas.Column, values: pa.Array
) -> Float[np.ndarray, " code"]:
    """Counts the rows in each code of a number column."""
    numbers = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
    present = numbers[~np.isnan(numbers)]
    zeros = present == 0 if column.has_zero else np.zeros(len(present), bool)
    bins = np.searchsorted(column.edges, present[~zeros], side="right") - 1
    codes = column.first_bin + np.clip(bins, 0, column.num_bins - 1)
    counts = np.bincount(codes, minlength=column.num_codes).astype(float)
    counts[schemas.ABSENT] = len(numbers) - len(present)
    if column.has_zero:
        counts[schemas.ZERO] = zeros.sum()
    return counts
