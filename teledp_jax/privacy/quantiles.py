"""Bins of a number that hold about as many devices each, by private quantiles.

References:
    Kaplan et al. 2022 (arXiv:2110.05429): one quantile after the other, by halving.
"""

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from teledp_jax import schemas
from teledp_jax.privacy import mechanisms

_NUM_EVEN = 8  # even bins, which keep narrow the bins that hold few devices
_NUM_PLACES = 2048  # bins between the places where an edge may lie


def grid(column: schemas.Column) -> Float[np.ndarray, " place"]:
    """Returns where edges of a number may lie: its public bounds, cut evenly.

    Args:
        column: With wide public bounds.

    Returns:
        Places in the unit of the column, even on the column's scale.
    """
    return np.array(_even(column, _NUM_PLACES))


def _even(column: schemas.Column, bins: int) -> tuple[float, ...]:
    """Edges of even bins between the public bounds of a number."""
    return schemas.spaced_edges(
        column.edges[0],
        column.bounds[1],
        bins,
        scale=column.scale,
        whole=column.kind == "integer",
    )


def split_scores(
    places: Float[np.ndarray, " place"], values: Float[np.ndarray, " value"]
) -> Float[np.ndarray, " place"]:
    """Scores how evenly each place halves the values.

    Args:
        places: Where the values may be cut, in their unit.
        values: One per device. Private.

    Returns:
        -|values below - values not below| at each place; one more value changes each
        score by 1.
    """
    below = np.searchsorted(np.sort(values), places, side="left")
    return -np.abs(2.0 * below - len(values))


def edges(
    key: Key[Array, ""],
    column: schemas.Column,
    values: Float[np.ndarray, " value"],
    *,
    num_levels: int,
    epsilon: float,
) -> tuple[float, ...]:
    """Chooses edges of bins that hold about as many devices each.

    Intervals are halved again and again. A device lies in one interval of each level,
    so a level costs one choice, however many intervals it has.

    Args:
        key: A noise key, spent on this column.
        column: With wide public bounds.
        values: One per device, each with a bin; what is out of bounds is clamped.
            Private.
        num_levels: Levels of halving.
        epsilon: Range of the privacy loss of a choice.

    Returns:
        The chosen edges and those of a few even bins, in order.
    """
    places = grid(column)
    values = np.clip(values, *column.bounds)
    intervals = [(0, len(places) - 1)]
    for level in range(num_levels):
        halves = []
        for number, (low, high) in enumerate(intervals):
            if high - low < 2:  # public: no place is left in between
                halves.append((low, high))
                continue
            inside = values[(values >= places[low]) & (values < places[high])]
            if high == len(places) - 1:
                inside = values[values >= places[low]]
            scores = split_scores(places[low + 1 : high], inside)
            own = jax.random.fold_in(jax.random.fold_in(key, level), number)
            choice = mechanisms.exponential_choice(own, scores, epsilon=epsilon)
            halves += [(low, low + 1 + choice), (low + 1 + choice, high)]
        intervals = halves
    bounds = {index for interval in intervals for index in interval}
    return tuple(sorted({*places[list(bounds)].tolist(), *_even(column, _NUM_EVEN)}))
