"""States what a release may spend, and what it has spent already."""

import dataclasses
from typing import NamedTuple

import dp_accounting

from teledp_jax.privacy import checks


class _Bounds(NamedTuple):
    """What a release promises, to be checked."""

    epsilon: float
    delta: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Budget:
    """Holds the budget of one release: one device with all its rows, added or removed.

    Attributes:
        epsilon: Of the whole release, all tables and stages together.
        delta: Of the whole release.
        spent: Events of earlier stages of the same release.
        num_devices: Noisy number of devices, paid for in `spent`.
    """

    epsilon: float
    delta: float
    spent: dp_accounting.DpEvent
    num_devices: int

    def __post_init__(self) -> None:
        check(self.epsilon, self.delta)


def unspent(epsilon: float, delta: float, num_devices: int = 1) -> Budget:
    """Returns a budget of which nothing is spent.

    Args:
        epsilon: Of the whole release.
        delta: Of the whole release.
        num_devices: Noisy number of devices; 1 where nobody asks for it.

    Returns:
        The budget.
    """
    return Budget(
        epsilon=epsilon,
        delta=delta,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=num_devices,
    )


def check(epsilon: float, delta: float) -> None:
    """Refuses an epsilon or a delta that promises nothing.

    Args:
        epsilon: Must be above 0 and at most 1000: one device may change the odds of an
            outcome by e^epsilon.
        delta: Must be above 0 and below 1.

    Raises:
        InputError: If one of them is not.
    """
    fields = checks.Fields("budget", _Bounds(epsilon, delta))
    fields.number("epsilon", above=0, at_most=1000)
    fields.number("delta", above=0, below=1)
