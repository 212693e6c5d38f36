"""What noisy pairs say of a variable, as moments, and coefficients that meet them.

A pair is seen through functions of both its variables. Their products, summed over
devices, are moments of the noisy counts; the coefficients of a log-linear model are
those at which its own moments come out alike, by as much as each is clear of noise.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float

from teledp_jax import base, schemas
from teledp_jax.marginals import pairs

_LARGEST_STEP = 3.0  # of one correction of a coefficient
_LARGEST = 12.0  # coefficient
_CLEAR = 3.0  # standard deviations of noise from which a moment is believed
_SMALL = 6  # domains up to this size gain nothing from polynomials
_DEGREES = 3


class Measured(NamedTuple):
    """A noisy pair.

    Attributes:
        pair: The pair.
        shares: Noisy counts over the number of devices; may be negative.
        stddev: Standard deviation of the noise of each share.
    """

    pair: pairs.Pair
    shares: Float[np.ndarray, "first second"]
    stddev: float


class Part(NamedTuple):
    """A noisy pair as seen by the later of its variables.

    Attributes:
        parent: The variable before.
        shares: Noisy shares of devices, `[parent cell, code]`.
        stddev: Of the noise of each share.
        inputs: `[parent cell, function]`: through what the parent is seen.
        outputs: `[code, function]`: what coefficients add to logits.
    """

    parent: pairs.Variable
    shares: Float[np.ndarray, "cell code"]
    stddev: float
    inputs: Float[np.ndarray, "cell function"]
    outputs: Float[np.ndarray, "code function"]


def parts_of(
    schema: schemas.Schema,
    one_way: base.Tree,
    child: pairs.Variable,
    measured: Sequence[Measured],
    known: set[str],
) -> list[Part]:
    """Pairs of a variable with those before it."""
    num_codes = one_way[child.name].shape[1]
    found = []
    for pair, shares, stddev in measured:
        for parent, own, table in (
            (pair.first, pair.second, shares),
            (pair.second, pair.first, shares.T),
        ):
            if own.name != child.name or parent.name not in known:
                continue
            inputs = functions(schema, one_way, parent)
            outputs = functions(schema, one_way, own)
            if own.num_cells < num_codes:  # whether there are rows, but not how many
                table = np.pad(table, ((0, 0), (0, num_codes - own.num_cells)))
                outputs = outputs[np.minimum(np.arange(num_codes), own.num_cells - 1)]
            part = Part(
                parent, table[:, :num_codes], stddev, inputs, outputs[:num_codes]
            )
            found.append(part)
    return found


def with_presence(
    schema: schemas.Schema, one_way: base.Tree, measured: Sequence[Measured]
) -> list[Measured]:
    """Adds what pairs tell of who has rows at all: a column's last cell is for no row.

    All pairs that say so of the same two variables are averaged.
    """
    found: dict[tuple[str, str], list[Measured]] = {}
    for one in measured:
        for other, own, table in (
            (one.pair.first, one.pair.second, one.shares),
            (one.pair.second, one.pair.first, one.shares.T),
        ):
            if own.column < 0 or own.table in (schema.anchor.name, other.table):
                continue
            rows = pairs.variable(schema, f"{own.table}/{pairs.ROWS}")
            absent = table[:, -1]
            there = _alone(schema, one_way, other) - absent
            pair = pairs.Pair(other, rows._replace(num_cells=2))
            implied = Measured(pair, np.stack([absent, there], axis=1), one.stddev)
            found.setdefault((other.name, rows.name), []).append(implied)
    direct = {frozenset((m.pair.first.name, m.pair.second.name)) for m in measured}
    result = list(measured)
    for names, several in found.items():
        if frozenset(names) in direct:
            continue
        shares = np.mean([one.shares for one in several], axis=0)
        stddev = several[0].stddev / len(several) ** 0.5
        result.append(several[0]._replace(shares=shares, stddev=stddev))
    return result


def _alone(
    schema: schemas.Schema, one_way: base.Tree, which: pairs.Variable
) -> Float[np.ndarray, " cell"]:
    """Shares of devices in the cells of one variable."""
    return pairs.by_bucket(schema, one_way, which).sum(axis=0)


def functions(
    schema: schemas.Schema,
    one_way: base.Tree,
    which: pairs.Variable,
) -> Float[np.ndarray, "cell function"]:
    """Computes the functions that a variable is seen and predicted through.

    Every cell of a category or of a small domain; else flags of absent, zero and no
    row, and polynomials of the bin's number that have variance one and no correlation:
    noise that drowns each cell of a row leaves their sums clear.

    Args:
        schema: The public schema.
        one_way: Shares of codes by table and column.
        which: The variable.

    Returns:
        The value of each function at each cell.
    """
    table, num_cells = schema.table(which.table), which.num_cells
    if num_cells == 2 and which.column < 0:
        return np.array([[0.0], [1.0]])
    first, stop = 1, num_cells
    if which.column >= 0:
        column = table.columns[which.column]
        first = column.first_bin if column.is_number else column.num_codes
        stop = column.num_codes
    if stop - first <= _SMALL:
        return np.eye(num_cells)
    shares = one_way[which.name].mean(axis=0)[first:stop] + 1e-4
    shares = shares / shares.sum()
    x = np.linspace(-1.0, 1.0, stop - first)
    # Gram-Schmidt with <f, g> = sum over bins of share * f * g.
    known = [np.ones_like(x)]
    for degree in range(1, _DEGREES + 1):
        curve = x**degree
        for other in known:
            curve = curve - (shares @ (curve * other)) * other
        known.append(curve / np.sqrt(shares @ curve**2))
    curves = np.zeros((num_cells, _DEGREES))
    curves[first:stop] = np.clip(np.stack(known[1:], axis=1), -3.0, 3.0)
    flags = [cell for cell in range(num_cells) if not first <= cell < stop]
    return np.concatenate([np.eye(num_cells)[:, flags], curves], axis=1)


class Coefficients:
    """The coefficients of one pair, fitted by steps of Newton's kind.

    A coefficient whose moment is no clearer than its noise stays near zero: its prior
    has the spread that all moments of the pair show beyond noise.
    """

    def __init__(
        self,
        inputs: Float[np.ndarray, "cell input"],
        outputs: Float[np.ndarray, "code output"],
        centre: Float[np.ndarray, " output"],
        goal: Float[np.ndarray, "input output"],
        noise: Float[np.ndarray, "input output"],
    ) -> None:
        self._inputs, self._outputs, self._centre = inputs, outputs, centre
        self._goal, self._noise = goal, noise
        self._weights = np.zeros_like(goal)
        self._ridge = np.zeros_like(goal)

    @classmethod
    def make(
        cls, part: Part, usual: Float[np.ndarray, " code"], count: float
    ) -> "Coefficients":
        """Starts from the noisy moments of a part.

        Args:
            part: What was measured together.
            usual: Shares of the codes to predict.
            count: Devices of the pool.

        Returns:
            Coefficients of zero, and moments in devices of the pool.
        """
        centre = usual @ part.outputs
        centred = part.outputs - centre
        goal = count * (part.inputs.T @ part.shares @ centred)
        spread = np.linalg.norm(part.inputs, axis=0)[:, None]
        noise = count * part.stddev * spread * np.linalg.norm(centred, axis=0)
        return cls(part.inputs, part.outputs, centre, goal, np.maximum(noise, 1e-9))

    @property
    def logits(self) -> Float[np.ndarray, "cell code"]:
        """Computes what each cell of the parent adds.

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
            one_hot: `[cell, row]`, where each row lies.
            chances: Probabilities of codes.
            is_first: Whether the spread of the prior is still to be found.

        Returns:
            The change of the logits of each cell, in nats.
        """
        before = self.logits
        mean = chances @ self._outputs
        moments = self._inputs.T @ (one_hot @ (mean - self._centre))
        square = chances @ self._outputs**2
        variance = square - mean**2
        curvature = (self._inputs**2).T @ (one_hot @ variance) + 1e-3
        # Of a softmax, squares bound the curvature, and so does twice its diagonal.
        bound = (self._inputs**2).T @ (one_hot @ np.minimum(square, 2 * variance))
        apart = self._goal - moments
        if is_first:
            excess = (apart**2 - self._noise**2).sum()
            prior = max(excess, 0.0) / (curvature**2).sum()
            clear = 1 + (apart / (_CLEAR * self._noise)) ** 4
            self._ridge = self._noise**2 / (curvature * max(prior, 1e-6) * clear)
        change = apart - self._ridge * self._weights
        change = change / (bound + 1e-3 + self._ridge)
        change = np.clip(change, -_LARGEST_STEP, _LARGEST_STEP)
        self._weights = np.clip(self._weights + change, -_LARGEST, _LARGEST)
        return self.logits - before
