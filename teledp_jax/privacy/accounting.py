"""From events to epsilon, and from a budget to the noise that meets it."""

import functools
from collections.abc import Callable
from typing import Any

import dp_accounting
from dp_accounting import rdp
from dp_accounting.pld import privacy_loss_distribution as pld_lib

from teledp_jax import errors
from teledp_jax.privacy import budget as budget_lib
from teledp_jax.privacy import events

_INTERVAL = 1e-4  # of the discretised privacy loss; estimates are pessimistic
_COARSE = 1e-2  # for the first bracket of a search


@functools.lru_cache(maxsize=64)
def _base_pld(event: dp_accounting.DpEvent, interval: float) -> Any:
    """Privacy loss distribution of one uncomposed event."""
    sampling_prob = 1.0
    if isinstance(event, dp_accounting.PoissonSampledDpEvent):
        sampling_prob, event = event.sampling_probability, event.event
    if isinstance(event, dp_accounting.GaussianDpEvent):
        return pld_lib.from_gaussian_mechanism(
            event.noise_multiplier,
            value_discretization_interval=interval,
            sampling_prob=sampling_prob,
        )
    if isinstance(event, events.DiscreteGaussianDpEvent):
        return pld_lib.from_discrete_gaussian_mechanism(
            event.sigma,
            value_discretization_interval=interval,
            sampling_prob=sampling_prob,
        )
    raise errors.InputError(f"The PLD accountant cannot take {events.describe(event)}.")


def _pld(event: dp_accounting.DpEvent, interval: float) -> Any:
    """Privacy loss distribution of any event."""
    match event:
        case dp_accounting.NoOpDpEvent():
            return pld_lib.identity(value_discretization_interval=interval)
        case dp_accounting.SelfComposedDpEvent():
            if not event.count:
                return pld_lib.identity(value_discretization_interval=interval)
            return _pld(event.event, interval).self_compose(event.count)
        case dp_accounting.ComposedDpEvent():
            total = pld_lib.identity(value_discretization_interval=interval)
            for part in event.events:
                total = total.compose(_pld(part, interval))
            return total
    return _base_pld(event, interval)


def epsilon_pld(event: dp_accounting.DpEvent, delta: float) -> float:
    """Epsilon of an event at delta, by privacy loss distributions; an upper bound.

    Raises:
        InputError: If the event is of a kind that the accountant cannot take.

    References:
        Gopi et al. 2021 (arXiv:2106.02848); Doroshenko et al. 2022 (arXiv:2207.04380).
    """
    return float(_pld(event, _INTERVAL).get_epsilon_for_delta(delta))


def _continuous(event: dp_accounting.DpEvent) -> dp_accounting.DpEvent:
    """`event` with each discrete Gaussian as a Gaussian, whose RDP bounds it."""
    match event:
        case events.DiscreteGaussianDpEvent():
            return dp_accounting.GaussianDpEvent(event.sigma)
        case dp_accounting.SelfComposedDpEvent():
            return dp_accounting.SelfComposedDpEvent(
                _continuous(event.event), event.count
            )
        case dp_accounting.ComposedDpEvent():
            return dp_accounting.ComposedDpEvent(
                [_continuous(part) for part in event.events]
            )
        case dp_accounting.PoissonSampledDpEvent() if isinstance(
            event.event, events.DiscreteGaussianDpEvent
        ):
            raise dp_accounting.UnsupportedEventError(
                "RDP of a sampled discrete Gaussian is not known to the library."
            )
    return event


def epsilon_rdp(event: dp_accounting.DpEvent, delta: float) -> float:
    """Epsilon of an event at delta, by Renyi DP; an upper bound.

    Raises:
        dp_accounting.UnsupportedEventError: If RDP cannot take the event.
    """
    accountant = rdp.RdpAccountant()
    accountant.compose(_continuous(event))
    return float(accountant.get_epsilon(delta))


def calibrate(
    make_event: Callable[[float], dp_accounting.DpEvent], budget: budget_lib.Budget
) -> float:
    """The least noise multiplier at which what was spent plus an event is in budget.

    Args:
        make_event: The event at a noise multiplier; more noise must cost less.
        budget: What may be spent in all, and what was spent before.

    Returns:
        The noise multiplier, to within 0.02 %, on the safe side.

    Raises:
        InputError: If no noise up to 1e6 meets the budget.
    """

    def fits(noise_multiplier: float, interval: float) -> bool:
        event = dp_accounting.ComposedDpEvent(
            [budget.spent, make_event(noise_multiplier)]
        )
        return (
            _pld(event, interval).get_epsilon_for_delta(budget.delta) <= budget.epsilon
        )

    low, high = 0.0, 0.5
    while not fits(high, _COARSE):
        low, high = high, 2 * high
        if high > 1e6:
            raise errors.InputError(
                f"budget.epsilon={budget.epsilon}, budget.delta={budget.delta}: no "
                "noise meets it after what was already spent; raise one of them."
            )
    while high - low > 2e-2 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle, _COARSE) else (middle, high)
    # The coarse grid is pessimistic, by more the more events compose.
    while not fits(high, _INTERVAL):
        low, high = high, 1.02 * high
    low = min(low, high)
    while fits(low, _INTERVAL):
        low, high = 0.95 * low, low
    while high - low > 2e-4 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle, _INTERVAL) else (middle, high)
    return high
