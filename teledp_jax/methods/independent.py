"""Noisy one-way marginals; columns independent given the numbers of rows."""

import dataclasses

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import independent, measure
from teledp_jax.privacy import accounting, budgets, events


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Nothing to choose: every vector gets the same noise."""


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates one noise for all one-way marginals of the schema.

    A device changes one cell by one in each vector of `measure.pooled_vectors`: an
    anchor or group column, a number of rows, or an entity column to which each device
    brings one of its rows.
    """
    del config
    num_vectors = len(measure.pooled_vectors(schema))

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        one = events.DiscreteGaussianDpEvent(noise_multiplier * num_vectors**0.5)
        return dp_accounting.SelfComposedDpEvent(one, num_vectors)

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigma = noise_multiplier * num_vectors**0.5

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        noisy = noisy_counts(streams, schema, devices, context, sigma=sigma)
        context.progress(1, 1, {})
        return independent.estimate(schema, noisy, sigma=sigma)

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        return independent.sample(key, schema, fitted, count)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "sigma": sigma,
            "num_vectors": num_vectors,
        },
    )


def noisy_counts(
    streams: keys.Keys,
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> list[np.ndarray]:
    """Measures `measure.pooled_counts` under noise, once: a resumed fit reads it."""
    saved = context.store.load("noisy_counts")
    if saved is None:
        counts = measure.pooled_counts(
            streams.batch, schema, devices, first=context.part.first
        )
        exact = context.part.total(np.concatenate(counts))
        key = jax.random.fold_in(streams.noise, 0)
        saved = {"counts": context.integer_noise(key, exact, sigma)}
        context.store.save("noisy_counts", saved)
    sizes = [
        vector.num_buckets * vector.num_codes
        for vector in measure.pooled_vectors(schema)
    ]
    return np.split(np.asarray(saved["counts"]), np.cumsum(sizes)[:-1])
