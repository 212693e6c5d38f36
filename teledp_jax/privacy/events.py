"""Events that `dp_accounting` lacks; `accounting` says what they cost."""

import math

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
