"""Private evolution for device records, without a foundation model."""

import dataclasses
import functools
from typing import Literal

import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import independent, margins, measure, noisy
from teledp_jax.pe import (
    apis,
    distances,
    evolve,
    leaf_records,
    leaf_votes,
    population,
)
from teledp_jax.privacy import budgets, checks, split

_STRATA_SHARE, _START_SHARE = 0.02, 0.10  # of `leaves`; the rest is for votes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution.

    The published recipe (Lin et al. 2023, arXiv:2305.15560; Swanberg et al. 2025,
    arXiv:2502.05505) is `start="uniform", selection="published",
    num_iterations=10, num_candidates=2000, focus=1.0`.

    Attributes:
        start: First records: `marginals`, drawn from noisy one-way marginals that the
            ledger pays for, or `uniform`, from the schema.
        start_share: Share of the privacy loss that noisy marginals get.
        selection: `leaves`: devices vote for leaves of random trees over a pool, and
            all votes are fitted together (`pe.leaf_votes`; for a device that is one row
            of one table); `self_normalised`: a pool is weighed by private votes over
            its own; `published`: candidates are resampled by votes, then ranked;
            `auto`: `leaves` where a device is one row, else `self_normalised`.
        num_rounds: Votes of each device of `leaves`.
        label: Category whose values `leaves` votes on apart; empty: the last column, if
            it is a category of at most 64 values; `none`: none.
        num_iterations: Votes of each device.
        vote_growth: Privacy loss of a vote over that of the one before.
        num_candidates: Candidates of each vote; 0: see `pe.population.sizes`.
        pool: Records of the pool of `self_normalised`; 0: likewise.
        presence: Public guess of the share of devices in a table, for `uniform`.
        first_degree: Degree of variation after the first vote.
        last_degree: Degree of variation before the last vote.
        varied: Share of the pool that is varied before a vote.
        rank_last: Iterations at the end that rank instead of resampling.
        num_sweeps: Passes of raking to the noisy marginals after each vote.
        distance: See `pe.distances.KINDS`.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote
            from a public key; the others count a tenth. Not for `workload`.
        features: The variables that each query names, as `table/column` and
            `table/rows`, for `workload`; none: as the job's queries name them.
    """

    start: Literal["marginals", "uniform"] = "marginals"
    start_share: float = 0.85
    selection: Literal["auto", "leaves", "self_normalised", "published"] = "auto"
    num_rounds: int = 20
    label: str = ""
    num_iterations: int = 3
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    presence: float = 0.3
    first_degree: float = 0.5
    last_degree: float = 0.01
    varied: float = 0.0
    rank_last: int = 3
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.3
    features: tuple[tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        check = checks.Fields("pe", self)
        check.one_of("start", ("marginals", "uniform"))
        check.one_of("selection", ("auto", "leaves", "self_normalised", "published"))
        check.number("num_rounds", at_least=1)
        check.one_of("distance", distances.KINDS)
        check.number("num_iterations", at_least=1)
        check.number("vote_growth", at_least=0.1, at_most=10)
        check.number("num_candidates", "pool", "rank_last", "num_sweeps", at_least=0)
        check.number("presence", "varied", "focus", at_least=0, at_most=1)
        check.number("start_share", above=0, below=1)
        check.number("first_degree", at_least=0, at_most=1)
        check.number("last_degree", above=0, at_most=self.first_degree)


def uses_leaves(config: Config, schema: schemas.Schema) -> bool:
    """Tells whether devices vote for leaves of trees.

    Args:
        config: Choices.
        schema: The public schema.

    Raises:
        InputError: If they are to, but a device is more than one row.
    """
    one_table = leaf_records.is_one_table(schema)
    if config.selection == "leaves" and not one_table:
        raise errors.InputError(
            f"pe.selection: leaves needs a suite of one table, {schema.suite} has "
            f"{len(schema.tables)}."
        )
    default_start = config.start == "marginals"
    return config.selection == "leaves" or (
        config.selection == "auto" and one_table and default_start
    )


def shares(config: Config, schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Splits the budget into noisy marginals, if any, and votes."""
    if uses_leaves(config, schema):
        labelled = leaf_records.label_index(schema, config.label) is not None
        num_columns = max(len(schema.heads) - labelled, 1)
        return (
            split.Counts("strata_sigma", 1, _STRATA_SHARE),
            split.Counts("start_sigma", num_columns, _START_SHARE),
            split.Votes(
                "vote_sigma", config.num_rounds, 1 - _STRATA_SHARE - _START_SHARE
            ),
        )
    growth, num_vectors = config.vote_growth, len(measure.pooled_vectors(schema))
    if config.start == "uniform":
        return (split.Votes("vote_sigma", config.num_iterations, growth=growth),)
    share = config.start_share
    return (
        split.Counts("start_sigma", num_vectors, share),
        split.Votes("vote_sigma", config.num_iterations, 1 - share, growth),
    )


def fit(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    settings: evolve.Settings,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals, if they are the start, and lets a pool evolve by votes.

    Args:
        config: Choices.
        schema: The public schema.
        calibrated: Noise of marginals and votes.
        settings: Sizes and noise of the evolution.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns: the last population.
    """
    arrays.check(schema, devices)
    model: base.Tree = {}
    if config.start == "marginals":
        sigma = calibrated.noise("start_sigma")
        model = noisy.one_way_model(streams, schema, devices, context, sigma=sigma)

    def start(key: Key[Array, ""], count: int) -> np.ndarray:
        if not model:
            return apis.random_api(key, schema, count, presence=config.presence)
        return arrays.flatten(schema, independent.sample(key, schema, model, count))

    fitted = evolve.evolve(
        streams, schema, arrays.flatten(schema, devices), context,
        embeddings=distances.by_step(
            jax.random.fold_in(streams.init, 1), schema,
            kind=config.distance, focus=config.focus, features=config.features,
        ),
        settings=settings, start=start,
        margins=lambda c: margins.one_way(schema, model, c) if model else [],
    )  # fmt: skip
    if population.is_silent(fitted):
        logging.warning(population.SILENT)
    return fitted


sample = population.draw_devices


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of the start and of all votes together.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If no noise meets the budget.
    """
    calibrated = split.calibrate(shares(config, schema), budget)
    if uses_leaves(config, schema):
        return _make_leaves(config, schema, calibrated, budget.num_devices)
    from_marginals = config.start == "marginals"
    sigmas = calibrated.series("vote_sigma")
    num_candidates, pool = population.sizes(
        config.num_candidates, config.pool,
        num_devices=budget.num_devices, sigma=max(sigmas),
    )  # fmt: skip
    published = config.selection == "published"
    settings = evolve.Settings(
        selection="published" if published else "self_normalised",
        num_candidates=num_candidates,
        pool=pool,
        sigmas=sigmas,
        first_degree=config.first_degree,
        last_degree=config.last_degree,
        varied=config.varied,
        rank_last=config.rank_last,
        num_sweeps=config.num_sweeps,
    )
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, settings),
        sample=functools.partial(sample, schema),
        facts={"start_sigma": 0.0}
        | calibrated.facts
        | {
            "num_vectors": len(measure.pooled_vectors(schema)) * from_marginals,
            "num_iterations": config.num_iterations,
            "num_candidates": num_candidates,
            "pool": pool,
            "start": config.start,
            "selection": settings.selection,
        },
    )


def _make_leaves(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    num_devices: int,
) -> base.Synthesizer:
    """Makes the method whose devices vote for leaves."""
    label = leaf_records.label_index(schema, config.label)
    settings = leaf_votes.Settings(
        pool=config.pool or leaf_records.pool_size(num_devices),
        num_rounds=config.num_rounds,
        strata_sigma=calibrated.noise("strata_sigma"),
        start_sigma=calibrated.noise("start_sigma"),
        vote_sigma=calibrated.series("vote_sigma")[0],
    )
    name = "none" if label is None else schema.anchor.columns[label].name
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(leaf_records.fit, schema, label, settings),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts
        | {"selection": "leaves", "pool": settings.pool, "label": name}
        | {"num_iterations": config.num_rounds},
    )
