"""Noisy pairs of attributes, each chosen because the model so far fits it badly."""

import dataclasses
import functools

import numpy as np

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import adaptive, model, mst, relation
from teledp_jax.privacy import budgets, checks, split

_SHARE_OF_CHOICES = 0.1  # of the budget, as published


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the adaptive choice.

    Nine tenths of the budget measure: single attributes, then the pairs, all under one
    noise; a tenth chooses. The number of rounds bounds the time, which is spent on
    fitting; the limits on cells and on memory bound each round. No limit looks at a
    clock.

    Attributes:
        num_rounds: Times that pairs are chosen and the model is fitted.
        pairs_per_attribute: Pairs in all, per attribute of the relation.
        max_cells: Most cells of a pair, in merged codes.
        max_model_mb: Most memory of the model's tables.
        num_iterations: Steps of mirror descent in a round; the last takes three times
            as many.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    num_rounds: int = 6
    pairs_per_attribute: float = 2.0
    max_cells: int = 10_000
    max_model_mb: float = 8.0
    num_iterations: int = 500
    max_rows: int = 0

    def __post_init__(self) -> None:
        check = checks.Fields("aim", self)
        check.number(*set(dataclasses.asdict(self)) - {"max_rows"}, above=0)
        check.number("max_rows", at_least=0)


def num_pairs(config: Config, schema: schemas.Schema) -> int:
    """Returns how many pairs are chosen in all; public."""
    attributes = relation.attributes(schema)
    wanted = round(config.pairs_per_attribute * len(attributes))
    return min(max(wanted, 1), len(mst.candidates(attributes)))


def shares(config: Config, schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Splits the budget into counts, all under one noise, and choices.

    A device is one record over all tables (`marginals.relation`): it changes one cell
    by one in each marginal that is measured, and each score by at most one.

    Args:
        config: Settings.
        schema: The public schema.
    """
    chosen = num_pairs(config, schema)
    num_counts = len(relation.attributes(schema)) + chosen
    return (
        split.Counts("sigma", num_counts, 1 - _SHARE_OF_CHOICES),
        split.Choices("epsilon_choice", chosen, _SHARE_OF_CHOICES),
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
    """Measures attributes, then pairs round by round, and fits the model to all.

    Args:
        config: Settings.
        schema: The public schema.
        calibrated: Noise of counts and of choices.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `marginals.model.pack` makes of the model.
    """
    devices = arrays.narrow(schema, devices)
    sigma = calibrated.noise("sigma")
    merged, records = model.measured(streams, schema, devices, context, sigma=sigma)
    limits = adaptive.Limits(
        sigma=sigma,
        epsilon_choice=calibrated.noise("epsilon_choice"),
        num_devices=num_devices,
        max_cells=config.max_cells,
        max_model_mb=config.max_model_mb,
    )
    search = adaptive.Search(schema, merged, records, limits)
    rounds = np.array_split(np.arange(num_pairs(config, schema)), config.num_rounds)
    for number, part in enumerate(rounds):
        search.fit(config.num_iterations)
        search.choose_and_measure(streams, context, number, len(part))
        context.progress(number + 1, config.num_rounds + 1, {})
    search.fit(3 * config.num_iterations)
    context.progress(config.num_rounds + 1, config.num_rounds + 1, {})
    return model.pack(merged, search.steps, search.tables)


sample = model.sample


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of counts and of choices.

    Args:
        config: Settings.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If no noise meets the budget.
    """
    schema = schema.narrowed(config.max_rows)
    calibrated = split.calibrate(shares(config, schema), budget)
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, budget.num_devices),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts
        | {
            "num_attributes": len(relation.attributes(schema)),
            "num_pairs": num_pairs(config, schema),
            "num_rounds": config.num_rounds,
            "max_model_mb": config.max_model_mb,
        },
        max_rows=schema.max_rows,
    )
