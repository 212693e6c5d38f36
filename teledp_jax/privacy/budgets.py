"""What a release may spend, and what it has spent already."""

import dataclasses

import dp_accounting

from teledp_jax import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class Budget:
    """The budget of one release: one device with all its rows, added or removed.

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


def check(epsilon: float, delta: float) -> None:
    """Raises InputError unless 0 < epsilon < infinity and 0 < delta < 1."""
    if not 0 < epsilon < float("inf"):
        raise errors.InputError(f"Expected 0 < budget.epsilon < inf, got {epsilon}.")
    if not 0 < delta < 1:
        raise errors.InputError(f"Expected 0 < budget.delta < 1, got {delta}.")
