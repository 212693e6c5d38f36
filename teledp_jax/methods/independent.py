"""Noisy one-way marginals of whole devices; columns independent given rows."""

import dataclasses
import functools

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import clipped, device_model, plans, statistics
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of independent marginals.

    Numbers of rows, and columns by bucket of that number, are counted over all rows of
    a device; one that lacks a table adds nothing. The counts of a device are clipped
    once in L2, at a bound found under noise, and released once, as `chain` does without
    what ties one variable to another.

    Attributes:
        norm_share: Share of the privacy loss that finds the bound of the clip.
    """

    norm_share: float = 0.02

    def __post_init__(self) -> None:
        check = checks.Fields("independent", self)
        check.number("norm_share", above=0, below=1)


def fit(
    schema: schemas.Schema,
    plan: statistics.Plan,
    calibrated: split.Calibrated,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures all marginals, once.

    Args:
        schema: The public schema.
        plan: What is measured.
        calibrated: Noise of norms and of marginals.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        Shares of codes by table and column.
    """
    fitted, facts = device_model.learn(
        streams, schema, plan, devices, context,
        norm_sigma=calibrated.noise("norm_sigma"), sigma=calibrated.noise("sigma"),
        num_devices=num_devices,
    )  # fmt: skip
    context.progress(1, 1, {})
    return {**fitted, base.FACTS: facts}


sample = device_model.draw


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of norms and marginals together.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If no noise meets the budget.
    """
    plan = plans.one_way(schema)
    parts = (
        split.Counts("norm_sigma", 1, config.norm_share),
        split.ClippedSums("sigma", clipped.STEPS, 1 - config.norm_share),
    )
    calibrated = split.calibrate(parts, budget)
    sizes = {"num_blocks": len(plan.blocks), "num_cells": plan.num_cells}
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, schema, plan, calibrated, budget.num_devices),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | sizes,
    )
