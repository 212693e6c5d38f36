"""Tables as lists of rows: codes, the device of each row, and numbers of rows."""

import numpy as np
from jaxtyping import Integer

from teledp_jax import arrays, schemas


def num_rows(table: arrays.TableArrays) -> Integer[np.ndarray, " device"]:
    """Counts the rows of each device."""
    return np.asarray(table.mask).sum(axis=1).astype(np.int64)


def owners(table: arrays.TableArrays) -> Integer[np.ndarray, " row"]:
    """Finds the device of each row, in rising order."""
    return np.nonzero(np.asarray(table.mask))[0]


def codes(table: arrays.TableArrays) -> Integer[np.ndarray, "row column"]:
    """Lists the codes of all rows, device by device."""
    return np.asarray(table.codes)[np.asarray(table.mask)]


def make(
    table: schemas.Table,
    found: Integer[np.ndarray, "row column"],
    counts: Integer[np.ndarray, " device"],
) -> arrays.TableArrays:
    """Makes arrays of rows, which lie device by device.

    Args:
        table: The public table.
        found: Codes of the rows.
        counts: Rows of each device.

    Returns:
        The arrays.
    """
    mask = np.arange(table.max_rows)[None, :] < counts[:, None]
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    placed = np.zeros((*mask.shape, len(table.columns)), dtype)
    placed[mask] = found
    return arrays.TableArrays(placed, mask)
