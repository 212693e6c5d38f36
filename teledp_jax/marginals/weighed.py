"""A pool of whole devices, weighed to a workload's own queries, and draws from it."""

import numpy as np
from jaxtyping import Array, Float, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import tilt

POOL = "pool"
"""Where a fitted tree holds the records."""

_FEWEST, _MOST = 20_000, 100_000  # records


def pool_size(num_devices: int) -> int:
    """Returns how many records a pool needs for a fleet of so many devices.

    Args:
        num_devices: Noisy number of devices.

    Returns:
        The nearest number in 20,000 to 100,000.
    """
    return min(max(num_devices, _FEWEST), _MOST)


def tree(
    schema: schemas.Schema,
    pool: arrays.DeviceArrays,
    weights: Float[np.ndarray, " record"],
) -> base.Tree:
    """Makes a tree of a weighed pool, as `draw` takes it.

    Args:
        schema: The public schema.
        pool: The records.
        weights: Of the records; they sum to one.

    Returns:
        The tree.
    """
    tables = {
        table.name: dict(zip(arrays.TableArrays._fields, pool[table.name], strict=True))
        for table in schema.tables
    }
    return {POOL: tables, "weights": weights}


def weigh(
    streams: keys.Keys,
    schema: schemas.Schema,
    pool: arrays.DeviceArrays,
    prior: Float[np.ndarray, " record"],
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
    num_devices: int,
) -> tuple[base.Tree, dict[str, float]]:
    """Tilts a pool; the event is that of `tilt.part`.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        pool: Devices drawn from a private model, DP outputs.
        prior: Their weights, which sum to one.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of the tilt's statistics, in steps.
        num_devices: Noisy number of devices.

    Returns:
        The pool as `draw` takes it, and public numbers of the tilt.
    """
    tilted = tilt.tilt(
        streams, schema, pool, prior, devices, context,
        sigma=sigma, num_devices=num_devices,
    )  # fmt: skip
    return tree(schema, pool, tilted.weights), tilted.facts


def draw(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices by weight, each as often as its weight says, up to one.

    Args:
        schema: The public schema.
        key: Public.
        fitted: What `tree` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    generator = keys.generator(key)
    pool = pool_of(schema, fitted)
    # Systematic sampling.
    ends = np.cumsum(np.asarray(fitted["weights"], np.float64))
    points = (np.arange(count) + generator.random()) / max(count, 1) * ends[-1]
    index = np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)
    return arrays.take(pool, generator.permutation(index))


def pool_of(schema: schemas.Schema, fitted: base.Tree) -> arrays.DeviceArrays:
    """Returns the records of a fitted tree.

    Args:
        schema: The public schema.
        fitted: What `tree` or `pools.draw` returned.

    Returns:
        The records as devices.
    """
    return {
        table.name: arrays.TableArrays(
            **{name: np.asarray(p) for name, p in fitted[POOL][table.name].items()}
        )
        for table in schema.tables
    }
