"""Shares of codes and masses of blocks, from the noisy sums of one clipped release.

What the clip took is undone cell by cell: a noisy sum is divided by the part of its
cell that survives the clip (`survival`).
"""

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import schemas
from teledp_jax.marginals import independent, noisy_sums, row_codes, statistics

_CLEAR = 2.0  # standard deviations of noise from which a bucket has rows
_WORSE = 1.5  # times the least squared noise that buckets are taken together at
_APART = 0.5  # by what part the share of a code differs between buckets


class Estimates:
    """Shares and masses, with the clip undone."""

    def __init__(
        self,
        schema: schemas.Schema,
        noisy: noisy_sums.Noisy,
        surviving: Float[np.ndarray, " cell"],
    ) -> None:
        """Undoes the clip.

        Args:
            schema: The public schema.
            noisy: The noisy sums.
            surviving: The part of each cell that survives the clip.
        """
        self._schema, self._noisy = schema, noisy
        self._values = noisy.values / surviving
        self._parts = surviving
        self._places = {
            tuple(side.name for side in block.sides): place
            for place, block in enumerate(noisy.plan.blocks)
            if not block.is_total
        }
        self._totals = {
            block.table: max(float(self._values[block.cells].sum()), 0.0)
            for block in noisy.plan.blocks
            if block.is_total
        }

    def share_with(self, table: str) -> float:
        """Returns the share of devices that have a table; one for the anchor."""
        if table not in self._totals:
            return 1.0
        return min(self._totals[table] / max(self._noisy.num_devices, 1), 1.0)

    def mass(self, block: statistics.Block) -> Float[np.ndarray, "..."]:
        """Computes weighed rows per device of the fleet.

        Args:
            block: A block of the plan.

        Returns:
            noisy_sums.Noisy numbers in the shape of the block.
        """
        values = self._values[block.cells].reshape(block.shape)
        return values / max(self._noisy.num_devices, 1)

    def stddev(self, block: statistics.Block) -> float:
        """Returns the mean standard deviation of the noise of a cell of `mass`."""
        place = self._places[tuple(side.name for side in block.sides)]
        usual = float(np.mean(1 / self._parts[block.cells] ** 2) ** 0.5)
        return float(self._noisy.stddevs[place]) * usual / self._count

    @property
    def _count(self) -> float:
        """noisy_sums.Noisy number of devices, one at least."""
        return float(max(self._noisy.num_devices, 1))

    def rows(self, table: schemas.Table) -> Float[np.ndarray, " code"]:
        """Computes shares of devices by number of rows.

        Args:
            table: A table other than the anchor.

        Returns:
            The share without rows first, then those of the codes of
            `statistics.rows`; they sum to one.
        """
        there = self.share_with(table.name)
        if table.max_rows == 1:
            return np.array([1 - there, there])
        block = self._block(statistics.rows(table))
        shares = independent.smooth(
            self._counts(block), sigma=self._sigma(block), first_ordinal=0
        )
        return np.concatenate([[1 - there], there * shares])

    def column(self, side: statistics.Variable) -> Float[np.ndarray, "bucket code"]:
        """Computes shares of the codes of a column, by bucket of the number of rows.

        A bucket leans on the shares over all buckets where noise hides its own.

        Args:
            side: The column.

        Returns:
            Shares, which sum to one in each bucket.
        """
        table = self._schema.table(side.table)
        own = table.columns[side.column]
        first = own.first_bin if own.is_number else own.num_codes
        if table.max_rows == 1:
            block = self._block(side)
            counts, sigma = self._counts(block), self._sigma(block)
            found = independent.smooth(counts, sigma=sigma, first_ordinal=first)
            return found[None]
        block = self._block(statistics.bucket(table), side)
        cells, sigma = self._counts(block).reshape(block.shape), self._sigma(block)
        # A row weighs less, the more rows there are: whole rows by bucket.
        starts = row_codes.bucket_starts(table.max_rows)
        middle = np.sqrt(starts * np.append(starts[1:], table.max_rows + 1))
        factor = 1 / block.row_weight(middle.astype(np.int64))
        masses = cells.sum(axis=1)
        masses = np.where(masses > _CLEAR * sigma * own.num_codes**0.5, masses, 0.0)
        kept = _worth(masses, factor)
        pooled = independent.smooth(
            factor[kept] @ cells[kept],
            sigma=sigma * float(np.linalg.norm(factor[kept])),
            first_ordinal=first,
        )
        return _by_bucket(cells, masses, pooled, sigma)

    def devices(self, which: statistics.Variable) -> Float[np.ndarray, " code"]:
        """Estimates the devices in each code of a variable, per device of the fleet.

        Args:
            which: The variable.

        Returns:
            Shares of devices; of a column of several rows, of its table's rows.
        """
        if which.kind == "presence":
            return np.array([self.share_with(which.table)])
        if which.kind == "rows":
            return self.rows(self._schema.table(which.table))[1:]
        shares = self.column(which).mean(axis=0)
        return shares * self.share_with(which.table)

    def _block(self, *sides: statistics.Variable) -> statistics.Block:
        """The block of some variables."""
        place = self._places[tuple(side.name for side in sides)]
        return self._noisy.plan.blocks[place]

    def _counts(self, block: statistics.Block) -> Float[np.ndarray, " cell"]:
        """Weighed rows in the cells of a block."""
        return self._values[block.cells]

    def _sigma(self, block: statistics.Block) -> float:
        """Noise of the cells of a block, in weighed rows."""
        return self.stddev(block) * self._count


def _worth(
    masses: Float[np.ndarray, " bucket"], factor: Float[np.ndarray, " bucket"]
) -> Integer[np.ndarray, " kept"]:
    """The buckets to take together: as many as add more rows than noise.

    Rows of a device with many count little, so that whole rows of its bucket are
    noisy: a bucket with few rows would drown all others.
    """
    order = np.argsort(factor / np.maximum(masses, 1e-12), kind="stable")
    noise = np.cumsum(factor[order] ** 2)
    held = np.maximum(np.cumsum((masses * factor)[order]), 1e-12)
    relative = noise / held**2
    if not masses.any():
        return np.arange(len(masses))
    return order[: np.flatnonzero(relative <= _WORSE * relative.min())[-1] + 1]


def _by_bucket(
    cells: Float[np.ndarray, "bucket code"],
    masses: Float[np.ndarray, " bucket"],
    pooled: Float[np.ndarray, " code"],
    sigma: float,
) -> Float[np.ndarray, "bucket code"]:
    """Shares of each bucket: what noise hides is as in all buckets together."""
    expected = masses[:, None] * pooled
    spread = (_APART * expected) ** 2
    own = cells / np.maximum(masses, 1e-12)[:, None]
    trust = np.divide(spread, spread + sigma**2, out=np.zeros_like(spread),
                      where=spread > 0)  # fmt: skip
    shares = np.maximum(pooled + trust * (own - pooled), 0.0)
    return shares / shares.sum(axis=1, keepdims=True)
