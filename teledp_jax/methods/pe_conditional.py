"""Private evolution whose candidates come from a chain of whole devices."""

import dataclasses
import functools
from typing import Literal

import jax
import numpy as np
from absl import logging

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    clipped,
    device_model,
    plans,
    statistics,
    tilt,
    weighed,
)
from teledp_jax.pe import distances, evolve, population
from teledp_jax.privacy import budgets, checks, split

_MEASURING = 2**30 + 2  # the stream of what the chain measures; votes count from 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution with the chain as its API.

    A pool is drawn from the model of `chain` and weighed by votes: each device votes
    for the candidate that is nearest to it, over the rows that a vote reads.
    Measurements and votes share one ledger. With a `tilt_share` the pool is tilted at
    last to what devices answer to the workload's own queries (`marginals.tilt`).

    Attributes:
        pairs: Pairs of variables to measure finely, as in `chain.Config`.
        norm_share: Share of the privacy loss that finds the bound of the clip.
        vote_share: Share that votes get.
        tilt_share: Share that the statistics of the workload's queries get; 0: none are
            asked. Queries take part whose headers declare contributions.
        num_iterations: Votes of each device.
        vote_growth: Privacy loss of a vote over that of the one before.
        num_candidates: Candidates of each vote; 0: see `pe.population.sizes`.
        pool: Records of the pool; 0: the noisy number of devices, 20,000 to 100,000.
        distance: See `pe.distances.KINDS`.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote
            from a public key; the others count a tenth. Not for `workload`.
        features: The variables that each query names, as `table/column` and
            `table/rows`, for `workload`; none: as the job's queries name them.
        max_rows: Most rows of a device that a vote reads in any table, the first ones;
            0: as many as each table's `fixed_rows`.
    """

    pairs: tuple[tuple[str, str], ...] | None = None
    norm_share: float = 0.02
    vote_share: float = 0.05
    tilt_share: float = 0.0
    num_iterations: int = 1
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.1
    features: tuple[tuple[str, ...], ...] | None = None
    max_rows: int = 0

    def __post_init__(self) -> None:
        check = checks.Fields("pe_conditional", self)
        check.one_of("distance", distances.KINDS)
        check.number("num_iterations", at_least=1)
        check.number("vote_growth", at_least=0.1, at_most=10)
        check.number("num_candidates", "pool", "max_rows", at_least=0)
        check.number("focus", at_least=0, at_most=1)
        check.number("norm_share", "vote_share", above=0, below=1)
        check.number("tilt_share", at_least=0, below=1)
        left = self.norm_share + self.vote_share + self.tilt_share < 1
        check.that("vote_share", left, "to leave the chain a share besides the others")


def fit(
    config: Config,
    schema: schemas.Schema,
    plan: statistics.Plan,
    calibrated: split.Calibrated,
    rules: evolve.Rules,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures statistics, fits the chain and weighs its draws by votes.

    Args:
        config: Choices.
        schema: The public schema.
        plan: What is measured.
        calibrated: Noise of norms and of statistics.
        rules: Sizes and noise of the evolution.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        A weighed pool of draws, and how the votes went.
    """
    measuring = streams._replace(noise=jax.random.fold_in(streams.noise, _MEASURING))
    fitted, facts = device_model.learn(
        measuring, schema, plan, devices, context,
        norm_sigma=calibrated.noise("norm_sigma"), sigma=calibrated.noise("sigma"),
        num_devices=num_devices,
    )  # fmt: skip
    key = jax.random.fold_in(streams.init, 2)
    pool = device_model.draw(schema, key, fitted, rules.pool)
    short = schema.narrowed(config.max_rows)
    records = arrays.flatten(short, arrays.narrow(short, pool))
    voted = population.run(
        config, short, streams, arrays.narrow(short, devices), context, rules=rules,
        start=lambda key, count: records, margins=lambda codes: [],
    )  # fmt: skip
    if population.is_silent(voted):
        logging.warning(population.SILENT)
    weights = np.asarray(voted["weights"], np.float64)
    tree = weighed.tree(schema, pool, weights)
    if config.tilt_share:
        tree, found = weighed.weigh(
            streams, schema, pool, weights, devices, context,
            sigma=calibrated.noise(tilt.SIGMA), num_devices=num_devices,
        )  # fmt: skip
        facts |= found
    return {**tree, "convergence": voted["convergence"], base.FACTS: facts}


sample = weighed.draw


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of norms, statistics and votes together.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If a pair is unknown or no noise meets the budget.
    """
    plan = plans.plan(schema, config.pairs or ())
    shares = config.norm_share + config.vote_share + config.tilt_share
    parts = (
        split.Counts("norm_sigma", 1, config.norm_share),
        split.ClippedSums("sigma", clipped.STEPS, 1 - shares),
        split.Votes(
            "vote_sigma", config.num_iterations, config.vote_share, config.vote_growth
        ),
        *tilt.part(config.tilt_share),
    )
    calibrated, num_devices = split.calibrate(parts, budget), budget.num_devices
    sigmas = calibrated.series("vote_sigma")
    num_candidates, pool = population.sizes(
        config.num_candidates, config.pool or weighed.pool_size(num_devices),
        num_devices=num_devices, sigma=max(sigmas),
    )  # fmt: skip
    rules = evolve.Rules("self_normalised", num_candidates, pool, sigmas)
    sizes = {"num_blocks": len(plan.blocks), "num_cells": plan.num_cells} | rules.facts
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(
            fit, config, schema, plan, calibrated, rules, num_devices
        ),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | sizes,
    )
