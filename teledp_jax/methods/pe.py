"""Private evolution for device records, without a foundation model."""

import dataclasses
import functools
from collections.abc import Callable, Mapping

from absl import logging

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import clipped, plans, pools, weighed
from teledp_jax.pe import choices, leaf_fleet, leaf_records, population, strata, tab_pe
from teledp_jax.privacy import budgets, checks, split

_FIRST_SHARE = 0.02  # of the privacy loss: sizes of strata, or the bound of the clip
_STRATA = split.Counts("strata_sigma", 1, _FIRST_SHARE)

_Fit = Callable[[keys.Keys, arrays.DeviceArrays, base.Context], base.Tree]
_Made = tuple[split.Calibrated, _Fit, Mapping[str, int | str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(choices.Choices):
    """Choices of private evolution.

    `leaves`: devices vote for leaves of random trees over a pool of records, and all
    votes are fitted together. A pool of rows of one table begins as noisy counts of
    columns and their pairs have it, and evolves (`pe.leaf_votes`). A pool of whole
    devices is drawn from a model of noisy statistics (`marginals.whole`), and trees ask
    for traits of a device (`pe.leaf_fleet`).

    `published`: candidates begin uniform, are resampled by the votes of their nearest
    devices, varied by less and less, and ranked (Lin et al. 2023, arXiv:2305.15560).
    `tab_pe`: the same for one table, each class by itself (Tab-PE, arXiv:2606.08259;
    `pe.tab_pe`).

    Attributes:
        pairs: Pairs of variables that the start of a fleet measures finely, as in
            `chain.Config`; none: as the job's queries name them.
    """

    pairs: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        choices.check(checks.Fields("pe", self), most_start=1 - _FIRST_SHARE)


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
        label = tab_pe.label_index(schema, config.label)
        calibrated, fit, facts = _tab_pe(label, schema, budget, recipe)
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
    label: int | None,
    schema: schemas.Schema,
    budget: budgets.Budget,
    recipe: tab_pe.Recipe,
) -> _Made:
    """The published recipe for one table."""
    votes = split.Votes("vote_sigma", recipe.num_rounds, 1 - _FIRST_SHARE)
    calibrated = split.calibrate((_STRATA, votes), budget)
    noise = tab_pe.Noise(*(calibrated.series(p.name)[0] for p in calibrated.parts))
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
            _STRATA,
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

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        fitted = pools.draw(streams, schema, release, devices, context)
        weights = leaf_fleet.weigh(
            streams, schema, weighed.pool_of(schema, fitted), devices, context,
            sizes=sizes, features=config.features,
        )  # fmt: skip
        return {**fitted, "weights": weights}

    return calibrated, fit, {"num_cells": plan.num_cells, "pool": size}
