"""Marginals under noise: each is counted once, through `privacy.release`.

A device adds one to at most one cell of each vector here, so each vector has
sensitivity 1, and n vectors together have L2 sensitivity sqrt(n).
"""

import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import independent, measure, relation, rows
from teledp_jax.privacy import release

Counts = list[Integer[np.ndarray, " _"]]


def pooled_counts(
    streams: keys.Keys,
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> Counts:
    """Counts `measure.pooled_vectors` under noise.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of each cell.

    Returns:
        A vector of noisy counts for each of `measure.pooled_vectors`.
    """
    return release.count_vectors_once(
        "noisy_counts",
        lambda: measure.pooled_counts(
            streams.batch, schema, devices, first=context.part.first
        ),
        sizes=_pooled_sizes(schema),
        key=jax.random.fold_in(streams.noise, 0),
        sigma=sigma,
        context=context,
    )


def one_way_model(
    streams: keys.Keys,
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> base.Tree:
    """Measures one-way marginals under noise and turns them into shares.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of each count.

    Returns:
        What `independent.estimate` makes of the noisy counts.
    """
    counts = pooled_counts(streams, schema, devices, context, sigma=sigma)
    return independent.estimate(schema, counts, sigma=sigma)


def pooled_and_repeat_counts(
    key: Key[Array, ""],
    row_key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> tuple[Counts, Integer[np.ndarray, " column"]]:
    """Counts `measure.pooled_vectors` and `rows.repeatable` under one noise.

    Args:
        key: A noise key, spent on this measurement.
        row_key: Draws the rows that speak for devices; secret.
        schema: The public schema.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of each cell.

    Returns:
        Noisy counts of each of `measure.pooled_vectors`, and one of each of
        `rows.repeatable`: devices that have a code in several rows.
    """

    def exact() -> Counts:
        counts = measure.pooled_counts(
            row_key, schema, devices, first=context.part.first
        )
        return [*counts, rows.repeat_counts(schema, devices)]

    *noisy, repeats = release.count_vectors_once(
        "marginals",
        exact,
        sizes=[*_pooled_sizes(schema), len(rows.repeatable(schema))],
        key=key,
        sigma=sigma,
        context=context,
    )
    return noisy, repeats


def head_counts(
    key: Key[Array, ""],
    schema: schemas.Schema,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
) -> Counts:
    """Counts the codes of each of `schema.heads` over existing rows, under noise.

    Args:
        key: A noise key, spent on this measurement.
        schema: The public schema.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of each count.

    Returns:
        A vector of noisy counts for each head.
    """
    return release.count_vectors_once(
        "marginals",
        lambda: measure.one_way_counts(schema, devices),
        sizes=[head.num_codes for head in schema.heads],
        key=key,
        sigma=sigma,
        context=context,
    )


def attribute_counts(
    name: str,
    streams: keys.Keys,
    schema: schemas.Schema,
    records: relation.Records,
    context: base.Context,
    *,
    sigma: float,
) -> Counts:
    """Counts the codes of each of `relation.attributes` under noise.

    Args:
        name: What the counts are saved under.
        streams: Random streams of the fit.
        schema: The public schema.
        records: One record for each private device of this process.
        context: Of the fit.
        sigma: Noise of each count.

    Returns:
        A vector of noisy counts for each attribute.
    """
    attributes = relation.attributes(schema)
    sizes = [attribute.num_codes for attribute in attributes]
    return release.count_vectors_once(
        name,
        lambda: [
            np.bincount(records[:, index], minlength=size)
            for index, size in enumerate(sizes)
        ],
        sizes=sizes,
        key=jax.random.fold_in(streams.noise, 0),
        sigma=sigma,
        context=context,
    )


def _pooled_sizes(schema: schemas.Schema) -> list[int]:
    """Number of cells of each of `measure.pooled_vectors`."""
    return [
        vector.num_buckets * vector.num_codes
        for vector in measure.pooled_vectors(schema)
    ]
