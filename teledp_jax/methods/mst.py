"""Noisy pairs of attributes that span a tree, and the graphical model they imply."""

import dataclasses
import functools

import jax

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    chosen_pairs,
    graph,
    model,
    mst,
    relation,
    spanning,
)
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the spanning tree.

    A third of the budget measures single attributes, a third chooses pairs and a third
    measures them, as published. Rounds are one for each attribute less one; time and
    memory follow only from the schema, not from the data.

    Attributes:
        num_iterations: Steps of mirror descent at the end.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    num_iterations: int = 1000
    max_rows: int = 0

    def __post_init__(self) -> None:
        check = checks.Fields("mst", self)
        check.number("num_iterations", at_least=1)
        check.number("max_rows", at_least=0)


def shares(schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Gives a third of the budget to single attributes, to choices and to pairs each.

    A device is one record over all tables (`marginals.relation`): it changes one cell
    by one in each marginal that is measured.

    Args:
        schema: The public schema.
    """
    attributes = relation.attributes(schema)
    return (
        split.Counts("sigma_single", len(attributes), 1 / 3),
        split.Choices("epsilon_choice", mst.num_choices(attributes), 1 / 3),
        split.Counts("sigma_pair", max(len(attributes) - 1, 1), 1 / 3),
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
    """Measures attributes, chooses and measures pairs, and fits the model to all.

    Args:
        config: Settings.
        schema: The public schema.
        calibrated: Noise of the three parts.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `marginals.model.pack` makes of the model.
    """
    devices = arrays.narrow(schema, devices)
    sigma = calibrated.noise("sigma_single")
    merged, records = model.measured(streams, schema, devices, context, sigma=sigma)
    context.progress(1, 3, {})
    pairs = spanning.choose_pairs(
        streams, relation.attributes(schema), merged, records, context,
        num_devices=num_devices, epsilon=calibrated.noise("epsilon_choice"),
    )  # fmt: skip
    context.progress(2, 3, {})
    sizes = [own.num_groups for own in merged]
    measured = model.measurements(merged, sigma=sigma)
    measured += chosen_pairs.measured_pairs(
        "counted", jax.random.fold_in(streams.noise, 1), sizes, records, pairs, context,
        sigma=calibrated.noise("sigma_pair"),
    )  # fmt: skip
    fitted = graph.estimate(
        sizes, measured, total=num_devices, num_iterations=config.num_iterations
    )
    steps = graph.drawing_steps(sizes, pairs, model.details(schema))
    context.progress(3, 3, {})
    return model.pack(merged, steps, graph.conditionals(sizes, fitted, steps))


sample = model.sample


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of single attributes, of choices and of pairs.

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
    attributes = relation.attributes(schema)
    calibrated = split.calibrate(shares(schema), budget)
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, budget.num_devices),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts
        | {
            "num_attributes": len(attributes),
            "num_rounds": mst.num_choices(attributes),
        },
        max_rows=schema.max_rows,
    )
