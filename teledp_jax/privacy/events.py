"""Events that `dp_accounting` lacks; `accounting` says what they cost."""

import math
from collections.abc import Mapping
from typing import Any

import attrs
import dp_accounting

from teledp_jax import errors


@attrs.define(frozen=True)
class DiscreteGaussianDpEvent(dp_accounting.DpEvent):
    """One whole number that a device changes, under a discrete Gaussian.

    A vector in which a device changes k entries by at most `sensitivity` each is a
    `SelfComposedDpEvent` of k of these.

    Attributes:
        sigma: Parameter of the noise, P(x) proportional to exp(-x^2 / (2 sigma^2)).
        sensitivity: Most that a device changes the number.

    References:
        Canonne et al. 2020 (arXiv:2004.00010).
    """

    sigma: float = attrs.field()
    sensitivity: int = attrs.field(default=1, validator=attrs.validators.ge(1))

    @sigma.validator
    def _check(self, attribute: object, value: float) -> None:
        """Noise of zero or less protects nobody."""
        if not (value > 0 and math.isfinite(value)):
            raise errors.InputError(f"Expected a positive noise, got sigma={value}.")


@attrs.define(frozen=True)
class VectorGaussianDpEvent(dp_accounting.DpEvent):
    """A vector of whole numbers that a device changes in L2, under discrete Gaussians.

    It costs at most what a Gaussian mechanism of the noise multiplier `continuous`
    costs. Let s^2 = sigma^2 - 9. Take X = x + N(0, s^2), per entry, and of it Z, a
    discrete Gaussian of parameter 3 around X. The sum over whole numbers z of
    exp(-(z - X)^2 / 18) depends on X by a share below 10^-76 (Poisson summation), so
    P(Z = z) is proportional to exp(-(z - x)^2 / (2 (s^2 + 9))) up to such a share: Z is
    x under a discrete Gaussian of parameter sigma. It is made of X, a Gaussian
    mechanism, whatever the number of entries and how a device spreads its change.

    Attributes:
        sigma: Parameter of the noise of each entry; above 3.
        l2_sensitivity: Most that a device changes the vector, in L2.

    References:
        Peikert 2010, Theorem 3.1, for sums of continuous and discrete Gaussians.
    """

    sigma: float = attrs.field(validator=attrs.validators.gt(3))
    l2_sensitivity: int = attrs.field(validator=attrs.validators.ge(1))

    @property
    def continuous(self) -> float:
        """Noise multiplier of the Gaussian mechanism that costs as much or more."""
        return math.sqrt(self.sigma**2 - 9) / self.l2_sensitivity


@attrs.define(frozen=True)
class DiscreteLaplaceDpEvent(dp_accounting.DpEvent):
    """One whole number that a device changes by at most 1, under a discrete Laplace.

    It covers a vector too in which a device changes one entry by 1, whichever it is.

    Attributes:
        epsilon: Inverse of the scale: P(x) proportional to exp(-epsilon * |x|).

    References:
        Ghosh et al. 2009 (arXiv:0811.2841).
    """

    epsilon: float = attrs.field()

    @epsilon.validator
    def _check(self, attribute: object, value: float) -> None:
        """Noise without a scale protects nobody."""
        if not (value > 0 and math.isfinite(value)):
            raise errors.InputError(f"Expected 0 < epsilon < inf, got {value}.")


@attrs.define(frozen=True)
class ExponentialMechanismDpEvent(dp_accounting.DpEvent):
    """One choice by the exponential mechanism, of bounded range epsilon.

    P(candidate) is proportional to exp(epsilon * score / (2 * sensitivity)), where a
    device changes each score by at most the sensitivity: so it changes the log of the
    ratio of any two probabilities by at most epsilon.

    Attributes:
        epsilon: Range of the privacy loss.

    References:
        Durfee and Rogers 2019 (arXiv:1905.04273), Dong et al. 2020 (arXiv:1909.13830).
    """

    epsilon: float = attrs.field()

    @epsilon.validator
    def _check(self, attribute: object, value: float) -> None:
        """A range has a size."""
        if not (value > 0 and math.isfinite(value)):
            raise errors.InputError(f"Expected a positive range, got epsilon={value}.")


@attrs.define(frozen=True)
class ThresholdDpEvent(dp_accounting.DpEvent):
    """What thresholding adds to the noisy counts that it looks at: a chance of failure.

    Partition selection counts devices by value under noise (an event of its own) and
    shows the values whose noisy counts reach a threshold. A value that a single device
    holds is shown with a probability of at most `delta`, all values of the device taken
    together; but for that, what is shown follows from the noisy counts.

    Attributes:
        delta: Most probability that a device's own values show.

    References:
        Korolova et al. 2009; Gopi et al. 2020 (arXiv:2002.09745).
    """

    delta: float = attrs.field(
        validator=[attrs.validators.gt(0), attrs.validators.lt(1)]
    )


@attrs.define(frozen=True)
class InexactNoiseDpEvent(dp_accounting.DpEvent):
    """How far noise that was drawn may be from the noise that other events state.

    If the noise of a mechanism M is drawn within `probability` of what its proof asks
    for, in total variation, then what is released is within `probability` of M on each
    of two neighbouring fleets. If M is (epsilon, delta)-DP, the release is
    (epsilon, delta + (1 + e^epsilon) * probability)-DP.

    Attributes:
        probability: Most total variation, of all draws together.
    """

    probability: float = attrs.field(
        validator=[attrs.validators.ge(0), attrs.validators.lt(1)]
    )


def grouped(event: dp_accounting.DpEvent, size: int) -> dp_accounting.DpEvent:
    """Returns what an event costs a group of records that come or go together.

    Counts under Gaussian noise are at their worst where all records of the group are
    alike: one number changes by `size`.

    Args:
        event: The event, of one record.
        size: Most records of a group.

    Returns:
        The event of a whole group that comes or goes.

    Raises:
        InputError: If the event is of a kind whose groups are not accounted for.
    """
    match event:
        case DiscreteGaussianDpEvent():
            return DiscreteGaussianDpEvent(event.sigma, event.sensitivity * size)
        case VectorGaussianDpEvent():
            return VectorGaussianDpEvent(event.sigma, event.l2_sensitivity * size)
        case ExponentialMechanismDpEvent():
            return ExponentialMechanismDpEvent(event.epsilon * size)
        case dp_accounting.GaussianDpEvent():
            return dp_accounting.GaussianDpEvent(event.noise_multiplier / size)
        case dp_accounting.SelfComposedDpEvent():
            return dp_accounting.SelfComposedDpEvent(
                grouped(event.event, size), event.count
            )
        case dp_accounting.ComposedDpEvent():
            return dp_accounting.ComposedDpEvent(
                [grouped(part, size) for part in event.events]
            )
        case dp_accounting.NoOpDpEvent() | InexactNoiseDpEvent():
            return event
    if size == 1:
        return event
    raise errors.InputError(f"No group privacy is known of {describe(event)}.")


def inexactness(event: dp_accounting.DpEvent) -> float:
    """Adds up the probabilities of all `InexactNoiseDpEvent` in an event.

    Args:
        event: Any event.

    Returns:
        A bound of the total variation of everything that was released (union bound).
    """
    match event:
        case InexactNoiseDpEvent():
            return float(event.probability)
        case dp_accounting.SelfComposedDpEvent():
            return int(event.count) * inexactness(event.event)
        case dp_accounting.ComposedDpEvent():
            return sum(inexactness(part) for part in event.events)
    return 0.0


def describe(event: dp_accounting.DpEvent) -> str:
    """Describes an event in one line of text, for the ledger.

    Args:
        event: Any event.

    Returns:
        Its mechanism and the parameters of its noise.
    """
    match event:
        case DiscreteGaussianDpEvent():
            return (
                f"discrete Gaussian (sigma {event.sigma:.6g}, "
                f"sensitivity {event.sensitivity})"
            )
        case VectorGaussianDpEvent():
            return (
                f"discrete Gaussian on a vector (sigma {event.sigma:.6g}, "
                f"L2 sensitivity {event.l2_sensitivity})"
            )
        case DiscreteLaplaceDpEvent():
            return f"discrete Laplace (scale 1 / {event.epsilon:.6g}, sensitivity 1)"
        case ExponentialMechanismDpEvent():
            return f"exponential mechanism (range {event.epsilon:.6g})"
        case ThresholdDpEvent():
            return f"threshold on noisy counts (delta {event.delta:.6g})"
        case InexactNoiseDpEvent():
            return f"noise drawn within {event.probability:.3g} of what is stated"
        case dp_accounting.GaussianDpEvent():
            return f"Gaussian (noise multiplier {event.noise_multiplier:.6g})"
        case dp_accounting.PoissonSampledDpEvent():
            inner = describe(event.event)
            return f"Poisson sample ({event.sampling_probability:.6g}) of {inner}"
        case dp_accounting.SelfComposedDpEvent():
            return f"{event.count} times {describe(event.event)}"
        case dp_accounting.ComposedDpEvent():
            return "; ".join(describe(part) for part in event.events)
        case dp_accounting.NoOpDpEvent():
            return "nothing read"
    return str(event)


def to_json(event: dp_accounting.DpEvent) -> dict[str, Any]:
    """Returns an event as plain values, from which `from_json` makes it again.

    Args:
        event: Any event that an accountant here takes.

    Returns:
        What JSON can hold, under `kind` and the names of parameters.

    Raises:
        InputError: If the event is of a kind that no accountant here takes.
    """
    match event:
        case DiscreteGaussianDpEvent():
            fields = {"kind": "discrete_gaussian", "sigma": event.sigma}
            if event.sensitivity != 1:
                fields["sensitivity"] = event.sensitivity
            return fields
        case VectorGaussianDpEvent():
            return {
                "kind": "discrete_gaussian_vector",
                "sigma": event.sigma,
                "l2_sensitivity": event.l2_sensitivity,
            }
        case DiscreteLaplaceDpEvent():
            return {"kind": "discrete_laplace", "epsilon": event.epsilon}
        case ExponentialMechanismDpEvent():
            return {"kind": "exponential_mechanism", "epsilon": event.epsilon}
        case ThresholdDpEvent():
            return {"kind": "threshold", "delta": event.delta}
        case InexactNoiseDpEvent():
            return {"kind": "inexact_noise", "probability": event.probability}
        case dp_accounting.GaussianDpEvent():
            return {"kind": "gaussian", "noise_multiplier": event.noise_multiplier}
        case dp_accounting.PoissonSampledDpEvent():
            return {
                "kind": "poisson_sampled",
                "sampling_prob": event.sampling_probability,
                "event": to_json(event.event),
            }
        case dp_accounting.SelfComposedDpEvent():
            return {
                "kind": "self_composed",
                "count": int(event.count),
                "event": to_json(event.event),
            }
        case dp_accounting.ComposedDpEvent():
            return {"kind": "composed", "events": [to_json(e) for e in event.events]}
        case dp_accounting.NoOpDpEvent():
            return {"kind": "nothing"}
    raise errors.InputError(f"The ledger cannot take the event {event}.")


def from_json(fields: Mapping[str, Any]) -> dp_accounting.DpEvent:
    """Returns the event that `to_json` wrote.

    Args:
        fields: What `to_json` returned.

    Returns:
        An equal event.

    Raises:
        InputError: If its kind is unknown.
    """
    match fields["kind"]:
        case "discrete_gaussian":
            return DiscreteGaussianDpEvent(
                fields["sigma"], fields.get("sensitivity", 1)
            )
        case "discrete_gaussian_vector":
            return VectorGaussianDpEvent(fields["sigma"], fields["l2_sensitivity"])
        case "discrete_laplace":
            return DiscreteLaplaceDpEvent(fields["epsilon"])
        case "exponential_mechanism":
            return ExponentialMechanismDpEvent(fields["epsilon"])
        case "threshold":
            return ThresholdDpEvent(fields["delta"])
        case "inexact_noise":
            return InexactNoiseDpEvent(fields["probability"])
        case "gaussian":
            return dp_accounting.GaussianDpEvent(fields["noise_multiplier"])
        case "poisson_sampled":
            return dp_accounting.PoissonSampledDpEvent(
                fields["sampling_prob"], from_json(fields["event"])
            )
        case "self_composed":
            return dp_accounting.SelfComposedDpEvent(
                from_json(fields["event"]), fields["count"]
            )
        case "composed":
            return dp_accounting.ComposedDpEvent(
                [from_json(part) for part in fields["events"]]
            )
        case "nothing":
            return dp_accounting.NoOpDpEvent()
    raise errors.InputError(f"No event of kind {fields['kind']!r} in a ledger.")
