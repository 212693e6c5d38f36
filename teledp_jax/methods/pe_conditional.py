"""Private evolution whose candidates come from a small private model of pairs."""

import dataclasses
import functools
from typing import Literal

import jax
import numpy as np
from absl import logging

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import margins, measure, noisy, pairs, simulator, tilt
from teledp_jax.pe import evolve, population
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution with a private simulator as its API.

    Noisy one-way marginals and noisy pairs make a chain, in which every variable is
    drawn given all that it was measured with (`marginals.chain`). Its draws are the
    pool: weighed by votes, raked to the one-way marginals, drawn to any number of
    devices. Measurements and votes share one ledger. With a `tilt_share` the pool is
    tilted at last to what devices answer to the workload's own queries
    (`marginals.tilt`).

    Attributes:
        pairs: Pairs of variables to measure, each `table/column` or `table/rows` (its
            number of rows), as the queries name them; none: every column of the anchor
            with the number of rows of every other table.
        start_share: Share of the privacy loss that one-way marginals get, of what the
            tilt leaves.
        pair_share: Share that pairs get, of the same; the rest is for votes.
        tilt_share: Share of the privacy loss that the statistics of the workload's
            queries get; 0: none are asked. Queries take part whose headers declare
            contributions.
        num_iterations: Votes of each device.
        vote_growth: Privacy loss of a vote over that of the one before.
        num_candidates: Candidates of each vote; 0 follows the rule of `pe.Config`.
        pool: Records of the pool; 0: the noisy number of devices, 20,000 to 200,000.
        num_sweeps: Passes of raking at the start and after each vote.
        distance: As in `pe.Config`.
        focus: As in `pe.Config`.
        features: As in `pe.Config`.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    pairs: tuple[tuple[str, str], ...] | None = None
    start_share: float = 0.45
    pair_share: float = 0.5
    tilt_share: float = 0.0
    num_iterations: int = 1
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.1
    features: tuple[tuple[str, ...], ...] | None = None
    max_rows: int = 0

    def __post_init__(self) -> None:
        population.check(check := checks.Fields("pe_conditional", self))
        check.number("pair_share", above=0, below=1)
        check.number("tilt_share", at_least=0, below=1)
        check.number("max_rows", at_least=0)
        left = self.start_share + self.pair_share < 1
        check.that("pair_share", left, "to leave votes a share besides start_share")


def fit(
    config: Config,
    schema: schemas.Schema,
    chosen: tuple[pairs.Pair, ...],
    calibrated: split.Calibrated,
    rules: evolve.Rules,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals and pairs, fits the simulator and weighs its draws by votes.

    Args:
        config: Choices.
        schema: The public schema.
        chosen: The pairs to measure.
        calibrated: Noise of marginals and pairs, in counts.
        rules: Sizes and noise of the evolution.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns: the last population, tilted.
    """
    devices = arrays.narrow(schema, devices)
    start_sigma, sigma = map(calibrated.noise, ("start_sigma", "pair_sigma"))
    model = noisy.one_way_model(streams, schema, devices, context, sigma=start_sigma)
    counts = noisy.pair_counts(streams, schema, devices, context, chosen, sigma=sigma)
    links = simulator.simulator(
        jax.random.fold_in(streams.init, 2), schema, model, chosen, counts,
        sigma=sigma, num_devices=num_devices,
    )  # fmt: skip
    fitted = population.run(
        config, schema, streams, devices, context, rules=rules,
        start=functools.partial(simulator.codes, schema, links),
        margins=functools.partial(margins.one_way, schema, model),
    )  # fmt: skip
    if population.is_silent(fitted):
        logging.warning(population.SILENT)
    if not config.tilt_share:
        return fitted
    tilted = tilt.tilt(
        streams, schema, arrays.unflatten(schema, fitted["codes"]),
        np.asarray(fitted["weights"]), devices, context,
        sigma=calibrated.noise(tilt.SIGMA), num_devices=num_devices,
    )  # fmt: skip
    return fitted | {"weights": tilted.weights, base.FACTS: tilted.facts}


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
    schema = schema.narrowed(config.max_rows)
    names = pairs.public_pairs(schema) if config.pairs is None else config.pairs
    chosen = pairs.parse(schema, names)
    num_vectors = len(measure.pooled_vectors(schema))
    start, pair = (
        (1 - config.tilt_share) * share
        for share in (config.start_share, config.pair_share)
    )
    rest = 1 - config.tilt_share - start - pair
    parts = (
        split.Counts("start_sigma", num_vectors, start),
        split.Counts("pair_sigma", len(chosen), pair),
        split.Votes("vote_sigma", config.num_iterations, rest, config.vote_growth),
        *tilt.part(config.tilt_share),
    )
    calibrated, num_devices = split.calibrate(parts, budget), budget.num_devices
    sigmas = calibrated.series("vote_sigma")
    pool = config.pool or population.pool_within(num_devices)
    num_candidates, pool = population.sizes(
        config.num_candidates, pool, num_devices=num_devices, sigma=max(sigmas)
    )
    rules = evolve.Rules(  # the pool is never varied
        "self_normalised", num_candidates, pool, sigmas, num_sweeps=config.num_sweeps
    )
    sizes = {"num_vectors": num_vectors, "num_pairs": len(chosen)} | rules.facts
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(
            fit, config, schema, chosen, calibrated, rules, num_devices
        ),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | sizes,
        max_rows=schema.max_rows,
    )
