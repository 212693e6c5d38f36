"""Events that `dp_accounting` lacks; `accounting` says what they cost."""

import math
from collections.abc import Mapping
from typing import Any

import attrs
import dp_accounting

from teledp_jax import errors


@attrs.define(frozen=True)
class DiscreteGaussianDpEvent(dp_accounting.DpEvent):
    """One whole number, changed by at most 1 by a device, under a discrete Gaussian.

    A vector in which a device changes k entries by at most 1 each is a
    `SelfComposedDpEvent` of k of these.

    Attributes:
        sigma: Parameter of the noise, P(x) proportional to exp(-x^2 / (2 sigma^2)).

    References:
        Canonne et al. 2020 (arXiv:2004.00010).
    """

    sigma: float = attrs.field()

    @sigma.validator
    def _check(self, attribute: object, value: float) -> None:
        """Noise of zero or less protects nobody."""
        if not (value > 0 and math.isfinite(value)):
            raise errors.InputError(f"Expected a positive noise, got sigma={value}.")


def describe(event: dp_accounting.DpEvent) -> str:
    """An event as one line of text, for the ledger."""
    match event:
        case DiscreteGaussianDpEvent():
            return f"discrete Gaussian (sigma {event.sigma:.6g}, sensitivity 1)"
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
    """An event as plain values, from which `from_json` makes it again.

    Raises:
        InputError: If the event is of a kind that no accountant here takes.
    """
    match event:
        case DiscreteGaussianDpEvent():
            return {"kind": "discrete_gaussian", "sigma": event.sigma}
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
    """The event that `to_json` wrote.

    Raises:
        InputError: If its kind is unknown.
    """
    match fields["kind"]:
        case "discrete_gaussian":
            return DiscreteGaussianDpEvent(fields["sigma"])
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
