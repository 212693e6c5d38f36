"""Private evolution that votes on leaves of random trees over weighted candidates.

The pool begins with columns that are independent given the stratum, drawn from noisy
histograms, and is weighed to noisy counts of all pairs of columns, in groups of codes.
Each round a tree per stratum is grown over the pool; each device votes for the one leaf
that it lies in; the weights of the pool are fitted to pairs and the votes of all rounds
together.
The pool evolves towards what the votes kept: where few records carry the weight, it is
drawn anew by weight and varied a little, and old votes are fitted again on the new
records, at no cost. So structure of any order shows that a tree's leaf can hold. After
some rounds, the last cut of each branch lies where the weights of a stratum differ most
from those of the others, so that votes go to what tells a label's values apart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import base, keys
from teledp_jax.pe import energies, links, questions, start, strata, trees
from teledp_jax.privacy import release

_LEAF_SIGMAS = 1.0  # a node of less than two such leaves is not cut
_LEAST_EFFECTIVE = 0.5  # share of the pool below which it is drawn anew
_MOVED, _STEP = 0.3, 0.17  # share of numbers that move, and standard deviations
_REDRAWN = 0.025  # share of categories that are redrawn
_SWEEPS, _LAST_SWEEPS = 3, 10
_WIDEST_LEAF = 1.0  # prior of the number of a leaf; a wider one follows the noise
_WIDEST_PAIR = 3.0  # prior of the number of a cell of a pair
_TELLING_FROM = 3  # rounds, from which the last cuts tell strata apart


class Amounts(NamedTuple):
    """What one evolution does, from public numbers.

    Attributes:
        pool: Records of the pool, over all strata.
        num_rounds: Votes of each device.
        strata_sigma: Noise of the number of devices of a stratum.
        start_sigma: Noise of a cell of the first histograms.
        vote_sigma: Noise of the count of a leaf.
        pairs_sigma: Noise of a cell of a pair of columns.
        pair_cells: Most cells of a pair of columns; 0: no pairs are counted.
    """

    pool: int
    num_rounds: int
    strata_sigma: float
    start_sigma: float
    vote_sigma: float
    pairs_sigma: float = 0.0
    pair_cells: int = 0


class _Pool(NamedTuple):
    """The pool and all that was asked.

    Attributes:
        codes: `[record, column]`.
        strata: `[record]`.
        total: Devices in all, a noisy number.
        asked: All questions.
        counts: Their noisy answers, and where the pool lies in them.
        numbers: Fitted numbers of their cells.
    """

    codes: Integer[np.ndarray, "record column"]
    strata: Integer[np.ndarray, " record"]
    total: float
    asked: list[questions.Question]
    counts: list[energies.Count]
    numbers: list[Float[np.ndarray, " _"]]

    @property
    def weights(self) -> Float[np.ndarray, " record"]:
        """Weights of the pool, which sum to the number of devices."""
        if not self.counts:
            return np.full(len(self.codes), self.total / len(self.codes))
        logs = energies.log_weights_of(self.counts, self.numbers)
        return energies.weights_of(logs, self.total)

    def fitted(self, num_sweeps: int) -> "_Pool":
        """The pool with numbers fitted to all counts again."""
        if not self.counts:
            return self
        numbers = energies.fit(
            self.counts, self.numbers, total=self.total, num_sweeps=num_sweeps
        )
        return self._replace(numbers=numbers)


def evolve(
    streams: keys.Keys,
    parts: strata.Parts,
    context: base.Context,
    *,
    amounts: Amounts,
) -> base.Tree:
    """Runs the evolution; a killed one goes on from its saved noisy counts.

    A device adds one to one stratum's count, to one cell of each column's histogram
    and of each pair of columns, and to one leaf in each round.

    Args:
        streams: Random streams of the fit.
        parts: Private records of the devices of `context.part`.
        context: Store, progress, noise and what other processes hold.
        amounts: Sizes and noise.

    Returns:
        `codes` and `strata` of the pool and `weights`, which sum to one: DP outputs.
    """
    generator = keys.generator(jax.random.fold_in(streams.init, 0))
    pool = _first_pool(generator, streams, parts, context, amounts)
    stddev = 0.0
    for step in range(amounts.num_rounds):
        pool = _evolved(generator, parts.columns, pool)
        forest = _forest(
            generator, parts.columns, pool, amounts, is_telling=step >= _TELLING_FROM
        )
        (noisy,) = _answers(
            streams, parts, [forest], context,
            name=f"leaf_votes_{step}", place=2 + step, sigma=amounts.vote_sigma,
        )  # fmt: skip
        # The first votes show what all of them have to share: priors never narrow.
        pool = _told(pool, forest, noisy, amounts.vote_sigma, _WIDEST_LEAF, stddev)
        stddev = pool.counts[-1].stddev
        pool = pool.fitted(_SWEEPS)
        context.progress(step + 1, amounts.num_rounds, {})
    weights = pool.fitted(_LAST_SWEEPS).weights
    return {
        "codes": pool.codes,
        "strata": pool.strata,
        "weights": weights / weights.sum(),
    }


def _first_pool(
    generator: np.random.Generator,
    streams: keys.Keys,
    parts: strata.Parts,
    context: base.Context,
    amounts: Amounts,
) -> _Pool:
    """Draws a pool from noisy histograms and weighs it to noisy pairs of columns."""
    columns = parts.columns
    totals = strata.totals(streams, parts, context, sigma=amounts.strata_sigma)
    noisy = release.count_once(
        "histograms",
        lambda: start.histograms(columns, parts.codes, parts.strata, parts.num_strata),
        key=jax.random.fold_in(streams.noise, 1),
        sigma=amounts.start_sigma,
        context=context,
    )
    distributions = start.shares(
        columns, noisy, parts.num_strata, sigma=amounts.start_sigma
    )
    shares = start.by_code(columns, distributions)
    sizes = np.ceil(amounts.pool * totals / totals.sum()).astype(np.int64)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    codes = links.draw(generator, shares, [], owners)
    total = float(totals.sum())
    if not amounts.pair_cells:
        return _Pool(codes, owners, total, [], [], [])
    masses = [
        np.bincount(codes[:, column], minlength=size) / len(codes)
        for column, size in enumerate(columns.sizes.tolist())
    ]
    pairs = questions.all_pairs(columns, masses, amounts.pair_cells)
    answers = _answers(
        streams, parts, pairs, context,
        name="pairs", place=2 + amounts.num_rounds, sigma=amounts.pairs_sigma,
    )  # fmt: skip
    told = [
        links.Told(
            pair,
            answer.astype(np.float64),
            np.bincount(pair.cells(codes, owners), minlength=len(answer))
            * (total / len(codes)),
            amounts.pairs_sigma,
        )
        for pair, answer in zip(pairs, answers, strict=True)
    ]
    codes = links.draw(generator, shares, told, owners)
    pool = _Pool(codes, owners, total, [], [], [])
    for pair, answer in zip(pairs, answers, strict=True):
        pool = _told(pool, pair, answer, amounts.pairs_sigma, _WIDEST_PAIR)
    return pool.fitted(_LAST_SWEEPS)


def _told(
    pool: _Pool,
    question: questions.Question,
    noisy: Integer[np.ndarray, " cell"],
    sigma: float,
    widest: float,
    least: float = 0.0,
) -> _Pool:
    """Adds a question and its answer, with the prior that the answer itself chooses.

    The prior is no narrower than `least`.
    """
    answer = noisy.astype(np.float64)
    cells = question.cells(pool.codes, pool.strata)
    model = np.bincount(cells, pool.weights, len(noisy))
    stddev = max(energies.spread(answer, model, sigma=sigma, widest=widest), least)
    return pool._replace(
        asked=[*pool.asked, question],
        counts=[*pool.counts, energies.Count(answer, cells, sigma, stddev)],
        numbers=[*pool.numbers, np.zeros(len(noisy))],
    )


def _answers(
    streams: keys.Keys,
    parts: strata.Parts,
    asked: Sequence[questions.Question],
    context: base.Context,
    *,
    name: str,
    place: int,
    sigma: float,
) -> list[Integer[np.ndarray, " _"]]:
    """Counts the devices in the cells of questions, once, under noise."""
    return release.count_vectors_once(
        name,
        lambda: [questions.counts(own, parts.codes, parts.strata) for own in asked],
        sizes=[question.num_cells for question in asked],
        key=jax.random.fold_in(streams.noise, place),
        sigma=sigma,
        context=context,
    )


def _evolved(
    generator: np.random.Generator, columns: trees.Columns, pool: _Pool
) -> _Pool:
    """Draws a worn pool anew by weight, varies it, and fits all answers again."""
    shares = pool.weights / pool.total
    if energies.effective_share(shares) >= _LEAST_EFFECTIVE:
        return pool
    size = len(shares)
    drawn = np.sort(generator.choice(size, size, p=shares / shares.sum()))
    owners = pool.strata[drawn]
    codes = _varied(generator, columns, pool.codes[drawn], owners)
    counts = [
        count._replace(leaves=question.cells(codes, owners))
        for question, count in zip(pool.asked, pool.counts, strict=True)
    ]
    renewed = pool._replace(
        codes=codes,
        strata=owners,
        counts=counts,
        numbers=[np.zeros_like(own) for own in pool.numbers],
    )
    return renewed.fitted(_SWEEPS)


def _varied(
    generator: np.random.Generator,
    columns: trees.Columns,
    codes: Integer[np.ndarray, "record column"],
    owners: Integer[np.ndarray, " record"],
) -> Integer[np.ndarray, "record column"]:
    """Moves some numbers that are there, and redraws some values from a stratum.

    A number moves by a part of the spread that its column has in the stratum, not in
    its bounds: public bounds are often much wider than what devices hold.
    """
    varied, size = codes.copy(), len(codes)
    firsts = np.searchsorted(owners, owners)  # owners are sorted
    ends = np.searchsorted(owners, owners, side="right")
    for column, (num_codes, ordered) in enumerate(zip(*columns, strict=True)):
        own = codes[:, column]
        moves = generator.random(size) < (_MOVED if ordered else _REDRAWN)
        if ordered:
            moves &= own > 0
            spread = _spread(own, owners)
            steps = np.rint(generator.normal(0, 1, size) * _STEP * spread)
            new = np.clip(own + steps.astype(np.int64), 1, num_codes - 1)
        else:
            new = own[generator.integers(firsts, ends)]
        varied[:, column] = np.where(moves, new, own)
    return varied


def _spread(
    codes: Integer[np.ndarray, " record"], owners: Integer[np.ndarray, " record"]
) -> Float[np.ndarray, " record"]:
    """Standard deviation of the codes that are there in the stratum of each record."""
    count = np.maximum(np.bincount(owners, codes > 0), 1)
    mean = np.bincount(owners, codes) / count
    square = np.bincount(owners, codes.astype(np.float64) ** 2) / count
    found: np.ndarray = np.sqrt(np.maximum(square - mean**2, 0.0))[owners]
    return found


def _forest(
    generator: np.random.Generator,
    columns: trees.Columns,
    pool: _Pool,
    amounts: Amounts,
    *,
    is_telling: bool,
) -> questions.Forest:
    """Grows a tree for each stratum, oblivious or not by the toss of a coin."""
    weights, grown = pool.weights, {}
    for stratum in np.unique(pool.strata).tolist():
        here = pool.strata == stratum
        others = trees.Others(pool.codes[~here], weights[~here])
        grown[stratum] = trees.grow(
            generator,
            columns,
            pool.codes[here],
            weights[here],
            leaf_weight=_LEAF_SIGMAS * amounts.vote_sigma,
            same_column=bool(generator.integers(2)),
            others=others if is_telling and not here.all() else None,
        )
    return questions.Forest(grown)
