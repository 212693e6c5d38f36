"""Private evolution for device records, without a foundation model."""

import dataclasses
import functools
from typing import Literal

from absl import logging

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import independent, margins, measure, noisy
from teledp_jax.pe import apis, evolve, leaf_records, leaf_votes, population
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
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
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
    max_rows: int = 0

    def __post_init__(self) -> None:
        population.check(check := checks.Fields("pe", self))
        check.one_of("start", ("marginals", "uniform"))
        check.one_of("selection", ("auto", "leaves", "self_normalised", "published"))
        check.number("num_rounds", at_least=1)
        check.number("rank_last", "max_rows", at_least=0)
        check.number("presence", "varied", at_least=0, at_most=1)
        check.number("first_degree", at_least=0, at_most=1)
        check.number("last_degree", above=0, at_most=self.first_degree)


def fit(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    rules: evolve.Rules,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals, if they are the start, and lets a pool evolve by votes.

    Args:
        config: Choices.
        schema: The public schema.
        calibrated: Noise of the marginals, in counts.
        rules: Sizes and noise of the evolution.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns: the last population.
    """
    devices = arrays.narrow(schema, devices)
    start = functools.partial(apis.random_start, schema, config.presence)
    raked: evolve.Margins = lambda codes: []  # noqa: E731
    if config.start == "marginals":
        sigma = calibrated.noise("start_sigma")
        model = noisy.one_way_model(streams, schema, devices, context, sigma=sigma)
        start = functools.partial(independent.codes, schema, model)
        raked = functools.partial(margins.one_way, schema, model)
    fitted = population.run(
        config, schema, streams, devices, context,
        rules=rules, start=start, margins=raked,
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
    schema = schema.narrowed(config.max_rows)
    if leaf_records.is_voted_on(schema, config.selection, start=config.start):
        return _make_leaves(config, schema, budget)
    has_marginals = config.start == "marginals"
    share = config.start_share if has_marginals else 0.0
    num_vectors = len(measure.pooled_vectors(schema)) * has_marginals
    votes = split.Votes(
        "vote_sigma", config.num_iterations, 1 - share, config.vote_growth
    )
    parts = (split.Counts("start_sigma", num_vectors, share), votes)
    calibrated = split.calibrate(parts if has_marginals else (votes,), budget)
    sigmas = calibrated.series("vote_sigma")
    num_candidates, pool = population.sizes(
        config.num_candidates, config.pool,
        num_devices=budget.num_devices, sigma=max(sigmas),
    )  # fmt: skip
    published = config.selection == "published"
    rules = evolve.Rules(
        "published" if published else "self_normalised", num_candidates, pool, sigmas,
        config.first_degree, config.last_degree, config.varied, config.rank_last,
        config.num_sweeps,
    )  # fmt: skip
    chosen = {"start": config.start, "selection": rules.selection}
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, rules),
        sample=functools.partial(sample, schema),
        facts={"start_sigma": 0.0, "num_vectors": num_vectors}
        | calibrated.facts
        | rules.facts
        | chosen,
        max_rows=schema.max_rows,
    )


def _make_leaves(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Makes the method whose devices vote for leaves."""
    label = leaf_records.label_index(schema, config.label)
    num_columns = max(len(schema.heads) - (label is not None), 1)
    parts = (
        split.Counts("strata_sigma", 1, _STRATA_SHARE),
        split.Counts("start_sigma", num_columns, _START_SHARE),
        split.Votes("vote_sigma", config.num_rounds, 1 - _STRATA_SHARE - _START_SHARE),
    )
    calibrated = split.calibrate(parts, budget)
    amounts = leaf_votes.Amounts(
        config.pool or leaf_records.pool_size(budget.num_devices), config.num_rounds,
        *(calibrated.series(part.name)[0] for part in parts),
    )  # fmt: skip
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(leaf_records.fit, schema, label, amounts),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | leaf_records.facts(schema, label, amounts),
        max_rows=schema.max_rows,
    )
