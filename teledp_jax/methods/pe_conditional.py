"""Private evolution whose candidates come from a small private model of pairs."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import chain, independent, measure, moments
from teledp_jax.marginals import pairs as pairs_lib
from teledp_jax.methods import independent as independent_method
from teledp_jax.methods import pe
from teledp_jax.pe import apis, embedding, evolve, weights
from teledp_jax.privacy import accounting, budgets, events

_FEWEST, _MOST = 20_000, 100_000  # devices that the chain is fitted on
_SMALLEST, _LARGEST = 20_000, 200_000  # records of the pool
_PAIRS = 2**30  # the stream of the pairs; tables and votes count up from 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution with a private simulator as its API.

    Noisy one-way marginals and noisy pairs make a chain, in which every variable is
    drawn given all that it was measured with (`marginals.chain`). Its draws are the
    pool: weighed by votes, raked to the one-way marginals, drawn to any number of
    devices. Measurements and votes share one ledger.

    Attributes:
        pairs: Pairs of variables to measure, each `table/column` or `table/rows` (its
            number of rows), as the queries name them; none: every column of the anchor
            with the number of rows of every other table.
        start_share: Share of the privacy loss that one-way marginals get.
        pair_share: Share that pairs get; the rest is for votes.
        num_iterations: Votes of each device.
        vote_growth: How many times the privacy loss of a vote that of the one before
            is.
        num_candidates: Candidates of each vote; 0 follows the rule of `pe.Config`.
        pool: Records of the pool; 0 takes the noisy number of devices, in 20,000 to
            200,000. Twice as many have scored alike, at twice the time.
        num_sweeps: Passes of raking at the start and after each vote.
        distance: As in `pe.Config`.
        focus: As in `pe.Config`.
        features: As in `pe.Config`.
    """

    pairs: tuple[tuple[str, str], ...] | None = None
    start_share: float = 0.45
    pair_share: float = 0.5
    num_iterations: int = 1
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.1
    features: tuple[tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        for name in ("start_share", "pair_share"):
            if not 0 < getattr(self, name) < 1:
                raise errors.InputError(f"pe_conditional.{name}: expected 0 to 1.")
        if self.start_share + self.pair_share >= 1:
            raise errors.InputError(
                "pe_conditional: start_share + pair_share leave nothing for votes; "
                "lower one of them."
            )
        if self.num_iterations < 1:
            raise errors.InputError(
                "pe_conditional.num_iterations: expected 1 or more."
            )
        if not 0.1 <= self.vote_growth <= 10:
            raise errors.InputError("pe_conditional.vote_growth: expected 0.1 to 10.")
        for name in ("num_candidates", "pool", "num_sweeps"):
            if getattr(self, name) < 0:
                raise errors.InputError(f"pe_conditional.{name}: expected 0 or more.")
        if self.distance not in pe.DISTANCES:
            raise errors.InputError(
                f"pe_conditional.distance: expected one of {pe.DISTANCES}."
            )
        if not 0 <= self.focus <= 1:
            raise errors.InputError("pe_conditional.focus: expected 0 to 1.")


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of marginals, pairs and votes together."""
    names = pairs_lib.public_pairs(schema) if config.pairs is None else config.pairs
    measured = pairs_lib.parse(schema, names)
    num_vectors = len(measure.pooled_vectors(schema))
    vote_share = 1 - config.start_share - config.pair_share
    # Gaussian mechanisms compose by the sum of 1 / sigma^2: shares of that are split.
    start_ratio = (num_vectors / config.start_share) ** 0.5
    pair_ratio = (max(len(measured), 1) / config.pair_share) ** 0.5
    ratios = pe.vote_ratios(vote_share, config.num_iterations, config.vote_growth)

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        one = events.DiscreteGaussianDpEvent(noise_multiplier * start_ratio)
        two = events.DiscreteGaussianDpEvent(noise_multiplier * pair_ratio)
        return dp_accounting.ComposedDpEvent(
            [
                dp_accounting.SelfComposedDpEvent(one, num_vectors),
                dp_accounting.SelfComposedDpEvent(two, len(measured)),
                pe.vote_event(noise_multiplier, ratios),
            ]
        )

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigmas = tuple(noise_multiplier * ratio for ratio in ratios)
    start_sigma, pair_sigma = (
        noise_multiplier * start_ratio,
        noise_multiplier * pair_ratio,
    )
    settings = _settings(config, budget.num_devices, sigmas)

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        noisy = independent_method.noisy_counts(
            streams, schema, devices, context, sigma=start_sigma
        )
        one_way = independent.estimate(schema, noisy, sigma=start_sigma)
        noisy_pairs = _noisy_pairs(
            streams, schema, devices, context, measured, sigma=pair_sigma
        )
        links = _chain(
            jax.random.fold_in(streams.init, 2), schema, one_way, measured, noisy_pairs,
            sigma=pair_sigma, num_devices=budget.num_devices,
        )  # fmt: skip

        def start(key: Key[Array, ""], count: int) -> np.ndarray:
            generator = apis.generator_of(key)
            return arrays.flatten(schema, chain.sample(generator, schema, links, count))

        def margins(codes: np.ndarray) -> list[weights.Margin]:
            return pe.one_way_margins(schema, one_way, arrays.unflatten(schema, codes))

        def embeddings(step: int) -> embedding.Embedding:
            return pe.distance_of(
                jax.random.fold_in(streams.init, 1), step, schema,
                distance=config.distance, focus=config.focus, features=config.features,
            )  # fmt: skip

        codes = arrays.flatten(schema, devices)
        fitted = evolve.evolve(
            streams, schema, codes, context, embeddings=embeddings, settings=settings,
            start=start, margins=margins,
        )  # fmt: skip
        pe.warn_if_silent(fitted)
        return fitted

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        return pe.draw_devices(key, schema, fitted, count)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "start_sigma": start_sigma,
            "pair_sigma": pair_sigma,
            "first_vote_sigma": sigmas[0],
            "last_vote_sigma": sigmas[-1],
            "num_vectors": num_vectors,
            "num_pairs": len(measured),
            "num_iterations": config.num_iterations,
            "num_candidates": settings.num_candidates,
            "pool": settings.pool,
        },
    )


def _settings(
    config: Config, num_devices: int, sigmas: tuple[float, ...]
) -> evolve.Settings:
    """Sizes of the evolution, from public numbers; the pool is never varied."""
    own = config.pool or min(max(num_devices, _SMALLEST), _LARGEST)
    num_candidates, pool = pe.sizes(
        config.num_candidates, own, num_devices=num_devices, sigma=max(sigmas)
    )
    return evolve.Settings(
        selection="self_normalised",
        num_candidates=num_candidates,
        pool=pool,
        sigmas=sigmas,
        first_degree=0.0,
        last_degree=0.0,
        varied=0.0,
        rank_last=0,
        num_sweeps=config.num_sweeps,
    )


def _noisy_pairs(
    streams: keys.Keys,
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    measured: Sequence[pairs_lib.Pair],
    *,
    sigma: float,
) -> list[Integer[np.ndarray, " _"]]:
    """Measures `pairs.counts` under noise, once: a resumed fit reads it."""
    if not measured:
        return []
    saved = context.store.load("noisy_pairs")
    if saved is None:
        rows_key = jax.random.fold_in(streams.batch, _PAIRS)
        counts = pairs_lib.counts(
            rows_key, schema, devices, measured, first=context.part.first
        )
        exact = context.part.total(counts)
        key = jax.random.fold_in(streams.noise, _PAIRS)
        saved = {"counts": context.integer_noise(key, exact, sigma)}
        context.store.save("noisy_pairs", saved)
    ends = np.cumsum([pair.num_cells for pair in measured])[:-1]
    return np.split(np.asarray(saved["counts"]), ends)


def _chain(
    key: Key[Array, ""],
    schema: schemas.Schema,
    one_way: base.Tree,
    measured: Sequence[pairs_lib.Pair],
    noisy: Sequence[Integer[np.ndarray, " _"]],
    *,
    sigma: float,
    num_devices: int,
) -> tuple[chain.Link, ...]:
    """The chain of all pairs that show more than noise; made of DP outputs alone."""
    told = []
    for pair, counts in zip(measured, noisy, strict=True):
        expected = num_devices * pairs_lib.independent_shares(schema, one_way, pair)
        if pairs_lib.surplus(counts, expected, sigma=sigma) > 0:
            shares = counts.reshape(expected.shape) / num_devices
            told.append(moments.Measured(pair, shares, sigma / num_devices))
    count = min(max(num_devices, _FEWEST), _MOST)
    return chain.fit(apis.generator_of(key), schema, one_way, told, count)
