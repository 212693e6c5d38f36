"""Private evolution whose candidates come from a small private model of pairs."""

import dataclasses
import functools
from typing import Literal

import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import chain, margins, measure, noisy, pairs, simulator
from teledp_jax.pe import apis, distances, evolve, population
from teledp_jax.privacy import budgets, checks, split


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
        vote_growth: Privacy loss of a vote over that of the one before.
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
        check = checks.Fields("pe_conditional", self)
        check.number("start_share", "pair_share", above=0, below=1)
        left = self.start_share + self.pair_share < 1
        check.that("pair_share", left, "to leave votes a share beside start_share")
        check.number("num_iterations", at_least=1)
        check.number("vote_growth", at_least=0.1, at_most=10)
        check.number("num_candidates", "pool", "num_sweeps", at_least=0)
        check.number("focus", at_least=0, at_most=1)
        check.one_of("distance", distances.KINDS)


def measured(config: Config, schema: schemas.Schema) -> tuple[pairs.Pair, ...]:
    """Returns the pairs that are measured; public."""
    names = pairs.public_pairs(schema) if config.pairs is None else config.pairs
    return pairs.parse(schema, names)


def shares(config: Config, schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Splits the budget into one-way marginals, pairs and votes."""
    num_vectors = len(measure.pooled_vectors(schema))
    rest = 1 - config.start_share - config.pair_share
    return (
        split.Counts("start_sigma", num_vectors, config.start_share),
        split.Counts("pair_sigma", len(measured(config, schema)), config.pair_share),
        split.Votes("vote_sigma", config.num_iterations, rest, config.vote_growth),
    )


def fit(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals and pairs, fits the simulator and weighs its draws by votes.

    Args:
        config: Choices.
        schema: The public schema.
        calibrated: Noise of marginals, pairs and votes.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns: the last population.
    """
    arrays.check(schema, devices)
    chosen, pair_sigma = measured(config, schema), calibrated.noise("pair_sigma")
    model = noisy.one_way_model(
        streams, schema, devices, context, sigma=calibrated.noise("start_sigma")
    )
    counts = noisy.pair_counts(
        streams, schema, devices, context, chosen, sigma=pair_sigma
    )
    links = simulator.simulator(
        jax.random.fold_in(streams.init, 2), schema, model, chosen, counts,
        sigma=pair_sigma, num_devices=num_devices,
    )  # fmt: skip

    def start(key: Key[Array, ""], count: int) -> np.ndarray:
        drawn = chain.sample(apis.generator_of(key), schema, links, count)
        return arrays.flatten(schema, drawn)

    fitted = evolve.evolve(
        streams, schema, arrays.flatten(schema, devices), context,
        embeddings=distances.by_step(
            jax.random.fold_in(streams.init, 1), schema,
            kind=config.distance, focus=config.focus, features=config.features,
        ),
        settings=_settings(config, num_devices, calibrated),
        start=start,
        margins=functools.partial(margins.one_way, schema, model),
    )  # fmt: skip
    if population.is_silent(fitted):
        logging.warning(population.SILENT)
    return fitted


sample = population.draw_devices


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of marginals, pairs and votes together.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If a pair is unknown or no noise meets the budget.
    """
    calibrated = split.calibrate(shares(config, schema), budget)
    settings = _settings(config, budget.num_devices, calibrated)
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, budget.num_devices),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts
        | {
            "num_vectors": len(measure.pooled_vectors(schema)),
            "num_pairs": len(measured(config, schema)),
            "num_iterations": config.num_iterations,
            "num_candidates": settings.num_candidates,
            "pool": settings.pool,
        },
    )


def _settings(
    config: Config, num_devices: int, calibrated: split.Calibrated
) -> evolve.Settings:
    """Sizes of the evolution, from public numbers; the pool is never varied."""
    sigmas = calibrated.series("vote_sigma")
    num_candidates, pool = population.sizes(
        config.num_candidates,
        config.pool or population.pool_within(num_devices),
        num_devices=num_devices,
        sigma=max(sigmas),
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
