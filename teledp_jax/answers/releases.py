"""Users and error users by product, released under user-level privacy.

A user counts once, at its primary product, as a user with an error event or without.
Adding or removing a user with an error changes two of the published answers, the total
and the errors of its product: L1 sensitivity 2, L2 sensitivity sqrt(2). Asked as users
with and users without an error, the same numbers are disjoint cells, of which a user
changes one by 1: both sensitivities are 1, and the total is their sum.
"""

import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import dp_accounting
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import base, errors, runs
from teledp_jax.answers import accounts
from teledp_jax.privacy import accounting, budgets, calibration, events, release

NAME = "private_answers"
"""Folder of the release in a run folder's `release/`, and label in ledgers."""

PUBLISHED_EPSILON, PUBLISHED_DELTA = 2.0, 1e-6
L1_PUBLISHED = 2.0
L2_PUBLISHED = math.sqrt(2)
PUBLISHED_SEED = 42
"""Seed of the noise in the published Laplace table, which it gives back exactly."""
PUBLISHED_RUN_SEED = 12345
"""Seed of the first published evaluation run; the others follow by ones."""

Cells = Integer[np.ndarray, "2 product"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counts:
    """Users by primary product, and those of them with an error event."""

    users: Float[np.ndarray, " product"] | Integer[np.ndarray, " product"]
    error_users: Float[np.ndarray, " product"] | Integer[np.ndarray, " product"]

    def rates(self) -> Float[np.ndarray, " product"]:
        """Computes the share of users with an error.

        Returns:
            Error users per user, in 0 to 1 whatever the noise did.
        """
        users = np.maximum(self.users, 1.0)
        return np.clip(self.error_users, 0.0, users) / users


def published_gaussian_stddev(epsilon: float, delta: float) -> float:
    """Returns the noise of the published Gaussian release: the classical formula.

    It is proved only for epsilon below 1; at 2 it happens to be more than enough, see
    `published_accounting`.

    Args:
        epsilon: That the release states.
        delta: That it states.

    Returns:
        Standard deviation of the noise, in users.

    References:
        Dwork and Roth 2014, Theorem A.1.
    """
    budgets.check(epsilon, delta)
    # sqrt(2 ln(1.25 / delta)) * sensitivity / epsilon.
    return L2_PUBLISHED * math.sqrt(2 * math.log(1.25 / delta)) / epsilon


def published_gaussian(
    rng: np.random.Generator, counts: Counts, *, stddev: float
) -> Counts:
    """Draws the published Gaussian release: for experiments, as a seed gives its noise.

    Args:
        rng: Generator of the experiment.
        counts: Exact counts. Private.
        stddev: Of the noise on each count, in users.

    Returns:
        Noisy counts, not whole and perhaps below zero.
    """
    size = counts.users.shape
    return Counts(
        users=counts.users + rng.normal(0.0, stddev, size),
        error_users=counts.error_users + rng.normal(0.0, stddev, size),
    )


def published_laplace(
    rng: np.random.Generator, counts: Counts, *, epsilon: float
) -> Counts:
    """Draws the published Laplace release: for experiments, as a seed gives its noise.

    Args:
        rng: Generator of the experiment.
        counts: Exact counts. Private.
        epsilon: That the release states; the scale of its noise is 2 / epsilon users.

    Returns:
        Noisy counts, not whole and perhaps below zero.
    """
    scale, size = L1_PUBLISHED / epsilon, counts.users.shape
    return Counts(
        users=counts.users + rng.laplace(0.0, scale, size),
        error_users=counts.error_users + rng.laplace(0.0, scale, size),
    )


def to_cells(counts: Counts) -> Cells:
    """Turns counts into disjoint cells: users with an error and users without.

    Args:
        counts: Whole counts by product.

    Returns:
        Cells of which a user that joins or leaves changes one, by 1.
    """
    return np.stack([counts.error_users, counts.users - counts.error_users]).astype(
        np.int64
    )


def from_cells(cells: Cells) -> Counts:
    """Turns noisy cells back into counts; a cell below zero is taken as zero.

    Args:
        cells: Noisy cells.

    Returns:
        Counts by product, in which no product has more error users than users.
    """
    with_error, without = np.maximum(cells, 0)
    return Counts(users=with_error + without, error_users=with_error)


def noisy_cells(
    exact_fn: Callable[[], Cells],
    *,
    key: Key[Array, ""],
    epsilon: float,
    context: base.Context,
) -> Cells:
    """Counts disjoint cells of users under discrete Laplace noise, once.

    The result is epsilon-differentially private, delta 0, as one user joins or leaves.

    Args:
        exact_fn: Counts the cells.
        key: A noise key; exact noise of the operating system has no use for it.
        epsilon: Of this release.
        context: Store and sampler of the noise, as
            `mechanisms.secure_laplace_noise`.

    Returns:
        The noisy cells, safe to release; they may be below zero.

    Raises:
        InputError: If epsilon is not positive and finite.

    References:
        Ghosh et al. 2009 (arXiv:0811.2841).
    """
    _check(epsilon)
    return release.count_once(
        "cells", exact_fn, key=key, sigma=1 / epsilon, context=context
    )


def ledger_path(folder: pathlib.Path) -> pathlib.Path:
    """Returns where the ledger of a working folder lies; it is only ever added to."""
    return folder / f"{NAME}_ledger.json"


def spend(path: pathlib.Path, *, epsilon: float, delta: float) -> None:
    """Enters a release of `noisy_cells` into a ledger; call it before reading.

    Releases before it, of the same log, stay in the ledger and compose with it.

    Args:
        path: The ledger, made if absent.
        epsilon: Of the release.
        delta: At which the ledger states epsilon.
    """
    event = events.DiscreteLaplaceDpEvent(epsilon)
    mechanism = "discrete Laplace on disjoint cells"
    parts = [*accounts.read(path), ("answers", mechanism, event)]
    accounts.enter(path, parts, delta=delta, num_records=0)


def state(path: pathlib.Path, *, num_users: int) -> Mapping[str, Any]:
    """Sets the delta of a ledger beside the released number of users.

    Args:
        path: The ledger.
        num_users: Noisy number of users.

    Returns:
        The ledger's entry.
    """
    delta = runs.read_json(path)["delta"]
    parts = accounts.read(path)
    return accounts.enter(path, parts, delta=delta, num_records=num_users)


def calibrated_gaussian(epsilon: float, delta: float) -> float:
    """Finds discrete Gaussian noise for disjoint cells, by exact accounting.

    Args:
        epsilon: Of the release.
        delta: Of the release.

    Returns:
        Sigma, in users.
    """
    return calibration.calibrate(
        events.DiscreteGaussianDpEvent, budgets.unspent(epsilon, delta)
    )


def published_accounting(epsilon: float, delta: float) -> dict[str, Any]:
    """Tells what the published Gaussian release spends and what it would have needed.

    Args:
        epsilon: That it states.
        delta: That it states.

    Returns:
        Its noise; its epsilon by privacy loss distributions; the noise that meets the
        stated epsilon for the same answers, and for disjoint cells.
    """
    stddev = published_gaussian_stddev(epsilon, delta)
    event = dp_accounting.GaussianDpEvent(stddev / L2_PUBLISHED)
    needed = calibration.calibrate(
        dp_accounting.GaussianDpEvent, budgets.unspent(epsilon, delta)
    )
    return {
        "epsilon": epsilon,
        "delta": delta,
        "published_stddev": stddev,
        "formula_applies": epsilon < 1,
        "epsilon_of_published_stddev": accounting.epsilon_pld(event, delta),
        "needed_stddev": needed * L2_PUBLISHED,
        "needed_sigma_on_disjoint_cells": calibrated_gaussian(epsilon, delta),
    }


def _check(epsilon: float) -> None:
    """Raises InputError unless epsilon is positive and finite."""
    if not 0 < epsilon < math.inf:
        raise errors.InputError(f"Expected 0 < epsilon < inf, got {epsilon}.")


def explain(facts: Mapping[str, Any]) -> list[str]:
    """Says in sentences what `published_accounting` found."""
    applies = "holds" if facts["formula_applies"] else "is proved only below 1"
    return [
        "The formula of the published Gaussian noise, at epsilon "
        f"{facts['epsilon']:g}: it {applies}.",
        f"Its noise, {facts['published_stddev']:.4f}, spends epsilon "
        f"{facts['epsilon_of_published_stddev']:.4f} at delta {facts['delta']:g} by "
        "privacy loss distributions.",
        f"The same answers need {facts['needed_stddev']:.4f}; disjoint cells need "
        f"{facts['needed_sigma_on_disjoint_cells']:.4f} (discrete Gaussian).",
        f"The published noise has public seeds ({PUBLISHED_SEED} for the table, "
        f"{PUBLISHED_RUN_SEED} plus the run for the evaluation): who knows them "
        "subtracts the noise and holds the exact counts, so no guarantee holds. The "
        "release here takes noise from the operating system; only the evaluation has a "
        "seed.",
        "The unit is one user added or removed. Where instead a user's events may "
        "change, and with them its primary product, the L1 sensitivity of disjoint "
        "cells is 2.",
    ]
