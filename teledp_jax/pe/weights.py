"""From noisy votes to weights of a pool of records."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

_LEAST_RATIO, _MOST_RATIO = (
    0.05,
    20.0,
)  # of one correction, so that no cell dies or takes over


class Margin(NamedTuple):
    """A share that weights should meet.

    Attributes:
        cells: For each record the cells it lies in, each with an equal part of the
            record's weight; -1 fills up.
        shares: Share of the weight that each cell should hold; they sum to one.
    """

    cells: Integer[np.ndarray, "record part"]
    shares: Float[np.ndarray, " cell"]


def reweight(
    weights: Float[np.ndarray, " record"],
    chosen: Integer[np.ndarray, " record"],
    noisy_votes: Integer[np.ndarray, " candidate"],
    *,
    sigma: float,
) -> Float[np.ndarray, " record"]:
    """Multiplies weights by private votes over the votes that the pool itself casts.

    A candidate's votes count the records nearest to it, which is the size of its cell;
    the ratio to the pool's own votes does not. It is drawn towards one by as much as
    noise exceeds what all ratios together show beyond it: votes that show only noise
    change nothing.

    Args:
        weights: Weights of the pool's records, which sum to one.
        chosen: The candidate that each record of the pool votes for.
        noisy_votes: Votes of the private devices under noise.
        sigma: Standard deviation of that noise.

    Returns:
        New weights, which sum to one.
    """
    total = max(float(noisy_votes.sum()), 1.0)
    own = total * np.bincount(chosen, weights, minlength=len(noisy_votes))
    apart = noisy_votes - own
    spread = max(float((apart**2 - sigma**2).sum()), 0.0) / max(float(own @ own), 1.0)
    trust = spread * own**2 / np.maximum(spread * own**2 + sigma**2, 1e-9)
    ratio = 1 + trust * apart / np.maximum(own, 1e-9)
    return normalise(weights * np.clip(ratio, _LEAST_RATIO, _MOST_RATIO)[chosen])


def rake(
    weights: Float[np.ndarray, " record"], margins: list[Margin], *, num_sweeps: int
) -> Float[np.ndarray, " record"]:
    """Moves weights towards shares already paid for, margin by margin.

    Args:
        weights: Of records.
        margins: Cells of records, and shares of cells.
        num_sweeps: Passes over all margins.

    Returns:
        New weights, which sum to one.
    """
    for _ in range(num_sweeps):
        for cells, shares in margins:
            valid = cells >= 0
            parts = np.maximum(valid.sum(axis=1), 1)
            flat = np.where(valid, cells, 0)
            spread = np.where(valid, (weights / parts)[:, None], 0.0)
            held = np.bincount(flat.ravel(), spread.ravel(), minlength=len(shares))
            ratio = np.clip(shares / np.maximum(held, 1e-12), _LEAST_RATIO, _MOST_RATIO)
            factor = np.where(valid, ratio[flat], 0.0).sum(axis=1) / parts
            weights = normalise(weights * np.where(valid.any(axis=1), factor, 1.0))
    return weights


def positive(noisy_votes: Integer[np.ndarray, " candidate"]) -> np.ndarray:
    """Turns votes above zero into shares; equal ones where there are none.

    Args:
        noisy_votes: Votes under noise.

    Returns:
        Shares, which sum to one.
    """
    return normalise(np.maximum(noisy_votes, 0).astype(np.float64))


def normalise(weights: Float[np.ndarray, " record"]) -> Float[np.ndarray, " record"]:
    """Scales weights to sum to one; equal ones where all are zero.

    Args:
        weights: Not negative.

    Returns:
        Weights, which sum to one.
    """
    total = weights.sum()
    if total <= 0:
        return np.full(len(weights), 1 / len(weights))
    return weights / total


def draw(
    generator: np.random.Generator, weights: Float[np.ndarray, " record"], count: int
) -> Integer[np.ndarray, " drawn"]:
    """Draws records by weight, as evenly as whole numbers allow, in random order.

    Args:
        generator: Public draws.
        weights: Of records; they sum to one.
        count: Number of draws.

    Returns:
        Positions of the drawn records.
    """
    cumulative = np.cumsum(weights)
    points = (np.arange(count) + generator.random()) / max(count, 1)
    drawn = np.searchsorted(cumulative / cumulative[-1], points, side="right")
    return generator.permutation(np.minimum(drawn, len(weights) - 1))
