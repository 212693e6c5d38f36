"""Finds the least noise that meets a budget, by few questions to the accountant.

A closed form begins, continuous noise on a coarse grid follows, and the mechanism as it
is, on the grid that states its epsilon, decides.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import dp_accounting
import scipy.special

from teledp_jax import errors
from teledp_jax.privacy import accounting, budgets, events

_TOLERANCE = 4e-4  # of the noise multiplier
_MOST_NOISE = 1e6  # more noise hides everything
_FOUND: dict[str, float] = {}  # what earlier calls have found, to begin with


def calibrate(
    make_event: Callable[[float], dp_accounting.DpEvent], budget: budgets.Budget
) -> float:
    """Finds the least noise multiplier at which an event fits into a budget.

    Args:
        make_event: The event at a noise multiplier; more noise must cost less.
        budget: What may be spent in all, and what was spent before.

    Returns:
        The noise multiplier, to within 0.04 %, on the safe side.

    Raises:
        InputError: If no noise up to 1e6 meets the budget.
    """
    interval = accounting.interval(budget.epsilon)

    def whole(multiplier: float) -> dp_accounting.DpEvent:
        return dp_accounting.ComposedDpEvent([budget.spent, make_event(multiplier)])

    def exact(multiplier: float) -> float:
        return accounting.epsilon_on(whole(multiplier), budget.delta, interval)

    def rough(multiplier: float) -> float:
        coarse = min(100 * interval, 1e-2)
        return accounting.epsilon_on(_smooth(whole(multiplier)), budget.delta, coarse)

    case = repr((make_event(1.0), budget.spent, budget.epsilon, budget.delta))
    start = _FOUND.get(case)
    if start is None:
        start = gaussian(budget.epsilon, budget.delta)
        start = _least(rough, budget, start, tolerance=2e-2)
    # Checked again: what one noise multiplier looks like does not tell all others.
    _FOUND[case] = _least(exact, budget, start, tolerance=_TOLERANCE)
    return _FOUND[case]


def gaussian(epsilon: float, delta: float) -> float:
    """Returns the noise multiplier at which one Gaussian mechanism meets a budget.

    Args:
        epsilon: The budget's.
        delta: The budget's.

    Returns:
        The noise multiplier, to six digits.

    References:
        Balle and Wang 2018 (arXiv:1805.06530), Theorem 8.
    """
    low, high = 1e-9, 1e9
    while high > low * (1 + 1e-6):
        sigma = math.sqrt(low * high)
        # Phi(1 / 2s - e s) - e^e Phi(-1 / 2s - e s), the second part as a logarithm.
        first = scipy.special.ndtr(0.5 / sigma - epsilon * sigma)
        second = epsilon + scipy.special.log_ndtr(-0.5 / sigma - epsilon * sigma)
        fits = first - math.exp(min(second, 0.0)) <= delta
        low, high = (low, sigma) if fits else (sigma, high)
    return high


def _smooth(event: dp_accounting.DpEvent) -> dp_accounting.DpEvent:
    """The same with continuous noise, which costs about as much and is found faster."""
    match event:
        case events.DiscreteGaussianDpEvent():
            return dp_accounting.GaussianDpEvent(event.sigma / event.sensitivity)
        case dp_accounting.SelfComposedDpEvent():
            return dp_accounting.SelfComposedDpEvent(_smooth(event.event), event.count)
        case dp_accounting.PoissonSampledDpEvent():
            return dp_accounting.PoissonSampledDpEvent(
                event.sampling_probability, _smooth(event.event)
            )
        case dp_accounting.ComposedDpEvent():
            return dp_accounting.ComposedDpEvent([_smooth(e) for e in event.events])
    return event


class _Point(NamedTuple):
    """What was asked, in logarithms, in which the curve is all but straight.

    Attributes:
        place: Of the multiplier.
        excess: Of epsilon over the budget's: above 0 if the noise is too little.
    """

    place: float
    excess: float


def _least(
    epsilon_at: Callable[[float], float],
    budget: budgets.Budget,
    start: float,
    *,
    tolerance: float,
) -> float:
    """The least multiplier that fits, between one that fits and one that does not."""
    too_little: _Point | None = None
    enough: _Point | None = None
    place = math.log(start)
    for count in range(200):
        # An end of the curve, 0 or infinity, tells only its side.
        ratio = min(max(epsilon_at(math.exp(place)) / budget.epsilon, 1e-9), 1e9)
        if ratio > 1:
            too_little = _Point(place, math.log(ratio))
        else:
            enough = _Point(place, math.log(ratio))
        if too_little is not None and enough is not None:
            if enough.place - too_little.place <= 1.01 * tolerance:
                return math.exp(enough.place)
            place = _between(too_little, enough, tolerance, count)
        else:
            # The curve falls about as the multiplier grows, or faster.
            # Where an earlier search ended, one step to the other side ends this one.
            step = min(abs(math.log(ratio)), math.log(8))
            step = step if step > 4 * tolerance else tolerance
            place += step if ratio > 1 else -step
            if abs(place) > math.log(_MOST_NOISE):
                break
    if enough is not None:
        return math.exp(enough.place)  # whatever the noise
    raise errors.InputError(
        f"budget.epsilon={budget.epsilon}, budget.delta={budget.delta}: no noise meets "
        "it after what was already spent; raise one of them."
    )


def _between(too_little: _Point, enough: _Point, tolerance: float, count: int) -> float:
    """Where to ask next: on the line through both points, or in the middle."""
    low, high = too_little.place, enough.place
    middle = (low + high) / 2
    if count % 4 == 3:  # where the curve is bent, one side would stay
        return middle
    share = too_little.excess / (too_little.excess - enough.excess)
    root = low + share * (high - low)
    # Near the side that fits, ask on the other side of the root, to end the search.
    margin = 0.4 * tolerance
    if high - root < margin:
        return max(high - 0.9 * tolerance, middle)
    return min(root + margin, high - margin)
