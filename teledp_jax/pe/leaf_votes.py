"""Private evolution that votes on leaves of random trees over weighted candidates.

Each round a tree per stratum is grown over the pool; each device votes for the one leaf
that it lies in; the weights of the pool are fitted to the votes of all rounds together.
The pool evolves towards what the votes kept: where few records carry the weight, it is
drawn anew by weight and varied a little, and old votes are fitted again on the new
records, at no cost. So structure of any order shows that a tree's leaf can hold. After
some rounds, the last cut of each branch lies where the weights of a stratum differ most
from those of the others, so that votes go to what tells a label's values apart.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import base, keys
from teledp_jax.pe import energies, start, trees
from teledp_jax.privacy import release

_LEAF_SIGMAS = 1.0  # a node of less than two such leaves is not cut
_LEAST_EFFECTIVE = 0.5  # share of the pool below which it is drawn anew
_MOVED, _STEP = 0.3, 0.05  # share of numbers that move, and by which share of range
_REDRAWN = 0.025  # share of categories that are redrawn
_SWEEPS, _LAST_SWEEPS = 3, 10
_PRIOR_STDDEV = 1.0  # of the number of a leaf; a wider one follows the noise of a vote
_TELLING_FROM = 3  # rounds, from which the last cuts tell strata apart
_TOLD = 2.0  # standard deviations of noise from which a stratum exists


class Amounts(NamedTuple):
    """What one evolution does, from public numbers.

    Attributes:
        pool: Records of the pool, over all strata.
        num_rounds: Votes of each device.
        strata_sigma: Noise of the number of devices of a stratum.
        start_sigma: Noise of a cell of the first histograms.
        vote_sigma: Noise of the count of a leaf.
    """

    pool: int
    num_rounds: int
    strata_sigma: float
    start_sigma: float
    vote_sigma: float


class _Stratum(NamedTuple):
    """The pool of one stratum and all votes on it."""

    pool: Integer[np.ndarray, "record column"]
    total: float
    trees: list[trees.Tree]
    counts: list[energies.Count]
    numbers: list[Float[np.ndarray, " _"]]

    @property
    def weights(self) -> Float[np.ndarray, " record"]:
        """Weights of the pool, which sum to the number of devices."""
        if not self.counts:
            return np.full(len(self.pool), self.total / len(self.pool))
        logs = energies.log_weights_of(self.counts, self.numbers)
        return energies.weights_of(logs, self.total)


def evolve(
    streams: keys.Keys,
    columns: trees.Columns,
    codes: Integer[np.ndarray, "device column"],
    strata: Integer[np.ndarray, " device"],
    num_strata: int,
    context: base.Context,
    *,
    amounts: Amounts,
) -> base.Tree:
    """Runs the evolution; a killed one goes on from its saved noisy counts.

    A device adds one to one stratum's count, to one cell of each column's histogram,
    and to one leaf in each round.

    Args:
        streams: Random streams of the fit.
        columns: Columns of a record, the one that states the stratum left out.
        codes: Private records of the devices of `context.part`.
        strata: Stratum of each, 0 for all if there is one only.
        num_strata: Number of strata, public.
        context: Store, progress, noise and what other processes hold.
        amounts: Sizes and noise.

    Returns:
        `codes` and `strata` of the pool and `weights`, which sum to one: DP outputs.
    """
    totals = release.count_once(
        "strata",
        lambda: np.bincount(strata, minlength=num_strata),
        key=jax.random.fold_in(streams.noise, 0),
        sigma=amounts.strata_sigma,
        context=context,
    )
    noisy = release.count_once(
        "histograms",
        lambda: start.histograms(columns, codes, strata, num_strata),
        key=jax.random.fold_in(streams.noise, 1),
        sigma=amounts.start_sigma,
        context=context,
    )
    generator = keys.generator(jax.random.fold_in(streams.init, 0))
    distributions = start.shares(columns, noisy, num_strata, sigma=amounts.start_sigma)
    pools = _first_pools(generator, columns, distributions, totals, amounts)
    own = {stratum: codes[strata == stratum] for stratum in pools}
    for step in range(amounts.num_rounds):
        grown = {}
        for stratum, pool in pools.items():
            pool = _evolved(generator, columns, pool, amounts)
            others = None
            if step >= _TELLING_FROM and len(pools) > 1:
                others = _others(pools, stratum)
            grown[stratum] = _with_tree(
                generator, columns, pool, amounts, others=others
            )
        noisy_counts = _votes(streams, own, grown, context, amounts, step=step)
        pools = {
            stratum: _fitted(pool, noisy_counts[stratum], amounts)
            for stratum, pool in grown.items()
        }
        context.progress(step + 1, amounts.num_rounds, {})
    pools = {s: _refitted(pool, amounts, _LAST_SWEEPS) for s, pool in pools.items()}
    weights = np.concatenate([pool.weights for pool in pools.values()])
    return {
        "codes": np.concatenate([pool.pool for pool in pools.values()]),
        "strata": np.concatenate(
            [np.full(len(pool.pool), stratum) for stratum, pool in pools.items()]
        ),
        "weights": weights / weights.sum(),
    }


def _first_pools(
    generator: np.random.Generator,
    columns: trees.Columns,
    distributions: list[Float[np.ndarray, "stratum bin"]],
    totals: Integer[np.ndarray, " stratum"],
    amounts: Amounts,
) -> dict[int, _Stratum]:
    """Draws the pool of each stratum whose count shows more than noise."""
    counts = np.maximum(totals, 0).astype(np.float64)
    counts[counts < _TOLD * amounts.strata_sigma] = 0
    if not counts.any():
        counts = np.ones(len(totals))
    sizes = np.ceil(amounts.pool * counts / counts.sum()).astype(np.int64).tolist()
    return {
        stratum: _Stratum(
            start.draw(generator, columns, distributions, stratum, sizes[stratum]),
            float(counts[stratum]), [], [], [],
        )
        for stratum in np.flatnonzero(counts).tolist()
    }  # fmt: skip


def _evolved(
    generator: np.random.Generator,
    columns: trees.Columns,
    stratum: _Stratum,
    amounts: Amounts,
) -> _Stratum:
    """Draws a worn pool anew by weight, varies it, and fits all votes again."""
    weights = stratum.weights
    if energies.effective_share(weights) >= _LEAST_EFFECTIVE:
        return stratum
    size = len(weights)
    drawn = generator.choice(size, size, p=weights / weights.sum())
    pool = stratum.pool[drawn]
    for column, (codes, ordered) in enumerate(zip(*columns, strict=True)):
        if ordered:
            moved = generator.random(size) < _MOVED
            steps = np.rint(generator.normal(0, _STEP * codes, moved.sum()))
            pool[moved, column] = np.clip(
                pool[moved, column] + steps.astype(np.int64), 0, codes - 1
            )
        else:
            moved = generator.random(size) < _REDRAWN
            donors = generator.integers(size, size=moved.sum())
            pool[moved, column] = stratum.pool[donors, column]
    renewed = stratum._replace(
        pool=pool,
        counts=[
            count._replace(leaves=trees.leaves_of(tree, pool))
            for tree, count in zip(stratum.trees, stratum.counts, strict=True)
        ],
        numbers=[np.zeros_like(number) for number in stratum.numbers],
    )
    return _refitted(renewed, amounts, _SWEEPS)


def _with_tree(
    generator: np.random.Generator,
    columns: trees.Columns,
    stratum: _Stratum,
    amounts: Amounts,
    *,
    others: trees.Others | None,
) -> _Stratum:
    """Adds a tree over the weighted pool, oblivious or not by the toss of a coin."""
    tree = trees.grow(
        generator,
        columns,
        stratum.pool,
        stratum.weights,
        leaf_weight=_LEAF_SIGMAS * amounts.vote_sigma,
        same_column=bool(generator.integers(2)),
        others=others,
    )
    return stratum._replace(trees=[*stratum.trees, tree])


def _others(pools: dict[int, _Stratum], stratum: int) -> trees.Others:
    """The weighted pools of all other strata."""
    rest = [pool for other, pool in pools.items() if other != stratum]
    return trees.Others(
        np.concatenate([pool.pool for pool in rest]),
        np.concatenate([pool.weights for pool in rest]),
    )


def _votes(
    streams: keys.Keys,
    own: dict[int, Integer[np.ndarray, "device column"]],
    pools: dict[int, _Stratum],
    context: base.Context,
    amounts: Amounts,
    *,
    step: int,
) -> dict[int, Integer[np.ndarray, " _"]]:
    """Counts the votes for the newest tree of each stratum, once, under noise."""
    sizes = [pool.trees[-1].num_leaves for pool in pools.values()]

    def exact() -> list[Integer[np.ndarray, " _"]]:
        return [
            np.bincount(
                trees.leaves_of(pool.trees[-1], own[stratum]),
                minlength=pool.trees[-1].num_leaves,
            )
            for stratum, pool in pools.items()
        ]

    found = release.count_vectors_once(
        f"leaf_votes_{step}",
        exact,
        sizes=sizes,
        key=jax.random.fold_in(streams.noise, 2 + step),
        sigma=amounts.vote_sigma,
        context=context,
    )
    return dict(zip(pools, found, strict=True))


def _fitted(
    stratum: _Stratum, noisy: Integer[np.ndarray, " _"], amounts: Amounts
) -> _Stratum:
    """Adds the votes for the newest tree and fits all votes."""
    leaves = trees.leaves_of(stratum.trees[-1], stratum.pool)
    count = energies.Count(noisy.astype(np.float64), leaves, _PRIOR_STDDEV)
    told = stratum._replace(
        counts=[*stratum.counts, count],
        numbers=[*stratum.numbers, np.zeros(len(noisy))],
    )
    return _refitted(told, amounts, _SWEEPS)


def _refitted(stratum: _Stratum, amounts: Amounts, num_sweeps: int) -> _Stratum:
    """Fits the numbers of all leaves again."""
    numbers = energies.fit(
        stratum.counts,
        stratum.numbers,
        total=stratum.total,
        sigma=amounts.vote_sigma,
        num_sweeps=num_sweeps,
    )
    return stratum._replace(numbers=numbers)
