"""What an event declares of each of its mechanisms."""

from typing import NamedTuple

import dp_accounting

from teledp_jax.privacy import events


class Declared(NamedTuple):
    """The mechanisms of an event.

    Attributes:
        squares: Sigma of discrete Gaussians to the square of their L2 sensitivity, all
            of that sigma together.
        entries: Sigma to the most that a device changes one entry.
        choices: Range of exponential mechanisms to their number.
        steps: Sampling probability and noise multiplier of steps of DP-SGD to their
            number.
        failure: Probability that cells show which only one device has.
        inexactness: Total variation between noise as it is drawn and as it is stated.
    """

    squares: dict[float, float]
    entries: dict[float, int]
    choices: dict[float, int]
    steps: dict[tuple[float, float], int]
    failure: float = 0.0
    inexactness: float = 0.0

    @property
    def mu(self) -> float:
        """Gaussian-DP parameter of the discrete Gaussians together."""
        return sum(square / sigma**2 for sigma, square in self.squares.items()) ** 0.5


def read(event: dp_accounting.DpEvent) -> Declared:
    """Takes an event apart.

    Raises:
        ValueError: If it holds a kind that no audit knows.
    """
    found = Declared({}, {}, {}, {})
    failures: list[float] = []
    _add(found, failures, event, 1)
    return found._replace(failure=sum(failures), inexactness=events.inexactness(event))


def _add(
    found: Declared, failures: list[float], event: dp_accounting.DpEvent, count: int
) -> None:
    """Adds `count` times an event."""
    match event:
        case dp_accounting.NoOpDpEvent() | events.InexactNoiseDpEvent():
            return
        case dp_accounting.SelfComposedDpEvent():
            _add(found, failures, event.event, count * event.count)
        case dp_accounting.ComposedDpEvent():
            for part in event.events:
                _add(found, failures, part, count)
        case events.ThresholdDpEvent():
            failures.append(count * event.delta)
        case events.DiscreteGaussianDpEvent():
            _add_counts(found, event.sigma, event.sensitivity, count)
        case events.VectorGaussianDpEvent():
            _add_counts(found, event.sigma, event.l2_sensitivity, count)
        case events.ExponentialMechanismDpEvent():
            before = found.choices.get(event.epsilon, 0)
            found.choices[event.epsilon] = before + count
        case dp_accounting.PoissonSampledDpEvent() if isinstance(
            event.event, dp_accounting.GaussianDpEvent
        ):
            step = event.sampling_probability, event.event.noise_multiplier
            found.steps[step] = found.steps.get(step, 0) + count
        case _:
            raise ValueError(f"No audit knows {events.describe(event)}.")


def _add_counts(found: Declared, sigma: float, size: int, count: int) -> None:
    """Adds `count` vectors of integers that a device changes by `size` in L2 each."""
    found.squares[sigma] = found.squares.get(sigma, 0.0) + count * size**2
    found.entries[sigma] = max(found.entries.get(sigma, 0), size)
