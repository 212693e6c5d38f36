"""A pool of whole devices, drawn from a model of one clipped release."""

from typing import NamedTuple

import jax

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import device_model, statistics, weighed


class Release(NamedTuple):
    """What is measured for a pool, and how finely.

    Attributes:
        plan: The statistics.
        norm_sigma: Noise of the counts of norms, of which a device changes one by one.
        sigma: Noise of the statistics, in steps of `clipped`.
        num_devices: Noisy number of devices.
        size: Records of the pool.
    """

    plan: statistics.Plan
    norm_sigma: float
    sigma: float
    num_devices: int
    size: int


def draw(
    streams: keys.Keys,
    schema: schemas.Schema,
    release: Release,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Measures devices and draws a pool from the model of what was measured.

    Args:
        streams: Random streams of the fit; noise streams 0 and 1 are spent.
        schema: The public schema.
        release: What is measured.
        devices: The private devices of this process.
        context: Of the fit.

    Returns:
        The pool, the same in all processes, under `weighed.POOL`, and the bound of the
        clip among `base.FACTS`: DP outputs.
    """
    fitted, facts = device_model.learn(
        streams, schema, release.plan, devices, context,
        norm_sigma=release.norm_sigma, sigma=release.sigma,
        num_devices=release.num_devices,
    )  # fmt: skip

    def drawn() -> base.Tree:
        key = jax.random.fold_in(streams.init, 1)
        pool = device_model.draw(schema, key, fitted, release.size)
        return {name: rows._asdict() for name, rows in pool.items()}

    return {weighed.POOL: context.part.once(drawn), base.FACTS: facts}
