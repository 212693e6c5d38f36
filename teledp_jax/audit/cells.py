"""Matches cells that two fits count, where a device may bring cells of its own."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import scipy.stats
from jaxtyping import Integer


class Matched(NamedTuple):
    """Counts of one fit, in the order of another.

    Attributes:
        exact: Counts of the cells that the other fit has, 0 of what this one lacks.
        own: Counts of the cells that the other fit lacks.
        places: Row of `exact` for each cell of this fit, -1 of its own.
    """

    exact: Integer[np.ndarray, "known ..."]
    own: Integer[np.ndarray, "own ..."]
    places: Integer[np.ndarray, " cell"]

    def told(
        self, answer: Integer[np.ndarray, "known ..."]
    ) -> Integer[np.ndarray, "cell ..."]:
        """Hands the other fit's noisy counts on to the cells of this one.

        Args:
            answer: Noisy counts, in the order of `exact`.

        Returns:
            Those of each cell; 0, below any threshold, of the fit's own.
        """
        none = np.zeros((1, *answer.shape[1:]), answer.dtype)
        told: np.ndarray = np.concatenate([answer, none])[self.places]
        return told


def match(
    known: Sequence[Hashable],
    cells: Sequence[Hashable],
    counts: Integer[np.ndarray, "cell ..."],
) -> Matched:
    """Finds cells of one fit among those of another.

    Args:
        known: Cells of the other fit.
        cells: Cells of this one.
        counts: Its exact counts.

    Returns:
        The exact counts in the order of the other fit, and those of cells of its own.
    """
    row = {cell: number for number, cell in enumerate(known)}
    places = np.array([row.get(cell, -1) for cell in cells], np.int64)
    exact = np.zeros((len(known), *counts.shape[1:]), counts.dtype)
    exact[places[places >= 0]] = counts[places >= 0]
    return Matched(exact, counts[places < 0], places)


def chance(own: Integer[np.ndarray, "own ..."], *, sigma: float, least: float) -> float:
    """Bounds the chance that any cell of a device's own reaches a threshold.

    The discrete Gaussian has the tail of a Gaussian one step further out.

    Args:
        own: Exact counts; the first of each cell decides.
        sigma: Noise of a count.
        least: The threshold.

    Returns:
        The sum of the chances of all cells, which may exceed 1.
    """
    first = own if own.ndim == 1 else own[:, 0]
    return float(scipy.stats.norm.sf((least - 1 - first) / sigma).sum())
