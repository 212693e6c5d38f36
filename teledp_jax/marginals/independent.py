"""A fleet whose columns are independent given the numbers of rows of its tables."""

from typing import Any

import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import measure

_LOW = 3.0  # cells below so many standard deviations of noise are smoothed


def name_of(schema: schemas.Schema, vector: measure.Pooled) -> str:
    """Names a measured vector in a fitted model."""
    if vector.column < 0:
        return f"{vector.table}/rows"
    return f"{vector.table}/{schema.table(vector.table).columns[vector.column].name}"


def smooth(
    noisy: Integer[np.ndarray, " code"] | Float[np.ndarray, " code"],
    *,
    sigma: float,
    first_ordinal: int,
) -> Float[np.ndarray, " code"]:
    """Turns noisy counts into shares: not negative, summing to one.

    Cells far above the noise stay. A run of low ordinal cells shares its noisy total,
    which is unbiased, by a log-linear shape between its neighbours, or decaying where
    it has one neighbour; so a tail does not vanish or become flat. Low cells without
    an order are projected to the nearest that are not negative and keep their total.

    Args:
        noisy: Counts under noise.
        sigma: Standard deviation of the noise of a cell.
        first_ordinal: Codes from here on have an order.

    Returns:
        Shares of codes.
    """
    counts = noisy.astype(np.float64)
    low = counts < _LOW * sigma
    result = np.where(low, 0.0, counts)
    unordered = np.flatnonzero(low[:first_ordinal])
    result[unordered] = _project(counts[unordered])
    index = first_ordinal
    while index < len(counts):
        if not low[index]:
            index += 1
            continue
        stop = index
        while stop < len(counts) and low[stop]:
            stop += 1
        total = max(counts[index:stop].sum(), 0.0)
        left = counts[index - 1] if index > first_ordinal else None
        right = counts[stop] if stop < len(counts) else None
        result[index:stop] = total * _shape(stop - index, left, right, total)
        index = stop
    if result.sum() <= 0:
        return np.full(len(counts), 1 / len(counts))
    return result / result.sum()


def _project(values: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " cell"]:
    """The nearest vector that is not negative and has the same total, if positive."""
    total = values.sum()
    if total <= 0:
        return np.zeros_like(values)
    ordered = np.sort(values)[::-1]
    shifts = (np.cumsum(ordered) - total) / np.arange(1, len(values) + 1)
    shift = shifts[np.flatnonzero(ordered > shifts)[-1]]
    return np.maximum(values - shift, 0.0)


def _shape(
    length: int, left: float | None, right: float | None, total: float
) -> Float[np.ndarray, " cell"]:
    """How a run of low cells shares its total."""
    steps = np.arange(1, length + 1)
    if left is not None and right is not None:
        slope = np.log(right / left) / (length + 1)
        shape = np.exp(slope * steps)
    else:
        edge = left if left is not None else right
        ratio = 1.0 if edge is None else _ratio(total / edge, length)
        shape = ratio ** (steps if left is not None else steps[::-1])
    return shape / shape.sum()


def _ratio(total: float, length: int) -> float:
    """The ratio r in (0, 1] at which r + r^2 + ... + r^length is the total."""
    low, high = 1e-3, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        above = (middle ** np.arange(1, length + 1)).sum() > total
        low, high = (low, middle) if above else (middle, high)
    return high


def estimate(
    schema: schemas.Schema,
    noisy: list[Integer[np.ndarray, " _"]],
    *,
    sigma: float,
) -> base.Tree:
    """Estimates shares from noisy counts of `measure.pooled_vectors`.

    A bucket of rows with few devices leans on the shares over all buckets.

    Args:
        schema: The public schema.
        noisy: Noisy counts of each vector.
        sigma: Standard deviation of the noise of a cell.

    Returns:
        Shares `[bucket, code]` by `table/column` and `table/rows`.
    """
    model: dict[str, Any] = {}
    for vector, counts in zip(measure.pooled_vectors(schema), noisy, strict=True):
        cells = counts.reshape(vector.num_buckets, vector.num_codes)
        first_ordinal = 1
        if vector.column >= 0:
            column = schema.table(vector.table).columns[vector.column]
            first_ordinal = column.first_bin if column.is_number else column.num_codes
        spread = sigma * vector.num_buckets**0.5
        pooled = smooth(cells.sum(axis=0), sigma=spread, first_ordinal=first_ordinal)
        shares = [pooled]
        if vector.num_buckets > 1:
            # The norm of a bucket's noise is the weight of what all buckets say.
            leaning = sigma * vector.num_codes**0.5
            shares = [
                (max(bucket.sum(), 0) * own + leaning * pooled)
                / (max(bucket.sum(), 0) + leaning)
                for bucket, own in (
                    (row, smooth(row, sigma=sigma, first_ordinal=first_ordinal))
                    for row in cells
                )
            ]
        model[name_of(schema, vector)] = np.stack(shares)
    return model


def sample(
    key: Key[Array, ""], schema: schemas.Schema, model: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from what `estimate` returned.

    Args:
        key: Public.
        schema: The public schema.
        model: Shares of codes by table and column.
        count: Number of devices.

    Returns:
        The devices, their columns independent given the numbers of rows.
    """
    generator = keys.generator(key)
    devices = {}
    for table in schema.tables:
        if table.role == "anchor":
            num_rows = np.ones(count, np.int64)
        else:
            num_rows = _draw(generator, model[f"{table.name}/rows"][0], count)
        buckets = np.repeat(measure.row_bucket(num_rows), num_rows)
        codes = np.zeros((len(buckets), len(table.columns)), np.int32)
        for position, column in enumerate(table.columns):
            for bucket, shares in enumerate(model[f"{table.name}/{column.name}"]):
                here = buckets == bucket
                codes[here, position] = _draw(generator, shares, int(here.sum()))
        rows = arrays.TableArrays(codes, arrays.edges(num_rows))
        devices[table.name] = measure.in_order(table, rows)
    return devices


def _draw(
    generator: np.random.Generator, shares: Float[np.ndarray, " code"], count: int
) -> Integer[np.ndarray, " drawn"]:
    """Codes in the shares given, as evenly as whole numbers allow, in random order."""
    cumulative = np.cumsum(shares)
    points = (np.arange(count) + generator.random()) / max(count, 1)
    codes = np.searchsorted(cumulative / cumulative[-1], points, side="right")
    return generator.permutation(np.minimum(codes, len(shares) - 1))
