"""Codes of values: whole columns at once, by `schemas.Column`'s rules."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Integer

from teledp_jax import schemas

RULES = ("unknown_text", "not_finite", "negative", "clamped_low", "clamped_high")
"""Rules that change a value, or make it absent."""


def of_numbers(
    column: schemas.Column, values: Float[np.ndarray, " row"]
) -> tuple[Integer[np.ndarray, " row"], dict[str, int]]:
    """Finds the codes of numbers, and how many values each rule touched.

    Args:
        column: A number column.
        values: Values in the column's unit; NaN where there is none.

    Returns:
        `column.code_of` of each value, and counts by rule; NaN counts as not finite.
    """
    edges = np.asarray(column.edges)
    low, high = column.bounds
    finite = np.isfinite(values)
    values = np.where(finite, values, edges[0])
    negative = (values < 0) & (low >= 0)
    zero = (values == 0) & column.has_zero
    # Bin i holds edges[i] <= value < edges[i + 1]; what lies outside is clamped.
    index = np.searchsorted(edges, values, side="right") - 1
    codes = column.first_bin + np.clip(index, 0, column.num_bins - 1)
    codes[zero] = schemas.ZERO
    codes[~finite | negative] = schemas.ABSENT
    counts = {
        "not_finite": ~finite,
        "negative": negative,
        "clamped_low": (values < low) & ~zero & ~negative,
        "clamped_high": values > high,
    }
    return codes, {rule: int(touched.sum()) for rule, touched in counts.items()}


def of_texts(
    column: schemas.Column, values: Any
) -> tuple[Integer[np.ndarray, " row"], dict[str, int]]:
    """Finds the codes of texts, and how many are outside of the vocabulary.

    Args:
        column: A category.
        values: A pyarrow array of texts; null where there is none.

    Returns:
        `column.code_of` of each text, and counts by rule.
    """
    vocabulary = pa.array(column.categories, values.type)
    index = pc.fill_null(pc.index_in(values, value_set=vocabulary), -1)
    codes = np.asarray(index.to_numpy()) + 1
    unknown = (codes == 0) & np.asarray(values.is_valid())
    if column.other is not None:
        codes = np.where(unknown, 1 + column.categories.index(column.other), codes)
    return codes, {"unknown_text": int(unknown.sum())}
