"""Draws synthetic devices from a fitted method."""

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, schemas

_SAMPLE, _DECODE = 2, 3  # what the public key is folded with


def draw(
    method: base.Synthesizer,
    schema: schemas.Schema,
    fitted: base.Tree,
    public: Key[Array, ""],
    num_devices: int,
) -> tuple[arrays.DeviceArrays, np.random.Generator]:
    """Draws devices, and makes the generator that decodes them.

    Args:
        method: The method.
        schema: The device tables.
        fitted: What its fit returned.
        public: The public key of the draw: the same key, the same devices.
        num_devices: How many.

    Returns:
        Codes of the devices, and what draws values inside of bins.

    Raises:
        ValueError: If the method breaks a bound of the schema.
    """
    devices = method.sample(jax.random.fold_in(public, _SAMPLE), fitted, num_devices)
    arrays.check(schema, devices)
    inside = jax.random.key_data(jax.random.fold_in(public, _DECODE))
    return devices, np.random.default_rng(np.asarray(inside))
