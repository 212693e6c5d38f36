"""Goes from events to epsilon; `calibration` goes from a budget to noise."""

import functools
import math
from collections.abc import Callable
from typing import Any

import dp_accounting
import numpy as np
from dp_accounting import rdp
from dp_accounting.pld import pld_pmf
from dp_accounting.pld import privacy_loss_distribution as pld_lib

from teledp_jax import errors
from teledp_jax.privacy import budgets, events

# Steps of the discretised privacy loss; estimates are pessimistic. A loss is about as
# large as epsilon, and time follows from their ratio.
_INTERVAL = 1e-4
_COARSE = 1e-2  # where epsilon is past use, and to begin with
_FINE = 1e-5  # where epsilon is small
_PAST_USE = 50.0
_SMALL = 0.5
_SPARE = 1e-3  # share of delta that inexact noise may take
_TAIL = 11.6  # standard deviations beyond which a Gaussian's mass is below 1e-30


@functools.lru_cache(maxsize=64)
def _base_pld(event: dp_accounting.DpEvent, interval: float) -> Any:
    """Privacy loss distribution of one uncomposed event."""
    sampling_prob = 1.0
    if isinstance(event, dp_accounting.PoissonSampledDpEvent):
        sampling_prob, event = event.sampling_probability, event.event
    if isinstance(event, events.VectorGaussianDpEvent):
        event = dp_accounting.GaussianDpEvent(event.continuous)
    if isinstance(event, dp_accounting.GaussianDpEvent):
        return pld_lib.from_gaussian_mechanism(
            event.noise_multiplier,
            value_discretization_interval=interval,
            sampling_prob=sampling_prob,
        )
    if isinstance(event, events.DiscreteGaussianDpEvent):
        return pld_lib.from_discrete_gaussian_mechanism(
            event.sigma,
            sensitivity=event.sensitivity,
            value_discretization_interval=interval,
            sampling_prob=sampling_prob,
            # Beyond its own bound the library sees unbounded losses.
            truncation_bound=math.ceil(_TAIL * event.sigma) + event.sensitivity,
            use_connect_dots=True,  # rounding up would cost much where many compose
        )
    if sampling_prob == 1.0:
        if isinstance(event, events.DiscreteLaplaceDpEvent):
            return pld_lib.from_discrete_laplace_mechanism(
                event.epsilon,
                value_discretization_interval=interval,
                use_connect_dots=True,
            )
        if isinstance(event, events.ExponentialMechanismDpEvent):
            return _exponential_pld(event.epsilon, interval)
        if isinstance(event, events.ThresholdDpEvent):
            parameters = dp_accounting.pld.common.DifferentialPrivacyParameters(
                0.0, event.delta
            )
            return pld_lib.from_privacy_parameters(parameters, interval)
    raise errors.InputError(f"The PLD accountant cannot take {events.describe(event)}.")


def _exponential_pld(epsilon: float, interval: float) -> Any:
    """Privacy loss distribution that dominates every mechanism of bounded range.

    A mechanism whose privacy loss lies in [t - epsilon, t] has a hockey-stick
    divergence at x of at most (1 - e^(t - epsilon)) (1 - e^(x - t)) / (1 - e^-epsilon),
    reached by two outcomes. The worst t is (x + epsilon) / 2. The maximum over t is
    convex in e^x, so some pair of distributions has it, and dominates.

    References:
        Dong et al. 2020 (arXiv:1909.13830), Lemma 3.4; Zhu et al. 2022
        (arXiv:2106.08567), Proposition 8.
    """
    reach = math.ceil(epsilon / interval)
    losses = np.arange(-reach, reach + 1)
    inside = np.clip(losses * interval, -epsilon, epsilon)
    deltas = np.expm1((inside - epsilon) / 2) ** 2 / -math.expm1(-epsilon)
    deltas[0] = -math.expm1(-reach * interval)
    pmf = pld_pmf.create_pmf_pessimistic_connect_dots(
        interval, losses, np.maximum(deltas, 0.0)
    )
    return pld_lib.PrivacyLossDistribution(pmf)


def _pld(event: dp_accounting.DpEvent, interval: float) -> Any:
    """Privacy loss distribution of any event."""
    match event:
        case dp_accounting.NoOpDpEvent() | events.InexactNoiseDpEvent():
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


def _exactly(
    event: dp_accounting.DpEvent, delta: float, epsilon_fn: Callable[[float], float]
) -> float:
    """Epsilon at delta, what inexact noise costs included.

    Noise within a total variation t of the stated one adds (1 + e^epsilon) t to delta:
    see `events.InexactNoiseDpEvent`. A thousandth of delta is kept for that. Where it
    does not suffice, nothing is promised.
    """
    missing = events.inexactness(event)
    if not missing:
        return epsilon_fn(delta)
    spare = _SPARE * delta
    epsilon = epsilon_fn(delta - spare)
    room = math.log(spare / missing - 1) if spare > 2 * missing else -math.inf
    return epsilon if epsilon <= room else math.inf


def epsilon_on(event: dp_accounting.DpEvent, delta: float, interval: float) -> float:
    """Bounds epsilon of an event on one grid.

    Args:
        event: Everything that was read.
        delta: At which epsilon is stated.
        interval: Step of the discretised privacy loss.

    Returns:
        An upper bound of epsilon, as `epsilon_pld` gives it.
    """
    return _exactly(
        event,
        delta,
        lambda delta: float(_pld(event, interval).get_epsilon_for_delta(delta)),
    )


def epsilon_pld(event: dp_accounting.DpEvent, delta: float) -> float:
    """Bounds epsilon of an event at delta, by privacy loss distributions.

    A large epsilon, which promises nothing, is bounded on a coarser grid than others, a
    small one on a finer grid; never on a coarser one than that of `interval` for a
    budget of this size. Noise that is not drawn exactly is paid for with a thousandth
    of delta.

    Args:
        event: Everything that was read.
        delta: At which epsilon is stated.

    Returns:
        An upper bound of epsilon, all but exact; infinite if inexact noise would take
        more than a thousandth of delta.

    Raises:
        InputError: If the event is of a kind that the accountant cannot take.

    References:
        Gopi et al. 2021 (arXiv:2106.02848); Doroshenko et al. 2022 (arXiv:2207.04380).
    """
    epsilon = epsilon_on(event, delta, _COARSE)
    if epsilon <= 2 * _PAST_USE or math.isinf(epsilon):
        epsilon = epsilon_on(event, delta, _INTERVAL)
    if epsilon <= 2 * _SMALL:
        epsilon = epsilon_on(event, delta, _FINE)
    return epsilon


def interval(epsilon: float) -> float:
    """Chooses the grid on which noise is searched for a budget.

    Args:
        epsilon: The budget's.

    Returns:
        Step of the discretised privacy loss.
    """
    if epsilon > _PAST_USE:
        return _COARSE
    return _INTERVAL if epsilon > _SMALL else _FINE


def _continuous(event: dp_accounting.DpEvent) -> dp_accounting.DpEvent:
    """Returns `event` in kinds that bound ours and of which the library knows the RDP.

    A discrete Gaussian is bounded by a Gaussian, a choice of range epsilon by zCDP of
    epsilon^2 / 8, pure DP of epsilon by zCDP of epsilon^2 / 2.

    References:
        Canonne et al. 2020 (arXiv:2004.00010); Cesar and Rogers 2021
        (arXiv:2004.07223).
    """
    match event:
        case events.DiscreteGaussianDpEvent():
            return dp_accounting.GaussianDpEvent(event.sigma / event.sensitivity)
        case events.VectorGaussianDpEvent():
            return dp_accounting.GaussianDpEvent(event.continuous)
        case events.ExponentialMechanismDpEvent():
            return dp_accounting.ZCDpEvent(event.epsilon**2 / 8)
        case events.InexactNoiseDpEvent() | events.ThresholdDpEvent():
            return dp_accounting.NoOpDpEvent()
        case events.DiscreteLaplaceDpEvent():
            return dp_accounting.ZCDpEvent(event.epsilon**2 / 2)
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


def _failure(event: dp_accounting.DpEvent) -> float:
    """Chances that thresholds fail, added up (union bound)."""
    match event:
        case events.ThresholdDpEvent():
            return float(event.delta)
        case dp_accounting.SelfComposedDpEvent():
            return int(event.count) * _failure(event.event)
        case dp_accounting.ComposedDpEvent():
            return sum(_failure(part) for part in event.events)
    return 0.0


def epsilon_rdp(event: dp_accounting.DpEvent, delta: float) -> float:
    """Bounds epsilon of an event at delta, by Renyi DP.

    The chances that thresholds fail come off delta.

    Args:
        event: Everything that was read.
        delta: At which epsilon is stated.

    Returns:
        An upper bound of epsilon, looser than that of `epsilon_pld`.

    Raises:
        dp_accounting.UnsupportedEventError: If RDP cannot take the event.
    """
    accountant = rdp.RdpAccountant()
    accountant.compose(_continuous(event))
    rest = delta - _failure(event)
    if rest <= 0:
        return math.inf
    return _exactly(event, rest, lambda delta: float(accountant.get_epsilon(delta)))


def is_met(budget: budgets.Budget, event: dp_accounting.DpEvent) -> bool:
    """Tells whether what was spent plus an event is within a budget.

    Args:
        budget: What may be spent in all, and what was spent before.
        event: What would be read next.

    Returns:
        Whether epsilon of both together, at the budget's delta, is within its epsilon.
    """
    total = dp_accounting.ComposedDpEvent([budget.spent, event])
    return epsilon_pld(total, budget.delta) <= budget.epsilon
