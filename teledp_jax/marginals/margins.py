"""Noisy one-way marginals as shares that weights of records should meet."""

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import independent, measure

Margin = tuple[Integer[np.ndarray, "record part"], Float[np.ndarray, " cell"]]
"""For each record the cells that it lies in, -1 where it has fewer, and the share of
all devices that each cell should hold. A record's weight is spread evenly over its
cells."""


def one_way(
    schema: schemas.Schema,
    model: base.Tree,
    codes: Integer[np.ndarray, "record head"],
) -> list[Margin]:
    """Places records in the cells of noisy marginals.

    Args:
        schema: The public schema.
        model: What `independent.estimate` returned.
        codes: Flattened records, public or DP outputs.

    Returns:
        A margin for each of `measure.pooled_vectors`. Cells of a column are bucket of
        the number of rows * num_codes + code; the last is for devices without a row.
    """
    devices = arrays.unflatten(schema, codes)
    margins = []
    for vector in measure.pooled_vectors(schema):
        shares = model[independent.name_of(schema, vector)]
        max_rows = schema.table(vector.table).max_rows
        table = arrays.padded(devices[vector.table], max_rows)
        num_rows = table.mask.sum(axis=1)
        if vector.column < 0:
            margins.append((num_rows[:, None], shares[0]))
            continue
        bucket = measure.row_bucket(num_rows)
        cells = table.codes[:, :, vector.column].astype(np.int64)
        cells += bucket[:, None] * vector.num_codes
        missing = vector.num_buckets * vector.num_codes
        cells = np.where(table.mask, cells, -1)
        cells[:, 0] = np.where(num_rows > 0, cells[:, 0], missing)
        margins.append((cells, _with_rows(schema, model, vector, shares)))
    return margins


def _with_rows(
    schema: schemas.Schema,
    model: base.Tree,
    vector: measure.Pooled,
    shares: Float[np.ndarray, "bucket code"],
) -> Float[np.ndarray, " cell"]:
    """Shares of all devices by cell, the last for devices without the table."""
    if schema.table(vector.table).role == "anchor":
        return np.append(shares[0], 0.0)
    # P(bucket, code) = P(code | bucket) * P(number of rows in bucket).
    rows = model[f"{vector.table}/rows"][0]
    bucket = measure.row_bucket(np.arange(1, len(rows)))
    by_bucket = np.bincount(bucket, rows[1:], minlength=vector.num_buckets)
    return np.append((shares * by_bucket[:, None]).ravel(), rows[0])
