"""One-way marginals over all rows of a table, from counts of one row per device.

`measure.pooled_counts` counts one random row of each device under the bucket of its
number of rows; a row of a bucket stands for as many as its devices have on average.
"""

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import independent, measure

Column = tuple[str, int]
"""A table's name, and the position of a column or -1 for the number of rows."""


def shares(
    schema: schemas.Schema,
    noisy: list[Integer[np.ndarray, " _"]],
    *,
    sigma: float,
) -> dict[Column, Float[np.ndarray, " _"]]:
    """Smooths shares of codes over all rows, for each vector of `pooled_vectors`.

    Args:
        schema: The public schema.
        noisy: Noisy counts of `measure.pooled_vectors`.
        sigma: Standard deviation of the noise of each.

    Returns:
        Shares, which sum to one, by column.
    """
    model = independent.estimate(schema, noisy, sigma=sigma)
    found = {}
    for vector in measure.pooled_vectors(schema):
        own = np.asarray(model[independent.name_of(schema, vector)], np.float64)
        weights = np.ones(1)
        if vector.num_buckets > 1:
            weights = _row_mass(model, vector)
        found[vector.table, vector.column] = weights @ own / weights.sum()
    return found


def _row_mass(model: base.Tree, vector: measure.Pooled) -> Float[np.ndarray, " bucket"]:
    """Share of rows in each bucket; equal ones if there are no rows."""
    devices = np.asarray(model[f"{vector.table}/rows"][0], np.float64)[1:]
    number = np.arange(1, len(devices) + 1)
    bucket = measure.row_bucket(number)
    mass = np.bincount(bucket, number * devices, minlength=vector.num_buckets)
    return mass if mass.sum() > 0 else np.ones(vector.num_buckets)


def totals(
    schema: schemas.Schema,
    noisy: list[Integer[np.ndarray, " _"]],
    *,
    sigma: float,
) -> dict[Column, tuple[Float[np.ndarray, " code"], float]]:
    """Adds up noisy counts of codes over all rows.

    Args:
        schema: The public schema.
        noisy: Noisy counts of `measure.pooled_vectors`.
        sigma: Standard deviation of the noise of each.

    Returns:
        Counts, in devices, and the standard deviation of their noise, by column.
    """
    vectors = measure.pooled_vectors(schema)
    rows = {
        vector.table: counts
        for vector, counts in zip(vectors, noisy, strict=True)
        if vector.column < 0
    }
    found = {}
    for vector, counts in zip(vectors, noisy, strict=True):
        cells = counts.reshape(vector.num_buckets, -1).astype(np.float64)
        mean = np.ones(1)
        if vector.num_buckets > 1:
            mean = _mean_rows(rows[vector.table], vector.num_buckets)
        stddev = float(sigma * np.sqrt((mean**2).sum()))
        found[vector.table, vector.column] = (mean @ cells, stddev)
    return found


def _mean_rows(
    counts: Integer[np.ndarray, " number"], num_buckets: int
) -> Float[np.ndarray, " bucket"]:
    """Mean number of rows of the devices in each bucket."""
    number = np.arange(1, len(counts))
    # Never zero: a bucket whose noisy counts are not positive has its middle.
    devices = np.maximum(counts[1:].astype(np.float64), 0.0) + 1e-3
    bucket = measure.row_bucket(number)
    mass = np.bincount(bucket, number * devices, minlength=num_buckets)
    return mass / np.bincount(bucket, devices, minlength=num_buckets)


def repeatable(schema: schemas.Schema) -> tuple[Column, ...]:
    """Categories of tables with several rows, whose values may come again."""
    return tuple(
        (table.name, position)
        for table in schema.tables
        if table.max_rows > 1
        for position, column in enumerate(table.columns)
        if not column.is_number
    )


def repeat_counts(
    schema: schemas.Schema, devices: arrays.DeviceArrays
) -> Integer[np.ndarray, " column"]:
    """Counts, for each of `repeatable`, the devices that have a code in several rows.

    A device that joins adds one to each count at most. The counts are exact, so
    private.

    Args:
        schema: The public schema.
        devices: The private devices.

    Returns:
        Counts. Private.
    """
    counts = []
    for name, position in repeatable(schema):
        table = devices[name]
        values = np.asarray(table.codes)[:, position].astype(np.int64)
        num_codes = schema.table(name).columns[position].num_codes
        cells = np.sort(arrays.owners(table) * num_codes + values)
        again = cells[1:][np.diff(cells) == 0] // num_codes
        counts.append(len(np.unique(again)))
    return np.array(counts, np.int64)


def repeat_shares(
    schema: schemas.Schema,
    noisy: list[Integer[np.ndarray, " _"]],
    noisy_repeats: Integer[np.ndarray, " column"],
) -> dict[Column, float]:
    """Computes shares of the devices with several rows of which some have one code.

    Args:
        schema: The public schema.
        noisy: Noisy counts of `measure.pooled_vectors`.
        noisy_repeats: Noisy `repeat_counts`.

    Returns:
        Shares, by column.
    """
    vectors = measure.pooled_vectors(schema)
    several = {
        vector.table: max(float(counts[2:].sum()), 1.0)
        for vector, counts in zip(vectors, noisy, strict=True)
        if vector.column < 0
    }
    return {
        column: float(count) / several[column[0]]
        for column, count in zip(repeatable(schema), noisy_repeats, strict=True)
    }
