"""Draws first records from noisy histograms, held smooth by wavelets.

Of each column a histogram is counted for each stratum (a value of one public column, as
a class label). A coefficient of its Haar transform that only noise could have made is
set to the coefficient of all strata together, so that a stratum leans on all others
where it says nothing of its own.
"""

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.pe import trees

_MOST_BINS = 64  # of a column that has an order
_KEPT = 2.5  # standard deviations of noise from which a coefficient stays
_FLOOR = 1e-3  # share of the mass of all strata that a cell has at least


def num_bins(columns: trees.Columns) -> Integer[np.ndarray, " column"]:
    """Tells how many cells the histogram of each column has.

    Args:
        columns: The columns.

    Returns:
        `[column]`: 64 at most for a column with an order, else all its codes.
    """
    return np.where(
        columns.ordered, np.minimum(columns.sizes, _MOST_BINS), columns.sizes
    )


def histograms(
    columns: trees.Columns,
    codes: Integer[np.ndarray, "device column"],
    strata: Integer[np.ndarray, " device"],
    num_strata: int,
) -> Integer[np.ndarray, " cell"]:
    """Counts all histograms; a device adds one to one cell of each column.

    Args:
        columns: The columns.
        codes: Private records.
        strata: Stratum of each.
        num_strata: Number of strata.

    Returns:
        `[cell]` exact counts, column by column, each by stratum. L2 sensitivity is the
        root of the number of columns.
    """
    parts = []
    for column, bins in enumerate(num_bins(columns)):
        cells = codes[:, column].astype(np.int64) * bins // columns.sizes[column]
        flat = strata.astype(np.int64) * bins + cells
        parts.append(np.bincount(flat, minlength=num_strata * bins))
    return np.concatenate(parts)


def shares(
    columns: trees.Columns,
    noisy: Integer[np.ndarray, " cell"],
    num_strata: int,
    *,
    sigma: float,
) -> list[Float[np.ndarray, "stratum _"]]:
    """Turns noisy histograms into distributions, for each column and stratum.

    Args:
        columns: The columns.
        noisy: What `histograms` counts, under noise.
        num_strata: Number of strata.
        sigma: Standard deviation of the noise of a cell.

    Returns:
        For each column `[stratum, bin]` shares, each row summing to one.
    """
    bins = num_bins(columns)
    ends = np.cumsum(num_strata * bins)[:-1]
    found = []
    for column, cells in enumerate(np.split(noisy.astype(np.float64), ends)):
        table = cells.reshape(num_strata, bins[column])
        everything = table.sum(axis=0)
        if columns.ordered[column]:
            denoise, spread = _haar, sigma * num_strata**0.5
            pooled = np.maximum(_haar(everything, everything * 0, spread), 0.0)
        else:
            denoise, pooled = _cells, _projected(everything)
        pooled = pooled + 1e-9
        pooled /= pooled.sum()
        rows = []
        for own in table:
            base = pooled * max(own.sum(), 1.0)
            rows.append(np.maximum(denoise(own, base, sigma), _FLOOR * base))
        stacked = np.stack(rows)
        found.append(stacked / stacked.sum(axis=1, keepdims=True))
    return found


def by_code(
    columns: trees.Columns, distributions: list[Float[np.ndarray, "stratum _"]]
) -> list[Float[np.ndarray, "stratum _"]]:
    """Spreads the share of a cell evenly over its codes.

    Args:
        columns: The columns.
        distributions: What `shares` returned.

    Returns:
        For each column `[stratum, code]` shares, each row summing to one.
    """
    found = []
    for size, table in zip(columns.sizes.tolist(), distributions, strict=True):
        cells = np.arange(size) * table.shape[1] // size  # as counted above
        widths = np.bincount(cells, minlength=table.shape[1])
        found.append((table / widths)[:, cells])
    return found


def _haar(
    own: Float[np.ndarray, " bin"], base: Float[np.ndarray, " bin"], sigma: float
) -> Float[np.ndarray, " bin"]:
    """Replaces Haar coefficients that noise could have made by those of `base`."""
    length = 1 << (len(own) - 1).bit_length()
    difference = np.zeros(length)
    difference[: len(own)] = own - base
    details, average = [], difference
    while len(average) > 1:
        even, odd = average[::2], average[1::2]
        detail = (even - odd) / 2**0.5
        details.append(np.where(np.abs(detail) < _KEPT * sigma, 0.0, detail))
        average = (even + odd) / 2**0.5
    for detail in reversed(details):
        wider = np.empty(2 * len(detail))
        wider[::2], wider[1::2] = average + detail, average - detail
        average = wider / 2**0.5
    return base + average[: len(own)]


def _projected(noisy: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " cell"]:
    """Finds the nearest counts that are not negative and keep the sum."""
    total = max(float(noisy.sum()), 0.0)
    ordered = np.sort(noisy)[::-1]
    excess = (np.cumsum(ordered) - total) / np.arange(1, len(noisy) + 1)
    last = np.flatnonzero(ordered > excess)
    cut = excess[last[-1]] if len(last) else 0.0
    return np.maximum(noisy - cut, 0.0)


def _cells(
    own: Float[np.ndarray, " bin"], base: Float[np.ndarray, " bin"], sigma: float
) -> Float[np.ndarray, " bin"]:
    """Replaces cells that noise could have made by those of `base`."""
    return np.where(np.abs(own - base) < _KEPT * sigma, base, own)
