"""Fits weights of a pool to noisy counts of leaves of many trees, all at once.

The log weight of a record is the sum of one number per tree, that of the leaf that it
lies in. The numbers are those of largest posterior density under Gaussian noise on the
counts and a Gaussian prior: every vote is fitted again as later votes come in, none is
used once and thrown away. It reads noisy counts only, so it costs no budget.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

_NARROWEST = 0.01  # standard deviation of a prior that counts choose
_LONGEST = 1.0  # step of one number


class Count(NamedTuple):
    """Noisy counts of the leaves of one tree, and where the pool lies in it.

    Attributes:
        noisy: `[leaf]`: records that voted for each leaf, under noise.
        leaves: `[record]`: leaf of each record of the pool.
        sigma: Standard deviation of the noise of a count.
        stddev: Of the prior on the number of a leaf.
    """

    noisy: Float[np.ndarray, " leaf"]
    leaves: Integer[np.ndarray, " record"]
    sigma: float
    stddev: float


def weights_of(
    log_weights: Float[np.ndarray, " record"], total: float
) -> Float[np.ndarray, " record"]:
    """Computes weights that add up to a total.

    Args:
        log_weights: Up to a constant.
        total: Sum of the weights.

    Returns:
        `[record]` weights.
    """
    weights = np.exp(log_weights - log_weights.max())
    scaled: np.ndarray = weights * (total / weights.sum())
    return scaled


def fit(
    counts: Sequence[Count],
    numbers: Sequence[Float[np.ndarray, " _"]],
    *,
    total: float,
    num_sweeps: int,
) -> list[Float[np.ndarray, " _"]]:
    """Fits the numbers of all leaves by Newton steps, one tree after another.

    With model count m of a leaf (the weight of the pool in it), noisy count y and
    number a, the log posterior is -(y - m)^2 / (2 sigma^2) - a^2 / (2 s^2), where
    dm/da is m; the step is gradient over Gauss-Newton curvature, at most 1 long.

    Args:
        counts: Noisy counts, a tree each.
        numbers: Numbers to begin with, a tree each.
        total: Records in all, a noisy count.
        num_sweeps: Passes over all trees.

    Returns:
        The fitted numbers, a tree each.
    """
    fitted = [np.array(own, np.float64) for own in numbers]
    for _ in range(num_sweeps):
        # Weights follow each step by a factor; a sweep begins from their sums anew.
        weights = weights_of(log_weights_of(counts, fitted), total)
        for own, count in zip(fitted, counts, strict=True):
            model = np.bincount(count.leaves, weights, minlength=len(own))
            scaled, precision = model / count.sigma**2, count.stddev**-2
            gradient = (count.noisy - model) * scaled - own * precision
            curvature = model * scaled + precision
            step = np.clip(gradient / curvature, -_LONGEST, _LONGEST)
            own += step
            weights = weights * np.exp(step)[count.leaves]
            weights *= total / weights.sum()
    return fitted


def spread(
    noisy: Float[np.ndarray, " leaf"],
    model: Float[np.ndarray, " leaf"],
    *,
    sigma: float,
    widest: float = 0.5,
) -> float:
    """Estimates how far a model's counts are off, beyond noise.

    With y = m (1 + a) + noise, the sum of (y - m)^2 - sigma^2 over leaves expects the
    variance of a times the sum of m^2.

    Args:
        noisy: Noisy counts of leaves.
        model: Counts of the model.
        sigma: Standard deviation of the noise of a count.
        widest: Most to return, so that few records do not stand for all.

    Returns:
        Standard deviation of a; small where counts show noise only.
    """
    beyond = float(((noisy - model) ** 2 - sigma**2).sum())
    found = max(beyond, 0.0) / max(float(model @ model), 1.0)
    return float(np.clip(found**0.5, _NARROWEST, widest))


def log_weights_of(
    counts: Sequence[Count], numbers: Sequence[Float[np.ndarray, " _"]]
) -> Float[np.ndarray, " record"]:
    """Adds up the numbers of the leaves that each record lies in.

    Args:
        counts: Where the pool lies in each tree; at least one.
        numbers: Numbers of the leaves, a tree each.

    Returns:
        `[record]` log weights.
    """
    total = np.zeros(len(counts[0].leaves), np.float64)
    for own, count in zip(numbers, counts, strict=True):
        total += own[count.leaves]
    return total


def effective_share(weights: Float[np.ndarray, " record"]) -> float:
    """Computes the effective sample of weights, as a share of their number (Kish).

    Args:
        weights: Of records; not negative.

    Returns:
        Square of the sum over the sum of squares, over their number: in (0, 1].
    """
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))
