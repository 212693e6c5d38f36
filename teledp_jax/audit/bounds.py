"""From right and wrong guesses to lower bounds of epsilon and mu."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import scipy.stats
from jaxtyping import Float

ALPHA = 1e-3
"""Chance of a bound that is wrong: small, since an audit makes many."""


class Rates(NamedTuple):
    """A test between two neighbouring fleets, on draws that did not choose it.

    Attributes:
        true_positive: At least so often it finds the device that is there.
        false_positive: At most so often it finds the device that is not there.
    """

    true_positive: float
    false_positive: float

    @property
    def mu(self) -> float:
        """The mechanism is mu-GDP for no mu below this one.

        References:
            Nasr et al. 2023 (arXiv:2302.07956).
        """
        norm = scipy.stats.norm
        found = norm.ppf(self.true_positive) - norm.ppf(self.false_positive)
        return max(float(found), 0.0)

    def epsilon(self, delta: float) -> float:
        """Bounds epsilon from below: no smaller one gives (epsilon, delta)-DP."""
        excess = self.true_positive - delta
        if excess <= 0 or self.false_positive <= 0:
            return 0.0
        return max(math.log(excess / self.false_positive), 0.0)


def threshold_test(
    absent: Float[np.ndarray, " draw"],
    present: Float[np.ndarray, " draw"],
    *,
    gain: Callable[[Rates], float] = lambda rates: rates.mu,
    alpha: float = ALPHA,
) -> Rates:
    """Finds the best threshold on the first half of draws, and tries it on the second.

    Args:
        absent: A statistic without the device, once per draw.
        present: The same with the device; larger values speak for it.
        gain: What the threshold is to make large.
        alpha: Chance that either rate is wrong.

    Returns:
        The rates of the second half, with their bounds.

    References:
        Clopper and Pearson 1934; Jagielski et al. 2020 (arXiv:2006.07709).
    """
    half = len(absent) // 2
    levels = np.quantile(
        np.concatenate([absent[:half], present[:half]]), np.linspace(0.01, 0.99, 99)
    )
    best = max(
        levels,
        key=lambda level: gain(_rates(absent[:half], present[:half], level, alpha)),
    )
    return _rates(absent[half:], present[half:], best, alpha)


def _rates(
    absent: np.ndarray, present: np.ndarray, level: float, alpha: float
) -> Rates:
    """Exact one-sided bounds of both rates, each wrong with half the chance."""
    hits, alarms = int((present > level).sum()), int((absent > level).sum())
    beta = scipy.stats.beta
    low = beta.ppf(alpha / 2, hits, len(present) - hits + 1) if hits else 0.0
    missed = len(absent) - alarms
    high = beta.ppf(1 - alpha / 2, alarms + 1, missed) if missed else 1.0
    return Rates(float(low), float(high))


class Curve(NamedTuple):
    """A measured epsilon and the claimed one, where the measured comes closest."""

    measured: float
    claimed: float
    delta: float


def against_curve(
    absent: Float[np.ndarray, " draw"],
    present: Float[np.ndarray, " draw"],
    claimed: Mapping[float, float],
    *,
    alpha: float = ALPHA,
) -> Curve:
    """Finds the point of a privacy curve at which a test is closest to it, or beyond.

    Args:
        absent: As in `threshold_test`.
        present: As in `threshold_test`.
        claimed: Delta to epsilon: the points of the curve that are tried.
        alpha: Chance that any point is wrong.

    Returns:
        The point.
    """
    points = []
    for delta, epsilon in claimed.items():
        rates = threshold_test(
            absent,
            present,
            gain=functools.partial(Rates.epsilon, delta=delta),
            alpha=alpha / len(claimed),
        )
        points.append(Curve(rates.epsilon(delta), epsilon, delta))
    return max(points, key=_closeness)


def _closeness(point: Curve) -> float:
    """How close to its claim a point is: above 0 beyond it, down to -1 far from it."""
    if point.measured > point.claimed:
        return point.measured - point.claimed
    return point.measured / point.claimed - 1 if point.claimed > 0 else -1.0


def one_run_epsilon(
    *, num_canaries: int, guesses: int, correct: int, delta: float, alpha: float = ALPHA
) -> float:
    """Bounds epsilon from below by guesses about many canaries of one run.

    Args:
        num_canaries: Canaries, each in the fleet with probability a half.
        guesses: About how many a guess was made.
        correct: How many guesses were right.
        delta: Of the claim.
        alpha: Chance that the bound is wrong.

    References:
        Steinke et al. 2023 (arXiv:2305.08846), Theorem 5.2 and Appendix D.
    """

    def p_value(epsilon: float) -> float:
        accuracy = 1 / (1 + math.exp(-epsilon))
        binomial = scipy.stats.binom(guesses, accuracy)
        steps = np.arange(1, correct + 1)
        below = np.cumsum(binomial.pmf(correct - steps))
        worst = float(np.max(below / steps, initial=0.0))
        return float(binomial.sf(correct - 1)) + 2 * num_canaries * delta * worst

    low, high = 0.0, 1.0
    if p_value(low) >= alpha:
        return 0.0
    while p_value(high) < alpha:
        high += 1.0
        if high > 50:
            return high
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(middle) < alpha else (low, middle)
    return low


class Auc(NamedTuple):
    """Area under the curve of an attack, and its confidence interval."""

    value: float
    low: float
    high: float


def auc(
    members: Float[np.ndarray, " member"],
    others: Float[np.ndarray, " other"],
    *,
    alpha: float = ALPHA,
) -> Auc:
    """Estimates how often a member scores above another device; ties count a half.

    Args:
        members: Scores of members.
        others: Scores of other devices.
        alpha: Chance that the interval is wrong.

    Returns:
        The area under the ROC curve, with its interval.

    References:
        DeLong et al. 1988, the variance.
    """
    above = (members[:, None] > others[None]) + 0.5 * (members[:, None] == others[None])
    value = float(above.mean())
    variance = above.mean(1).var(ddof=1) / len(members)
    variance += above.mean(0).var(ddof=1) / len(others)
    reach = float(scipy.stats.norm.ppf(1 - alpha / 2) * variance**0.5)
    return Auc(value, max(value - reach, 0.0), min(value + reach, 1.0))


def most_auc(epsilon: float, delta: float) -> float:
    """Bounds the expected area of an attack on members against others.

    A member and another device change places by one removal and one addition, so the
    chances p and 1 - p of their order are within (2 epsilon, (1 + e^epsilon) delta).
    """
    slack = (1 + math.exp(epsilon)) * delta
    return min((math.exp(2 * epsilon) + slack) / (1 + math.exp(2 * epsilon)), 1.0)
