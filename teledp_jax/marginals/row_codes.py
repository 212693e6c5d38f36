"""Codes of numbers of rows: each exactly where few, then further and further apart."""

import functools

import numpy as np
from jaxtyping import Integer

_EXACT_ROWS = 16  # numbers of rows up to here have a code each
_ROW_GROWTH = 1.15  # then codes grow by this factor


@functools.lru_cache(maxsize=64)
def row_starts(max_rows: int) -> Integer[np.ndarray, " code"]:
    """Computes the numbers of rows at which the codes of `rows` begin.

    Args:
        max_rows: The public limit of the table.

    Returns:
        Rising numbers from 1: each up to 16, then further and further apart.
    """
    starts = list(range(1, min(max_rows, _EXACT_ROWS) + 1))
    while (after := int(starts[-1] * _ROW_GROWTH) + 1) <= max_rows:
        starts.append(after)
    return np.array(starts)


@functools.lru_cache(maxsize=64)
def bucket_starts(max_rows: int) -> Integer[np.ndarray, " bucket"]:
    """Computes where the buckets of numbers of rows begin: 1, 2, 3, 5, 9, 17 and so on.

    Args:
        max_rows: The public limit of the table.

    Returns:
        Rising numbers from 1.
    """
    powers = 2 ** np.arange(0, max(int(max_rows - 1).bit_length(), 1)) + 1
    return np.concatenate([[1], powers[powers <= max_rows]]).astype(np.int64)


def code_of(
    starts: Integer[np.ndarray, " code"], num_rows: Integer[np.ndarray, " device"]
) -> Integer[np.ndarray, " device"]:
    """Finds codes of numbers of rows.

    Args:
        starts: From `row_starts` or `bucket_starts`.
        num_rows: Numbers of rows.

    Returns:
        Codes; -1 where there is no row.
    """
    return np.searchsorted(starts, num_rows, side="right") - 1
