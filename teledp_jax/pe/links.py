"""Draws records along a tree of the strongest pairs of columns, from noisy counts.

The first draw of a pool has columns independent given the stratum. Where two columns go
together, its weights would lie on few records. So it is drawn again: the pairs that
tell most beyond noise, a tree of them, tie each column to one drawn before it.

References:
    Chow and Liu 1968, for the tree.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.pe import energies, questions

_WIDEST = 3.0  # standard deviation of the ratios of a pair, less 1
_LEAST_RATIO, _MOST_RATIO = 0.01, 100.0  # of a cell, so that none dies or takes over


class Told(NamedTuple):
    """A pair of columns and what noisy counts say of it.

    Attributes:
        pair: The columns, and their codes in groups.
        noisy: `[cell]`: devices under noise.
        model: `[cell]`: devices as independent columns have them.
        sigma: Standard deviation of the noise.
    """

    pair: questions.Pair
    noisy: Float[np.ndarray, " cell"]
    model: Float[np.ndarray, " cell"]
    sigma: float

    @property
    def ratio(self) -> Float[np.ndarray, "group other"]:
        """By how much cells exceed the model, drawn towards 1 by as much as noise may.

        With variance v of the ratio over all cells, beyond noise, a cell of model
        count m is trusted to v m^2 / (v m^2 + sigma^2).

        Returns:
            Ratios.
        """
        spread = energies.spread(
            self.noisy, self.model, sigma=self.sigma, widest=_WIDEST
        )
        signal = (spread * self.model) ** 2
        trust = signal / (signal + self.sigma**2)
        apart = (self.noisy - self.model) / np.maximum(self.model, 1.0)
        ratio = np.clip(1 + trust * apart, _LEAST_RATIO, _MOST_RATIO)
        return ratio.reshape(int(self.pair.groups[0].max()) + 1, -1)

    @property
    def gain(self) -> float:
        """Information of the pair beyond the model, in nats per device."""
        ratio = self.ratio.ravel()
        share = ratio * self.model / max(float(ratio @ self.model), 1e-9)
        usual = self.model / max(float(self.model.sum()), 1e-9)
        held = share > 0
        return float((share[held] * np.log(share[held] / usual[held])).sum())


def spanning(told: Sequence[Told], num_columns: int) -> list[tuple[int, int, int]]:
    """Finds the tree of pairs of most information, from column 0 on.

    Args:
        told: All pairs.
        num_columns: Number of columns.

    Returns:
        The pair, the column drawn before and the column to draw, in order of drawing.
    """
    gains = [own.gain for own in told]
    reached, found = {0}, []
    while len(reached) < num_columns:
        ends = [
            (gains[place], place)
            for place, own in enumerate(told)
            if len(reached.intersection(own.pair.columns)) == 1
        ]
        _, place = max(ends)
        one, two = told[place].pair.columns
        parent, child = (one, two) if one in reached else (two, one)
        found.append((place, parent, child))
        reached.add(child)
    return found


def draw(
    generator: np.random.Generator,
    shares: Sequence[Float[np.ndarray, "stratum _"]],
    told: Sequence[Told],
    strata: Integer[np.ndarray, " record"],
) -> Integer[np.ndarray, "record column"]:
    """Draws records: the first column by its stratum, each other by its parent as well.

    Args:
        generator: Public randomness.
        shares: For each column the shares of its codes in each stratum.
        told: All pairs; none: columns are independent given the stratum.
        strata: Stratum of each record.

    Returns:
        Codes.
    """
    num_strata = len(shares[0])
    drawn = [_drawn(generator, own, strata) for own in shares]
    codes = np.stack(drawn, axis=1)
    if not told:
        return codes
    for place, parent, child in spanning(told, len(shares)):
        pair, ratio = told[place].pair, told[place].ratio
        before, after = pair.groups
        if pair.columns[0] == child:
            before, after, ratio = after, before, ratio.T
        # A row for each stratum and group of the parent: shares times the ratio.
        table = shares[child][:, None, :] * ratio[:, after][None, :, :]
        rows = strata * len(ratio) + before[codes[:, parent]]
        flat = table.reshape(num_strata * len(ratio), -1)
        codes[:, child] = _drawn(generator, flat, rows)
    return codes


def _drawn(
    generator: np.random.Generator,
    table: Float[np.ndarray, "row code"],
    rows: Integer[np.ndarray, " record"],
) -> Integer[np.ndarray, " record"]:
    """Draws a code for each record from its row of a table of weights."""
    running = np.cumsum(table, axis=1)
    running /= running[:, -1:]
    # Row r lies in [r, r + 1), so one sorted search serves all rows.
    flat = (running + np.arange(len(table))[:, None]).ravel()
    places = np.searchsorted(flat, rows + generator.random(len(rows)), side="right")
    return np.clip(places - rows * table.shape[1], 0, table.shape[1] - 1)
