"""Shares of codes and masses of blocks, from the noisy sums of one clipped release.

What the clip took is undone cell by cell: a noisy sum is divided by the part of its
cell that survives the clip. Before there is a pool, that is told by the totals of the
tables, which are never clipped; later by a pool of synthetic devices, which are
measured with the clip and without it.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    clipped,
    independent,
    row_codes,
    statistics,
    vectors,
)
from teledp_jax.privacy import release

_SHARE = 0.5  # of the devices, about: these keep their whole vector
_SURVIVING = 0.1  # by how much tables' surviving parts are thought to differ
_CLEAR = 2.0  # standard deviations of noise from which a bucket has rows
_WORSE = 1.5  # times the least squared noise that buckets are taken together at
_APART = 0.5  # by what part the share of a code differs between buckets
_LEAN = 50.0  # weighed rows of a pool from which a cell tells its own surviving part


class Noisy(NamedTuple):
    """The noisy sums.

    Attributes:
        plan: What was measured.
        values: Weighed rows in each cell, blocks' weights taken out.
        stddevs: Of the noise of the cells of each block.
        norm: The bound of the clip.
        num_devices: Noisy number of devices.
    """

    plan: statistics.Plan
    values: Float[np.ndarray, " cell"]
    stddevs: Float[np.ndarray, " block"]
    norm: float
    num_devices: int


def measure(
    streams: keys.Keys,
    schema: schemas.Schema,
    plan: statistics.Plan,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    norm_sigma: float,
    sigma: float,
    num_devices: int,
) -> Noisy:
    """Finds the bound of the clip under noise, then releases the sums, each once.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        plan: What is measured.
        devices: The private devices of this process.
        context: Of the fit.
        norm_sigma: Noise of the counts of norms, of which a device changes one by one.
        sigma: Noise of the sums, in steps of `clipped`.
        num_devices: Noisy number of devices.

    Returns:
        The noisy sums, safe to release.
    """
    counts = release.count_once(
        "noisy_norms",
        lambda: vectors.norm_counts(schema, plan, devices),
        key=jax.random.fold_in(streams.noise, 0),
        sigma=norm_sigma,
        context=context,
    )
    norm = vectors.choose_norm(plan, counts, share=_SHARE, sigma=norm_sigma)
    sums = release.count_once(
        "noisy_sums",
        lambda: vectors.sums(schema, plan, devices, norm=norm),
        key=jax.random.fold_in(streams.noise, 1),
        sigma=sigma,
        context=context,
    )
    weights = np.array([block.weight for block in plan.blocks])
    step = norm / clipped.STEPS
    values = sums * step / np.concatenate([b.cell_weights for b in plan.blocks])
    return Noisy(plan, values, sigma * step / weights, norm, num_devices)


def noise_of_counts(noisy: Noisy) -> dict[str, float]:
    """States the noise on a count of devices, before the clip is undone.

    Args:
        noisy: The noisy sums.

    Returns:
        `column_noise` of a code of a column and, where pairs are measured,
        `pair_noise`: medians over blocks of the standard deviation, in devices.
    """
    found: dict[int, list[float]] = {1: [], 2: []}
    for block, stddev in zip(noisy.plan.blocks, noisy.stddevs, strict=True):
        kinds = [side.kind for side in block.sides if side.kind != "bucket"]
        if "column" in kinds:
            found[len(kinds)].append(float(stddev))
    names = {1: "column_noise", 2: "pair_noise"}
    return {names[n]: float(np.median(own)) for n, own in found.items() if own}


def surviving_by_tables(noisy: Noisy) -> Float[np.ndarray, " cell"]:
    """Estimates the part of each cell that survives the clip, by tables' totals.

    Args:
        noisy: The noisy sums.

    Returns:
        Parts in (0, 1].
    """
    totals = {b.table: i for i, b in enumerate(noisy.plan.blocks) if b.is_total}
    usual = _fraction(noisy, None, float(noisy.num_devices), 1.0, np.inf)
    found = {}
    for name, index in totals.items():
        block = noisy.plan.blocks[index]
        total = float(noisy.values[block.cells].sum())
        found[name] = _fraction(noisy, name, total, usual, _SURVIVING)
    parts = np.ones(noisy.plan.num_cells)
    for block in noisy.plan.blocks:
        own = {side.table for side in block.sides} & set(totals)
        if not block.is_total:
            # Tables of a block are thought to shorten a device each by its own factor.
            part = usual * float(np.prod([found[name] / usual for name in own]))
            parts[block.cells] = min(max(part, 0.05), 1.0)
    return parts


def _fraction(
    noisy: Noisy, table: str | None, total: float, usual: float, spread: float
) -> float:
    """Clipped over whole number of devices of a table, leaning on the usual one.

    Each block that a device with one row, or without several, adds one to tells it.
    """
    sums, variances = [], []
    for block, stddev in zip(noisy.plan.blocks, noisy.stddevs, strict=True):
        kinds = {side.kind for side in block.sides}
        own = (table in (None, block.table)) and not block.is_total
        is_count = len(block.sides) == 1 and (kinds == {"rows"} or block.spread == 1.0)
        if table is None:
            is_count = is_count and kinds == {"column"} and _is_anchor(noisy, block)
        if own and is_count:
            sums.append(float(noisy.values[block.cells].sum()))
            variances.append(float(stddev) ** 2 * block.num_cells)
    if not sums or total <= 0:
        return usual
    weights = 1 / np.maximum(np.array(variances), 1e-12)
    ratio = float(weights @ np.array(sums)) / weights.sum() / total
    precision = weights.sum() * total**2
    lean = 1 / spread**2
    return min(max((precision * ratio + lean * usual) / (precision + lean), 0.05), 1.0)


def _is_anchor(noisy: Noisy, block: statistics.Block) -> bool:
    """Whether a block is of the anchor: the one table without a total."""
    return block.table not in {b.table for b in noisy.plan.blocks if b.is_total}


def surviving_by_pool(
    schema: schemas.Schema, noisy: Noisy, pool: arrays.DeviceArrays
) -> Float[np.ndarray, " cell"]:
    """Computes the part of each cell that survives the clip in a pool of devices.

    Args:
        schema: The public schema.
        noisy: The noisy sums.
        pool: Synthetic devices.

    Returns:
        Parts in (0, 1]; a cell with few rows leans on its block.
    """
    short, whole = vectors.both_sums(schema, noisy.plan, pool, norm=noisy.norm)
    parts = np.ones(noisy.plan.num_cells)
    for block in noisy.plan.blocks:
        if block.is_total:
            continue
        own, full = (each[block.cells] / block.cell_weights for each in (short, whole))
        usual = own.sum() / full.sum() if full.sum() > 0 else 1.0
        parts[block.cells] = (own + _LEAN * usual) / (full + _LEAN)
    return np.clip(parts, 0.02, 1.0)


class Estimates:
    """Shares and masses, with the clip undone."""

    def __init__(
        self,
        schema: schemas.Schema,
        noisy: Noisy,
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
        """Share of the devices that have a table; one for the anchor."""
        if table not in self._totals:
            return 1.0
        return min(self._totals[table] / max(self._noisy.num_devices, 1), 1.0)

    def mass(self, block: statistics.Block) -> Float[np.ndarray, "..."]:
        """Computes weighed rows per device of the fleet.

        Args:
            block: A block of the plan.

        Returns:
            Noisy numbers in the shape of the block.
        """
        values = self._values[block.cells].reshape(block.shape)
        return values / max(self._noisy.num_devices, 1)

    def stddev(self, block: statistics.Block) -> float:
        """Standard deviation of the noise of a cell of `mass`, on average."""
        place = self._places[tuple(side.name for side in block.sides)]
        usual = float(np.mean(1 / self._parts[block.cells] ** 2) ** 0.5)
        return float(self._noisy.stddevs[place]) * usual / self._count

    @property
    def _count(self) -> float:
        """Noisy number of devices, one at least."""
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
