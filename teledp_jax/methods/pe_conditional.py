"""Private evolution whose candidates come from a chain of whole devices."""

import dataclasses
import functools

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
from teledp_jax.pe import evolve, population
from teledp_jax.privacy import budgets, checks, split

_MEASURING = 2**30 + 2  # the stream of what the chain measures; votes count from 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(population.Voting):
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
    """

    pairs: tuple[tuple[str, str], ...] | None = None
    norm_share: float = 0.02
    vote_share: float = 0.05
    tilt_share: float = 0.0

    def __post_init__(self) -> None:
        population.check(check := checks.Fields("pe_conditional", self))
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
        warn_fn=logging.warning,
    )  # fmt: skip
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
    candidates = population.num_candidates(config.num_candidates, sigmas, num_devices)
    pool = config.pool or weighed.pool_size(num_devices)
    rules = evolve.Rules("self_normalised", candidates, pool, sigmas)
    sizes = {"num_blocks": len(plan.blocks), "num_cells": plan.num_cells} | rules.facts
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(
            fit, config, schema, plan, calibrated, rules, num_devices
        ),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | sizes,
    )
