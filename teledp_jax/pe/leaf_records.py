"""Leaf votes on devices of one table, each one row of the anchor."""

from collections.abc import Mapping
from typing import NamedTuple

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.pe import leaf_votes, strata

_SMALLEST_POOL, _LARGEST_POOL = 100_000, 400_000  # records
_ROUNDS = 20
_PAIRS, _LEAST_START = 70, 0.1  # pairs with which the start gets half; its least share
_PAIR_SIGMAS, _FEWEST_CELLS = 2.0, 4  # of a pair: noise that a cell expects, cells


def facts(
    schema: schemas.Schema, label: int | None, amounts: leaf_votes.Amounts
) -> dict[str, int | str]:
    """Returns what to show with results.

    Args:
        schema: Of one table.
        label: What `strata.label_index` found.
        amounts: Sizes and noise.

    Returns:
        Public facts, by name.
    """
    return {
        "pool": amounts.pool,
        "label": strata.label_name(schema, label),
        "num_iterations": amounts.num_rounds,
        "pair_cells": amounts.pair_cells,
    }


class Sizes(NamedTuple):
    """What follows from public numbers before any noise is known.

    Attributes:
        num_columns: Columns besides the label.
        num_rounds: Votes of each device.
        pool: Records of the pool.
        num_devices: Noisy number of devices.

    Returns:
        Sizes and noise of the votes.
    """

    num_columns: int
    num_rounds: int
    pool: int
    num_devices: int

    @property
    def num_pairs(self) -> int:
        """Counts the pairs of columns."""
        return self.num_columns * (self.num_columns - 1) // 2

    @property
    def start_share(self) -> float:
        """Share of the privacy loss for columns and pairs.

        A tree makes some ten cuts, so the more columns there are, the less a vote sees
        of each pair, and the more the start has to tell.
        """
        return max(self.num_pairs / (self.num_pairs + _PAIRS), _LEAST_START)

    def amounts(self, sigmas: Mapping[str, float]) -> leaf_votes.Amounts:
        """States an evolution whose noise is known.

        Args:
            sigmas: Noise of each part; `pairs_sigma` is missing if no pairs are
                counted.

        Returns:
            The sizes. A pair has as many cells as expect `_PAIR_SIGMAS` standard
            deviations of noise in devices each; none, if these are fewer than four.
        """
        cells = 0
        if "pairs_sigma" in sigmas:
            cells = int(self.num_devices / (_PAIR_SIGMAS * sigmas["pairs_sigma"]))
        return leaf_votes.Amounts(
            self.pool, self.num_rounds,
            pair_cells=cells if cells >= _FEWEST_CELLS else 0, **sigmas,
        )  # fmt: skip


def sizes(
    schema: schemas.Schema,
    label: int | None,
    num_rounds: int,
    pool: int,
    num_devices: int,
) -> Sizes:
    """States the sizes of an evolution.

    Args:
        schema: Of one table.
        label: What `strata.label_index` found.
        num_rounds: Votes of each device; 0: 20.
        pool: Records of the pool; 0: twice the devices, within 100,000 to 400,000.
        num_devices: Noisy number of devices.
    """
    usual = min(max(2 * num_devices, _SMALLEST_POOL), _LARGEST_POOL)
    num_columns = max(len(schema.heads) - (label is not None), 1)
    return Sizes(num_columns, num_rounds or _ROUNDS, pool or usual, num_devices)


def fit(
    schema: schemas.Schema,
    label: int | None,
    amounts: leaf_votes.Amounts,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Lets a pool evolve by leaf votes.

    Args:
        schema: Of one table.
        label: What `strata.label_index` found.
        amounts: Sizes and noise.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        `codes` `[record, head]` and `weights`, which sum to one: DP outputs.
    """
    parts = strata.split(schema, label, devices)
    found = leaf_votes.evolve(streams, parts, context, amounts=amounts)
    codes = strata.join(schema, label, found["codes"], found["strata"])
    return {"codes": codes, "weights": found["weights"]}
