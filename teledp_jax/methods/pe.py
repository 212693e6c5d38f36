"""Private evolution for device records, without a foundation model."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Literal

from absl import logging

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import clipped, plans, pools, weighed
from teledp_jax.pe import (
    leaf_fleet,
    leaf_records,
    population,
    strata,
    tab_pe,
)
from teledp_jax.privacy import budgets, checks, split

_FIRST_SHARE = 0.02  # of the privacy loss: sizes of strata, or the bound of the clip

_Fit = Callable[[keys.Keys, arrays.DeviceArrays, base.Context], base.Tree]
_Made = tuple[split.Calibrated, _Fit, Mapping[str, int | str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution.

    `leaves`: devices vote for leaves of random trees over a pool of records, and all
    votes are fitted together. Where a device is one row of one table, the pool begins
    as noisy counts of columns by label and of pairs of columns have it, and evolves
    (`pe.leaf_votes`). Else its records are whole devices, drawn from a model of noisy
    low-order statistics (`marginals.whole`), and trees ask for traits of a device
    (`pe.leaf_fleet`).

    `published`: candidates begin uniform, are resampled by the votes of their nearest
    devices, varied by less and less, and ranked at last (Lin et al. 2023,
    arXiv:2305.15560). `tab_pe`: the published recipe for one table, which lets each
    class evolve by itself (Swanberg et al. 2025, arXiv:2502.05505; `pe.tab_pe`).

    Attributes:
        selection: `leaves`, `published` or `tab_pe`.
        label: Category of the only table whose values are voted on apart; empty: the
            last column, if it is a category of at most 64 values; `none`: none.
        start_share: Share of the privacy loss that the start gets; 0: for a table
            of P pairs of columns besides the label P / (P + 70), at least 0.1, as a
            vote sees less of each the more there are; for a fleet 0.75. For `leaves`,
            as are the next six.
        pairs_share: Share of it that pairs of the columns of one table get; none are
            counted if 0, or if noise leaves a pair fewer than four cells.
        num_rounds: Votes of each device; 0: 20 for one table, 10 for a fleet.
        pool: Records of the pool; 0: by the noisy number of devices.
        pairs: Pairs of variables that the start of a fleet measures finely, as in
            `chain.Config`; none: as the job's queries name them.
        features: The variables that each query names, as `table/column` and
            `table/rows`: what votes of a fleet ask for; none: as the job's queries
            name them.
        num_iterations: Votes of each device. For `published`, as are the next two.
        num_candidates: Candidates of each vote; 0: see `pe.population.sizes`.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    selection: Literal["leaves", "published", "tab_pe"] = "leaves"
    label: str = ""
    start_share: float = 0.0
    pairs_share: float = 0.6
    num_rounds: int = 0
    pool: int = 0
    pairs: tuple[tuple[str, str], ...] | None = None
    features: tuple[tuple[str, ...], ...] | None = None
    num_iterations: int = 10
    num_candidates: int = 2000
    max_rows: int = 0

    def __post_init__(self) -> None:
        check = checks.Fields("pe", self)
        check.one_of("selection", ("leaves", "published", "tab_pe"))
        check.number("num_iterations", at_least=1)
        check.number("num_rounds", "pool", "num_candidates", "max_rows", at_least=0)
        check.number("start_share", at_least=0, below=1 - _FIRST_SHARE)
        check.number("pairs_share", at_least=0, below=1)


def make(
    config: Config,
    schema: schemas.Schema,
    budget: budgets.Budget,
    *,
    recipe: tab_pe.Recipe = tab_pe.PUBLISHED,
) -> base.Synthesizer:
    """Calibrates the noise of the start and of all votes together.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.
        recipe: Of `tab_pe`; other than published for ablations.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If no noise meets the budget, or a name is unknown.
    """
    draw = population.draw_devices
    if config.selection == "published":
        schema = schema.narrowed(config.max_rows)
        calibrated, fit, facts = _published(config, schema, budget)
    elif config.selection == "tab_pe":
        calibrated, fit, facts = _tab_pe(config, schema, budget, recipe)
    elif len(schema.tables) == 1:
        calibrated, fit, facts = _one_table(config, schema, budget)
    else:
        calibrated, fit, facts = _fleet(config, schema, budget)
        draw = weighed.draw
    return base.Synthesizer(
        event=calibrated.event,
        fit=fit,
        sample=functools.partial(draw, schema),
        facts={**calibrated.facts, **facts, "selection": config.selection},
        max_rows=schema.max_rows,
    )


def _published(config: Config, schema: schemas.Schema, budget: budgets.Budget) -> _Made:
    """The published recipe."""
    votes = split.Votes("vote_sigma", config.num_iterations)
    calibrated = split.calibrate((votes,), budget)
    rules = population.published(
        config.num_candidates, calibrated.series("vote_sigma"), budget.num_devices
    )
    fit = functools.partial(
        population.fit_published, schema, rules, warn_fn=logging.warning
    )
    return calibrated, fit, rules.facts


def _tab_pe(
    config: Config,
    schema: schemas.Schema,
    budget: budgets.Budget,
    recipe: tab_pe.Recipe,
) -> _Made:
    """The published recipe for one table."""
    label = tab_pe.label_index(schema, config.label)
    parts = (
        split.Counts("strata_sigma", 1, _FIRST_SHARE),
        split.Votes("vote_sigma", recipe.num_rounds, 1 - _FIRST_SHARE),
    )
    calibrated = split.calibrate(parts, budget)
    noise = tab_pe.Noise(*(calibrated.series(part.name)[0] for part in parts))
    fit = functools.partial(tab_pe.fit, schema, label, recipe, noise)
    return calibrated, fit, tab_pe.facts(schema, label, recipe)


def _one_table(config: Config, schema: schemas.Schema, budget: budgets.Budget) -> _Made:
    """Leaf votes of devices of one row, with pairs if noise leaves them cells."""
    label = strata.label_index(schema, config.label)
    sizes = leaf_records.sizes(
        schema, label, config.num_rounds, config.pool, budget.num_devices
    )
    start = config.start_share or sizes.start_share
    for pairs in (config.pairs_share * (sizes.num_pairs > 0), 0.0):
        parts: list[split.Part] = [
            split.Counts("strata_sigma", 1, _FIRST_SHARE),
            split.Counts("start_sigma", sizes.num_columns, start * (1 - pairs)),
            split.Votes("vote_sigma", sizes.num_rounds, 1 - _FIRST_SHARE - start),
        ]
        if pairs:
            parts.append(split.Counts("pairs_sigma", sizes.num_pairs, start * pairs))
        calibrated = split.calibrate(parts, budget)
        amounts = sizes.amounts({p.name: calibrated.series(p.name)[0] for p in parts})
        if amounts.pair_cells or not pairs:
            break
    fit = functools.partial(leaf_records.fit, schema, label, amounts)
    return calibrated, fit, leaf_records.facts(schema, label, amounts)


def _fleet(config: Config, schema: schemas.Schema, budget: budgets.Budget) -> _Made:
    """Leaf votes of devices of many rows."""
    plan = plans.plan(schema, config.pairs or ())
    start, num_rounds = config.start_share or 0.75, config.num_rounds or 10
    parts = (
        split.Counts("norm_sigma", 1, _FIRST_SHARE),
        split.ClippedSums("start_sigma", clipped.STEPS, start),
        split.Votes("vote_sigma", num_rounds, 1 - _FIRST_SHARE - start),
    )
    calibrated = split.calibrate(parts, budget)
    norm_sigma, sigma, vote_sigma = (calibrated.series(p.name)[0] for p in parts)
    size = config.pool or weighed.pool_size(2 * budget.num_devices)
    release = pools.Release(plan, norm_sigma, sigma, budget.num_devices, size)
    sizes = leaf_fleet.Sizes(num_rounds, vote_sigma, budget.num_devices)
    fit = functools.partial(_fit_fleet, config, schema, release, sizes)
    return calibrated, fit, {"num_cells": plan.num_cells, "pool": size}


def _fit_fleet(
    config: Config,
    schema: schemas.Schema,
    release: pools.Release,
    sizes: leaf_fleet.Sizes,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Draws a pool from a model of noisy statistics, and weighs it by votes."""
    fitted = pools.draw(streams, schema, release, devices, context)
    pool = weighed.pool_of(schema, fitted)
    weights = leaf_fleet.weigh(
        streams, schema, pool, devices, context, sizes=sizes, features=config.features
    )
    return {**fitted, "weights": weights}
