"""Weights of a pool that meet noisy totals: the convex dual of a weighted fit.

Weights w stay near given ones v and meet totals t of N devices, each to about 1:

    minimise  alpha N KL(w | v) + 1/2 sum_j (N (X'w)_j - t_j)^2.

N KL(w | v) is what N devices of v say against w. Where 1 is the noise of a total, a
pull alpha of 1 takes the pool for a true model, and a weak pull for a rough one. The
dual is smooth and convex in one multiplier per total: w is proportional to
v exp(X l), and l minimises log sum v exp(X l) - l't / N + alpha |l|^2 / (2 N).

References:
    Dudik et al. 2007, maximum entropy density estimation with generalized
    regularization; Boyd and Vandenberghe 2004, section 5.7.
"""

from typing import NamedTuple

import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float

_MOST_STEPS = 150
_PRECISION = 0.01  # of the pull of all totals at the end


class Solution(NamedTuple):
    """Weights that meet totals.

    Attributes:
        weights: Of the records; they sum to one.
        multipliers: One for each total: where a search with a near alpha begins.
    """

    weights: Float[np.ndarray, " record"]
    multipliers: Float[np.ndarray, " total"]


def solve(
    values: scipy.sparse.csr_array,
    prior: Float[np.ndarray, " record"],
    totals: Float[np.ndarray, " total"],
    *,
    num_devices: int,
    alpha: float,
    start: Float[np.ndarray, " total"] | None = None,
) -> Solution:
    """Finds the weights.

    Args:
        values: `[record, total]`: what a record adds, in tolerances of the total.
        prior: Weights to stay near; they sum to one.
        totals: Noisy totals of the fleet, in the same unit.
        num_devices: Noisy number of devices, N.
        alpha: Pull to the prior, above 0.
        start: Multipliers to begin with; none: zeros.

    Returns:
        The weights, and the multipliers that give them.
    """
    across = values.T.tocsr()
    logs = np.log(np.maximum(prior, 1e-300))

    def weights_of(
        multipliers: Float[np.ndarray, " total"],
    ) -> tuple[np.ndarray, float]:
        exponents = logs + values @ multipliers
        most = exponents.max()
        raw = np.exp(exponents - most)
        return raw / raw.sum(), float(most + np.log(raw.sum()))

    def objective(multipliers: Float[np.ndarray, " total"]) -> tuple[float, np.ndarray]:
        weights, partition = weights_of(multipliers)
        # N times the dual: its slope is in tolerances of the totals.
        value = num_devices * partition - multipliers @ totals
        value += alpha * (multipliers @ multipliers) / 2
        slope = num_devices * (across @ weights) - totals + alpha * multipliers
        return value, slope

    found = scipy.optimize.minimize(
        objective,
        np.zeros(len(totals)) if start is None else start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _MOST_STEPS, "gtol": _PRECISION, "ftol": 0.0},
    )
    return Solution(weights_of(found.x)[0], found.x)


def effective_sample(
    weights: Float[np.ndarray, " record"], prior: Float[np.ndarray, " record"]
) -> float:
    """Tells what share of a sample by the prior is left to a sample by the weights.

    Args:
        weights: Of the records; they sum to one.
        prior: What they were before; they sum to one, and are 0 only where weights are.

    Returns:
        Kish's effective sample size over the number of records, if these were drawn by
        the prior: 1 / sum of w^2 / v.
    """
    kept = prior > 0
    return float(1 / (weights[kept] ** 2 / prior[kept]).sum())
