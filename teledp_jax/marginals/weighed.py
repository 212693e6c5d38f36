"""A pool of whole devices, weighed to a workload's own queries, and draws from it."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import tilt

POOL = "pool"
"""Where a fitted tree holds the records."""

_FEWEST, _MOST = 20_000, 100_000  # records


def weigh(
    streams: keys.Keys,
    schema: schemas.Schema,
    draw_fn: Callable[[Key[Array, ""], int], arrays.DeviceArrays],
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
    num_devices: int,
) -> tuple[base.Tree, dict[str, float]]:
    """Draws a pool and tilts it; the event is that of `tilt.part`.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        draw_fn: Draws so many devices from a private model, by a public key.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of the tilt's statistics, in steps.
        num_devices: Noisy number of devices.

    Returns:
        The pool as `draw` takes it, and public numbers of the tilt.
    """
    size = min(max(num_devices, _FEWEST), _MOST)
    pool = draw_fn(jax.random.fold_in(streams.init, 1), size)
    tilted = tilt.tilt(
        streams, schema, pool, np.full(size, 1 / size), devices, context,
        sigma=sigma, num_devices=num_devices,
    )  # fmt: skip
    tables = {
        table.name: dict(zip(arrays.TableArrays._fields, pool[table.name], strict=True))
        for table in schema.tables
    }
    return {POOL: tables, "weights": tilted.weights}, tilted.facts


def draw(
    generator: np.random.Generator,
    schema: schemas.Schema,
    tree: Mapping[str, Any],
    count: int,
) -> arrays.DeviceArrays:
    """Draws devices by weight, each as often as its weight says, up to one.

    Args:
        generator: Public.
        schema: The public schema.
        tree: What `weigh` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    pool = pool_of(schema, tree)
    # Systematic sampling.
    ends = np.cumsum(np.asarray(tree["weights"], np.float64))
    points = (np.arange(count) + generator.random()) / max(count, 1) * ends[-1]
    index = np.minimum(np.searchsorted(ends, points, side="right"), len(ends) - 1)
    return arrays.take(pool, generator.permutation(index))


def pool_of(schema: schemas.Schema, tree: Mapping[str, Any]) -> arrays.DeviceArrays:
    """Returns the records of a fitted tree.

    Args:
        schema: The public schema.
        tree: What `weigh` or `pools.draw` returned.
    """
    return {
        table.name: arrays.TableArrays(
            **{name: np.asarray(part) for name, part in tree[POOL][table.name].items()}
        )
        for table in schema.tables
    }
