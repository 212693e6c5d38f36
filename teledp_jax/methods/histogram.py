"""Noisy histograms of every column, table by table: what a user would do first.

Columns are drawn independently; the rows of an entity table are counted by one row of
each device, drawn uniformly, so that a device counts once in each histogram. Nothing
is smoothed: noisy counts below zero become zero.
"""

import dataclasses
import functools

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import noisy, relation
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """What a fit reads; every histogram gets the same noise.

    Attributes:
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    max_rows: int = 0

    def __post_init__(self) -> None:
        checks.Fields("histogram", self).number("max_rows", at_least=0)


def shares(schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Gives the whole budget to histograms; a device changes one cell of each.

    Args:
        schema: The public schema.
    """
    return (split.Counts("sigma", len(relation.attributes(schema))),)


def fit(
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures all histograms, once.

    Args:
        schema: The public schema.
        calibrated: Noise of the histograms.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        The noisy counts of each attribute, none below zero, by its number.
    """
    devices = arrays.narrow(schema, devices)
    records = relation.records(streams.batch, schema, devices, first=context.part.first)
    histograms = noisy.attribute_counts(
        "counts", streams, schema, records, context, sigma=calibrated.noise("sigma")
    )
    context.progress(1, 1, {})
    return {
        str(index): np.maximum(counts, 0).astype(np.float64)
        for index, counts in enumerate(histograms)
    }


def sample(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from what `fit` returned, attribute by attribute.

    Args:
        schema: The public schema.
        key: Public.
        fitted: What `fit` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    generator = keys.generator(key)

    def draw(
        index: int,
        records: relation.Records,
        allowed: Integer[np.ndarray, " code"] | None,
    ) -> Integer[np.ndarray, " device"]:
        weights = np.asarray(fitted[str(index)])
        if allowed is not None:
            kept = np.isin(np.arange(len(weights)), allowed)
            weights = np.where(kept, weights, 0.0)
            weights = weights if weights.sum() > 0 else kept.astype(np.float64)
        given = np.zeros(len(records), np.int64)  # nothing: columns are independent
        return relation.draw_rows(generator, weights[None, :], given)

    every = range(len(relation.attributes(schema)))
    return relation.draw_devices(schema, every, count, draw)


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates one noise for all histograms.

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
        facts=calibrated.facts | {"num_vectors": len(relation.attributes(schema))},
        max_rows=schema.max_rows,
    )
