"""What a noisy block says of a variable, as moments, and coefficients that meet them.

A block is seen through functions of both its variables. Their products, summed over
rows by weight, are moments of the noisy counts; the coefficients of a log-linear model
are those at which its own moments come out alike, by as much as each is clear of noise.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float, Integer

from teledp_jax import schemas
from teledp_jax.marginals import statistics

_LARGEST_STEP = 3.0  # of one correction of a coefficient
_LARGEST = 12.0  # coefficient
_CLEAR = 3.0  # standard deviations of noise from which a moment is believed
_SMALL = 6  # domains up to this size gain nothing from polynomials
_DEGREES = 3


class Part(NamedTuple):
    """A noisy block as seen by the later of its variables.

    Attributes:
        parent: The variable before.
        block: How rows are weighed.
        mass: `[parent code, outcome]`: weighed rows per device of the fleet.
        stddev: Of the noise of each.
        inputs: `[parent code, function]`: through what the parent is seen.
        outputs: `[outcome, function]`: what coefficients add to logits.
        outcome: Outcome of each code of the variable.
        shares: Of the outcomes of each code of the parent that they follow from, NaN
            for the others; none if the block alone tells.
    """

    parent: statistics.Variable
    block: statistics.Block
    mass: Float[np.ndarray, "cell outcome"]
    stddev: float
    inputs: Float[np.ndarray, "cell input"]
    outputs: Float[np.ndarray, "outcome output"]
    outcome: Integer[np.ndarray, " code"]
    shares: Float[np.ndarray, "cell outcome"] | None = None


def functions(
    schema: schemas.Schema,
    which: statistics.Variable,
    shares: Float[np.ndarray, " code"],
) -> Float[np.ndarray, "code function"]:
    """Computes the functions that a variable is seen and predicted through.

    Every code of a category or of a small domain; else flags of absent and zero, and
    polynomials of the bin's number that have variance one and no correlation: noise
    that drowns each cell of a row leaves their sums clear.

    Args:
        schema: The public schema.
        which: The variable.
        shares: Shares of its codes, noisy or public.

    Returns:
        The value of each function at each code.
    """
    size, first = which.num_codes, 0
    if which.kind == "column":
        own = schema.table(which.table).columns[which.column]
        first = own.first_bin if own.is_number else size
    if size - first <= _SMALL:
        return np.eye(size)
    weights = shares[first:] + 1e-4
    weights = weights / weights.sum()
    x = np.linspace(-1.0, 1.0, size - first)
    # Gram-Schmidt with <f, g> = sum over bins of share * f * g.
    known = [np.ones_like(x)]
    for degree in range(1, _DEGREES + 1):
        curve = x**degree
        for other in known:
            curve = curve - (weights @ (curve * other)) * other
        known.append(curve / np.sqrt(weights @ curve**2))
    curves = np.zeros((size, _DEGREES))
    curves[first:] = np.clip(np.stack(known[1:], axis=1), -3.0, 3.0)
    return np.concatenate([np.eye(size)[:, :first], curves], axis=1)


class Coefficients:
    """The coefficients of one part, fitted by steps of Newton's kind.

    `is_told` is False where all moments together show no more than noise. A coefficient
    whose moment is no clearer than its noise stays near zero: its prior
    has the spread that all moments of the part show beyond noise.
    """

    def __init__(
        self, part: Part, usual: Float[np.ndarray, " code"], count: float
    ) -> None:
        """Starts from the noisy moments of a part, with coefficients of zero.

        Args:
            part: What was measured together.
            usual: Shares of the codes to predict.
            count: Devices of the pool that stands for the fleet.
        """
        self._inputs = part.inputs
        self._outputs = part.outputs[part.outcome]
        self._is_plain = np.array_equal(self._outputs, np.eye(len(self._outputs)))
        self._centre = usual @ self._outputs
        centred = part.outputs - self._centre
        self._goal = count * (part.inputs.T @ part.mass @ centred)
        spread = np.linalg.norm(part.inputs, axis=0)[:, None]
        noise = count * part.stddev * spread * np.linalg.norm(centred, axis=0)
        self._noise = np.maximum(noise, 1e-9)
        self._shares = part.shares
        self._weights = np.zeros_like(self._goal)
        self._before = self.logits
        self.is_told = True  # until the first step compares moments with their noise
        self._ridge = np.zeros_like(self._goal)

    @property
    def logits(self) -> Float[np.ndarray, "cell code"]:
        """Computes what each code of the parent adds.

        Returns:
            Logits, in nats.
        """
        return self._inputs @ self._weights @ self._outputs.T

    def step(
        self,
        one_hot: scipy.sparse.csr_array,
        chances: Float[np.ndarray, "row code"],
        *,
        is_first: bool,
    ) -> Float[np.ndarray, "cell code"]:
        """Moves the coefficients; returns the change of the logits.

        Args:
            one_hot: `[cell, row]`, the weight of each row in its cell.
            chances: Probabilities of codes.
            is_first: Whether the spread of the prior is still to be found.

        Returns:
            The change of the logits of each cell, in nats.
        """
        before = self._before
        mean = square = chances
        if not self._is_plain:
            outputs = self._outputs.astype(np.float32)
            mean, square = chances @ outputs, chances @ outputs**2
        total = np.asarray(one_hot.sum(axis=1)).reshape(-1, 1)
        held = one_hot @ mean
        squares = held if self._is_plain else one_hot @ square
        moments = self._inputs.T @ (held - total * self._centre)
        variance = squares - one_hot @ mean**2
        curvature = (self._inputs**2).T @ variance + 1e-3
        # Of a softmax, squares bound the curvature, and so does twice its diagonal.
        bound = (self._inputs**2).T @ np.minimum(squares, 2 * variance)
        if is_first and self._shares is not None:
            self._follow(total)
        apart = self._goal - moments
        if is_first:
            excess = float((apart**2 - self._noise**2).sum())
            self.is_told = excess > 0
            prior = max(excess, 0.0) / (curvature**2).sum()
            clear = 1 + (apart / (_CLEAR * self._noise)) ** 4
            self._ridge = self._noise**2 / (curvature * max(prior, 1e-6) * clear)
        change = apart - self._ridge * self._weights
        change = change / (bound + 1e-3 + self._ridge)
        change = np.clip(change, -_LARGEST_STEP, _LARGEST_STEP)
        self._weights = np.clip(self._weights + change, -_LARGEST, _LARGEST)
        self._before = self.logits
        return self._before - before

    def _follow(self, total: Float[np.ndarray, "cell 1"]) -> None:
        """Sets the goals of codes whose outcomes follow, by the rows of the pool.

        Shares are of the outcomes that a code has, whatever its rows: noisy rows fewer
        than the pool's would leave room for other outcomes.
        """
        assert self._shares is not None
        centred = self._outputs - self._centre
        rows = np.flatnonzero(~np.isnan(self._shares[:, 0]))
        shares, held = self._shares[rows], total[rows]
        off = np.sqrt(np.maximum(shares * (1 - shares), 0.0) @ centred**2)
        self._goal[rows] = held * (shares @ centred)
        self._noise[rows] = np.maximum(held * off, 1e-9)
