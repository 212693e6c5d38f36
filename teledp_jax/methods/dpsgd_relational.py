"""`dpsgd_relational`: one autoregressive model of the whole device, by DP-SGD."""

import dataclasses
import functools

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.dpsgd import recipes
from teledp_jax.dpsgd.models import relational_fit, relational_layout
from teledp_jax.marginals import measure, noisy, rows, tilt
from teledp_jax.pe import population
from teledp_jax.privacy import budgets, checks, split

_POOL = "pool"  # of a fitted method that was tilted


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(relational_fit.Options):
    """Settings of the method.

    Attributes:
        marginal_share: Share of the budget (of the square of its Gaussian-DP
            parameter) for noisy one-way marginals, of what the tilt leaves.
        tilt_share: Share of the budget that the statistics of the workload's queries
            get: as many devices as were counted, 20,000 to 200,000, are drawn from the
            model and tilted to them (`marginals.tilt`). 0: none are asked.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    marginal_share: float = 0.5
    tilt_share: float = 0.0
    max_rows: int = 0

    def __post_init__(self) -> None:
        check = checks.Fields("dpsgd_relational", self)
        relational_fit.check(check)
        check.number("marginal_share", above=0, below=1)
        check.number("max_rows", at_least=0)
        check.number("tilt_share", at_least=0, below=1)


def _fit(
    config: Config,
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    calibrated: split.Calibrated,
    recipe: recipes.Recipe,
    num_devices: int,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures marginals and trains on them and the devices; tilts, if asked."""
    devices = arrays.narrow(schema, devices)
    marginal_key, step_key = jax.random.split(streams.noise)
    row_key, batch_key = jax.random.split(streams.batch)
    sigma = calibrated.noise("marginal_sigma")
    counts, repeats = noisy.pooled_and_repeat_counts(
        marginal_key, row_key, schema, devices, context, sigma=sigma
    )
    marginals = relational_fit.Marginals(
        shares=rows.shares(schema, counts, sigma=sigma),
        totals=rows.totals(schema, counts, sigma=sigma),
        repeats=rows.repeat_shares(schema, counts, repeats),
    )
    fitted = relational_fit.fit(
        schema, layout, marginals, recipe, config,
        streams._replace(noise=step_key, batch=batch_key),
        arrays.flatten(schema, devices), context,
    )  # fmt: skip
    if not config.tilt_share:
        return fitted
    pool = relational_fit.draw_devices(
        schema, layout, config.num_samples, jax.random.fold_in(streams.sample, 1),
        fitted, population.pool_within(num_devices),
    )  # fmt: skip
    size = arrays.num_devices(pool)
    tilted = tilt.tilt(
        streams, schema, pool, np.full(size, 1 / size), devices, context,
        sigma=calibrated.noise(tilt.SIGMA), num_devices=num_devices,
    )  # fmt: skip
    records = {"codes": arrays.flatten(schema, pool), "weights": tilted.weights}
    return {_POOL: records, base.FACTS: fitted.get(base.FACTS, {}) | tilted.facts}


def _sample(
    schema: schemas.Schema,
    layout: relational_layout.Layout,
    num_samples: int,
    key: Key[Array, ""],
    fitted: base.Tree,
    count: int,
) -> arrays.DeviceArrays:
    """Draws devices from the model, or from its tilted pool."""
    if _POOL in fitted:
        return population.draw_devices(schema, key, fitted[_POOL], count)
    return relational_fit.draw_devices(schema, layout, num_samples, key, fitted, count)


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Lays out the network and calibrates both noises to the budget.

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
    layout = relational_layout.layout(schema)
    size = relational_fit.num_parameters(layout)
    # A device adds one to at most one cell of each vector.
    num_vectors = len(measure.pooled_vectors(schema)) + len(rows.repeatable(schema))
    left, cost = 1.0 - config.tilt_share, recipes.cost(config, size)._asdict()
    share = left * config.marginal_share
    marginals = split.Counts("marginal_sigma", num_vectors, share)
    steps = split.Steps("noise_multiplier", share=left - share, **cost)
    tilts = tilt.part(config.tilt_share)
    calibrated = split.calibrate((marginals, steps, *tilts), budget)
    recipe = recipes.planned(
        config,
        num_devices=budget.num_devices,
        noise_multiplier=calibrated.noise("noise_multiplier"),
        l2_clip_norm=1.0,  # `relational_fit` replaces the clip
        normalise=True,
    )
    sizes = {"num_parameters": size, "num_vectors": num_vectors}
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(
            _fit, config, schema, layout, calibrated, recipe, budget.num_devices
        ),
        sample=functools.partial(_sample, schema, layout, config.num_samples),
        facts=calibrated.facts | recipe.facts | sizes,
        max_rows=schema.max_rows,
    )
