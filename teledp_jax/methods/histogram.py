"""Noisy histograms of every column, table by table: what a user would do first.

Columns are drawn independently; the rows of an entity table are counted by one row of
each device, drawn uniformly, so that a device counts once in each histogram. Nothing
is smoothed: noisy counts below zero become zero.
"""

import dataclasses

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import model, relation
from teledp_jax.privacy import accounting, budgets, events


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Nothing to choose: every histogram gets the same noise."""


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates one noise for all histograms; a device changes one cell of each."""
    del config
    every = relation.attributes(schema)

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        one = events.DiscreteGaussianDpEvent(noise_multiplier * len(every) ** 0.5)
        return dp_accounting.SelfComposedDpEvent(one, len(every))

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigma = noise_multiplier * len(every) ** 0.5

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        part = context.part
        records = relation.records(streams.batch, schema, devices, first=part.first)
        noisy = model.measure_once(
            context,
            "counts",
            lambda: context.integer_noise(
                jax.random.fold_in(streams.noise, 0),
                part.total(np.concatenate(model.one_way(schema, records))),
                sigma,
            ),
        )
        context.progress(1, 1, {})
        return {
            str(index): np.maximum(counts, 0).astype(np.float64)
            for index, counts in enumerate(model.split(noisy, schema))
        }

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        generator = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())

        def draw(
            index: int,
            records: relation.Records,
            allowed: Integer[np.ndarray, " code"] | None,
        ) -> Integer[np.ndarray, " device"]:
            shares = np.asarray(fitted[str(index)])
            if allowed is not None:
                kept = np.isin(np.arange(len(shares)), allowed)
                shares = np.where(kept, shares, 0.0)
                shares = shares if shares.sum() > 0 else kept.astype(np.float64)
            context = np.zeros(len(records), np.int64)
            return relation.draw_rows(generator, shares[None, :], context)

        return relation.draw_devices(schema, range(len(every)), count, draw)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "sigma": sigma,
            "num_vectors": len(every),
        },
    )
