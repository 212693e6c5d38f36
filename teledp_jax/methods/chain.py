"""A chain of log-linear links that meets noisy statistics of whole devices."""

import dataclasses
import functools

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import (
    clipped,
    device_model,
    plans,
    statistics,
    tilt,
    weighed,
)
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of the chain.

    What is measured of a device is one vector over all of its tables: all rows, nothing
    for a table that it lacks. It is clipped once in L2, at a bound that most devices
    keep, found under noise, and released once (`marginals.statistics`,
    `marginals.vectors`). The chain draws anchor columns, numbers of rows, items and
    columns, each given all that it was measured with (`marginals.whole`). With a
    `tilt_share` a pool of its draws is weighed to what devices answer to the workload's
    own queries (`marginals.tilt`), and devices are drawn from the pool.

    Attributes:
        pairs: Pairs of variables to measure finely, each `table/column` or `table/rows`
            (its number of rows), as the queries name them; pairs that any fleet is
            asked about are measured besides. None: those only.
        norm_share: Share of the privacy loss that finds the bound of the clip.
        tilt_share: Share that the statistics of the workload's queries get; 0: none are
            asked. Queries take part whose headers declare contributions.
    """

    pairs: tuple[tuple[str, str], ...] | None = None
    norm_share: float = 0.02
    tilt_share: float = 0.0

    def __post_init__(self) -> None:
        check = checks.Fields("chain", self)
        check.number("norm_share", above=0, below=1)
        check.number("tilt_share", at_least=0, below=1)
        left = self.norm_share + self.tilt_share < 1
        check.that("tilt_share", left, "to leave the chain a share besides norm_share")


def fit(
    config: Config,
    schema: schemas.Schema,
    plan: statistics.Plan,
    calibrated: split.Calibrated,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures statistics and fits the chain.

    Args:
        config: Choices.
        schema: The public schema.
        plan: What is measured.
        calibrated: Noise of norms and of statistics.
        num_devices: Noisy number of devices.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        The links of the chain, or a weighed pool of its draws.
    """
    fitted, facts = device_model.learn(
        streams, schema, plan, devices, context,
        norm_sigma=calibrated.noise("norm_sigma"), sigma=calibrated.noise("sigma"),
        num_devices=num_devices,
    )  # fmt: skip
    context.progress(1, 1, {})
    if not config.tilt_share:
        return {**fitted, base.FACTS: facts}
    size = weighed.pool_size(num_devices)
    pool = device_model.draw(schema, jax.random.fold_in(streams.init, 1), fitted, size)
    tree, found = weighed.weigh(
        streams, schema, pool, np.full(size, 1 / size), devices, context,
        sigma=calibrated.noise(tilt.SIGMA), num_devices=num_devices,
    )  # fmt: skip
    return {**tree, base.FACTS: facts | found}


def sample(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from what `fit` returned.

    Args:
        schema: The public schema.
        key: Public.
        fitted: What `fit` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    drawn = weighed.draw if weighed.POOL in fitted else device_model.draw
    return drawn(schema, key, fitted, count)


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of norms and statistics together.

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
    share = 1 - config.norm_share - config.tilt_share
    parts = (
        split.Counts("norm_sigma", 1, config.norm_share),
        split.ClippedSums("sigma", clipped.STEPS, share),
        *tilt.part(config.tilt_share),
    )
    calibrated = split.calibrate(parts, budget)
    sizes = {"num_blocks": len(plan.blocks), "num_cells": plan.num_cells}
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(
            fit, config, schema, plan, calibrated, budget.num_devices
        ),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | sizes,
    )
