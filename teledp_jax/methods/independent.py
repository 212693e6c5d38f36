"""Noisy one-way marginals; columns independent given the numbers of rows."""

import dataclasses
import functools

from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import independent, measure, noisy
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """What a fit reads; every vector gets the same noise.

    Attributes:
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    max_rows: int = 0

    def __post_init__(self) -> None:
        checks.Fields("independent", self).number("max_rows", at_least=0)


def shares(schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Gives the whole budget to one-way marginals.

    A device changes one cell by one in each vector of `measure.pooled_vectors`: an
    anchor or group column, a number of rows, or an entity column to which each device
    brings one of its rows.

    Args:
        schema: The public schema.
    """
    return (split.Counts("sigma", len(measure.pooled_vectors(schema))),)


def fit(
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures all marginals, once.

    Args:
        schema: The public schema.
        calibrated: Noise of the marginals.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        Shares of codes by table and column.
    """
    devices = arrays.narrow(schema, devices)
    model = noisy.one_way_model(
        streams, schema, devices, context, sigma=calibrated.noise("sigma")
    )
    context.progress(1, 1, {})
    return model


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
    return independent.sample(key, schema, fitted, count)


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates one noise for all one-way marginals of the schema.

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
    calibrated = split.calibrate(shares(schema), budget)
    return base.Synthesizer(
        event=calibrated.event_of("sigma"),
        fit=functools.partial(fit, schema, calibrated),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | {"num_vectors": len(measure.pooled_vectors(schema))},
        max_rows=schema.max_rows,
    )
