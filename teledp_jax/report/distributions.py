"""Shares of the public codes of a column, real and synthetic."""

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from teledp_jax import schemas
from teledp_jax.report import inputs as inputs_lib


def shares(
    inputs: inputs_lib.Inputs, table: schemas.Table, column: schemas.Column
) -> dict[str, Float[np.ndarray, " code"]]:
    """Share of rows with each code, by label, `real` first; absent files left out."""
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
    """Share of each code in a file, or None if file, column or rows are not there."""
    values = inputs_lib.column(path, column.name)
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
    """Number of rows in each code of a number column."""
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
