"""Turns named shares of a budget into events and noise.

A method states its parts: what each one measures and which share of the budget it
gets. All parts then scale with one number, the noise multiplier m of everything
together, and `calibrate` finds the least m that meets the budget.

Shares are of 1 / m^2. Gaussian mechanisms compose by the sum of 1 / sigma^2, where
sigma is in units of the sensitivity: a part of n vectors and share s whose noise is
sigma = m * sqrt(n / s) adds n / sigma^2 = s / m^2, so parts whose shares sum to 1 cost
what one Gaussian mechanism of noise multiplier m costs. That only splits the budget;
what all parts cost together, exactly, is for the accountant to say.

References:
    Dong et al. 2019 (arXiv:1905.02383), Corollary 3.3, for the sum of squares.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import dp_accounting
import numpy as np

from teledp_jax.privacy import accounting, budgets, calibration, events


@dataclasses.dataclass(frozen=True)
class Counts:
    """Vectors of counts under one discrete Gaussian noise.

    Attributes:
        name: Name of the part.
        num_vectors: Numbers that a device changes: one cell of each vector.
        share: Share of the budget, in (0, 1].
        sensitivity: Most that a device changes a cell.
    """

    name: str
    num_vectors: int
    share: float = 1.0
    sensitivity: int = 1

    @property
    def _ratio(self) -> float:
        """Noise per unit of sensitivity and multiplier: sqrt(n / s)."""
        return float((max(self.num_vectors, 1) / self.share) ** 0.5)

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Returns the sigma of each cell."""
        return (multiplier * self.sensitivity * self._ratio,)

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns one discrete Gaussian per vector."""
        (sigma,) = self.noise(multiplier)
        one = events.DiscreteGaussianDpEvent(sigma, self.sensitivity)
        return [dp_accounting.SelfComposedDpEvent(one, self.num_vectors)]

    def continuous(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns a continuous Gaussian per vector: costs almost the same, faster."""
        one = dp_accounting.GaussianDpEvent(multiplier * self._ratio)
        return [dp_accounting.SelfComposedDpEvent(one, self.num_vectors)]


@dataclasses.dataclass(frozen=True)
class ClippedSums:
    """Sums of vectors of whole numbers, each clipped in L2, under one noise.

    Attributes:
        name: Name of the part.
        l2_sensitivity: Most L2 norm of a device's vector.
        share: Share of the budget, in (0, 1].
    """

    name: str
    l2_sensitivity: int
    share: float = 1.0

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Returns the sigma of sums: the inverse of `VectorGaussianDpEvent`'s cost."""
        return (math.hypot(multiplier * self.l2_sensitivity / self.share**0.5, 3.0),)

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns one discrete Gaussian on the vector of all sums."""
        (sigma,) = self.noise(multiplier)
        return [events.VectorGaussianDpEvent(sigma, self.l2_sensitivity)]


@dataclasses.dataclass(frozen=True)
class Votes:
    """Vectors of counts, one after the other, each with a noise of its own.

    Attributes:
        name: Name of the part.
        num_votes: Vectors; a device adds one to one cell of each.
        share: Share of the budget that all of them get, in (0, 1].
        growth: Share of a vector over the share of the one before.
    """

    name: str
    num_votes: int
    share: float = 1.0
    growth: float = 1.0

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Returns the sigma of each vote: m / sqrt(its share), shares by one ratio."""
        parts = np.power(self.growth, np.arange(self.num_votes, dtype=np.float64))
        ratios = (self.share * parts / parts.sum()) ** -0.5
        return tuple(multiplier * ratio for ratio in ratios.tolist())

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns one discrete Gaussian per vote, written as one event."""
        sigmas = self.noise(multiplier)
        votes = [events.DiscreteGaussianDpEvent(sigma) for sigma in sigmas]
        if len(set(sigmas)) == 1:
            return [dp_accounting.SelfComposedDpEvent(votes[0], len(votes))]
        return [dp_accounting.ComposedDpEvent(votes)]


@dataclasses.dataclass(frozen=True)
class Choices:
    """Choices by the exponential mechanism.

    Attributes:
        name: Name of the part.
        num_choices: Number of choices; a device changes each score by at most 1.
        share: Share of the budget, in (0, 1].
    """

    name: str
    num_choices: int
    share: float = 1.0

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Returns the range of the privacy loss of a choice.

        A choice of range e is e^2 / 8 zCDP and a Gaussian of noise multiplier r is
        1 / (2 r^2) zCDP: they cost the same where e = 2 / r.

        References:
            Cesar and Rogers 2021 (arXiv:2004.07223).
        """
        ratio = (max(self.num_choices, 1) / self.share) ** 0.5
        return (2 / (multiplier * ratio),)

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns one exponential mechanism per choice."""
        (epsilon,) = self.noise(multiplier)
        one = events.ExponentialMechanismDpEvent(epsilon)
        return [dp_accounting.SelfComposedDpEvent(one, self.num_choices)]


@dataclasses.dataclass(frozen=True)
class Steps:
    """Steps of DP-SGD on Poisson samples.

    Attributes:
        name: Name of the part.
        num_steps: Number of steps.
        sampling_prob: Probability of a device to be in a step, as it is drawn.
        share: Share of the budget, in (0, 1].
        inexactness: Total variation between the noise of all steps, as it is drawn, and
            Gaussian noise.
    """

    name: str
    num_steps: int
    sampling_prob: float
    share: float = 1.0
    inexactness: float = 0.0

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Finds the noise multiplier of a step, by the central limit theorem of DP-SGD.

        T steps of rate p and noise z are Gaussian DP of parameter
        mu = p * sqrt(T * (exp(1 / z^2) - 1)) in the limit; mu^2 = s / m^2, solved
        for z.

        References:
            Bu et al. 2019 (arXiv:1911.11607).
        """
        steps = self.sampling_prob**2 * self.num_steps
        return (1.0 / math.sqrt(math.log1p(self.share / (multiplier**2 * steps))),)

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns a sampled Gaussian per step, and how far noise may be from it."""
        (noise_multiplier,) = self.noise(multiplier)
        step = dp_accounting.PoissonSampledDpEvent(
            self.sampling_prob, dp_accounting.GaussianDpEvent(noise_multiplier)
        )
        found: list[dp_accounting.DpEvent] = [
            dp_accounting.SelfComposedDpEvent(step, self.num_steps)
        ]
        if self.inexactness:
            found.append(events.InexactNoiseDpEvent(self.inexactness))
        return found


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """Selections of noisy counts by a threshold: they cost a part of delta.

    Attributes:
        name: Name of the part.
        num_selections: Number of selections.
        delta: Failure probability of each.
    """

    name: str
    num_selections: int
    delta: float

    def noise(self, multiplier: float) -> tuple[float, ...]:
        """Returns no noise: it has none of its own."""
        return ()

    def events(self, multiplier: float) -> list[dp_accounting.DpEvent]:
        """Returns one threshold per selection, whatever the noise."""
        return [events.ThresholdDpEvent(self.delta)] * self.num_selections


Part = Counts | ClippedSums | Votes | Choices | Steps | Thresholds
"""A part: what its mechanisms' noise is and what they cost, at a multiplier of all."""


class Calibrated(NamedTuple):
    """Parts at the noise that meets a budget.

    Attributes:
        noise_multiplier: Of everything together.
        parts: The parts of the split, in the order in which the ledger states them.
    """

    noise_multiplier: float
    parts: tuple[Part, ...]

    @property
    def event(self) -> dp_accounting.DpEvent:
        """All parts composed."""
        return dp_accounting.ComposedDpEvent(
            [
                event
                for part in self.parts
                for event in part.events(self.noise_multiplier)
            ]
        )

    def event_of(self, name: str) -> dp_accounting.DpEvent:
        """Returns what a part of one event costs by itself.

        Args:
            name: Name of the part.
        """
        (event,) = self._part(name).events(self.noise_multiplier)
        return event

    def noise(self, name: str) -> float:
        """Returns the noise of a part whose mechanisms are alike.

        Args:
            name: Name of the part.

        Returns:
            Sigma of a cell, range of a choice or noise multiplier of a step.
        """
        (value,) = self.series(name)
        return value

    def series(self, name: str) -> tuple[float, ...]:
        """Returns the noise of each mechanism of a part, in order.

        Args:
            name: Name of the part.
        """
        return self._part(name).noise(self.noise_multiplier)

    def _part(self, name: str) -> Part:
        """The part of a name."""
        (part,) = (part for part in self.parts if part.name == name)
        return part

    @property
    def facts(self) -> dict[str, float | int | str]:
        """The noise multiplier, and the noise of each part under the part's name.

        A part named `noise_multiplier` (DP-SGD's own) stands in the place of that of
        everything; of a series there are the first and the last.
        """
        found: dict[str, float | int | str] = {
            "noise_multiplier": self.noise_multiplier
        }
        for part in self.parts:
            values = part.noise(self.noise_multiplier)
            if isinstance(part, Votes):
                found |= {f"first_{part.name}": values[0]}
                found |= {f"last_{part.name}": values[-1]}
            elif values:
                found[part.name] = values[0]
        return found


def calibrate(parts: Sequence[Part], budget: budgets.Budget) -> Calibrated:
    """Finds the least noise at which all parts together meet a budget.

    Args:
        parts: The parts, in the order in which the ledger states them.
        budget: What may be spent in all, and what was spent before.

    Returns:
        The parts at that noise.

    Raises:
        InputError: If no noise meets the budget.
    """
    found = Calibrated(0.0, tuple(parts))
    multiplier = calibration.calibrate(
        lambda multiplier: found._replace(noise_multiplier=multiplier).event, budget
    )
    return found._replace(noise_multiplier=multiplier)


def calibrate_wide(
    counts: Counts, others: Sequence[Part], budget: budgets.Budget
) -> Calibrated:
    """Finds what `calibrate` finds, faster, for counts whose noise is wide.

    The continuous Gaussian costs all but the same as a discrete one of hundreds of
    steps and is quicker to search; then noise grows until the discrete one fits.

    Args:
        counts: The counts.
        others: Parts beside them.
        budget: What may be spent in all, and what was spent before.

    Returns:
        The counts and the other parts at that noise.

    Raises:
        InputError: If no noise meets the budget.
    """

    def continuous(multiplier: float) -> dp_accounting.DpEvent:
        beside = [event for part in others for event in part.events(multiplier)]
        return dp_accounting.ComposedDpEvent([*counts.continuous(multiplier), *beside])

    multiplier = calibration.calibrate(continuous, budget)
    found = Calibrated(multiplier, (counts, *others))
    while not accounting.is_met(budget, found.event):
        found = found._replace(noise_multiplier=found.noise_multiplier * 1.001)
    return found
