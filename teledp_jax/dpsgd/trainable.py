"""What training needs of a model."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key, UInt

from teledp_jax.dpsgd import clipping

Codes = UInt[Array, "device head"] | UInt[np.ndarray, "device head"]


def _none(codes: Int[Array, "device head"]) -> Int[Array, "device table"]:
    """No table is packed."""
    return jnp.zeros((codes.shape[0], 0), jnp.int32)


class Model(NamedTuple):
    """What training needs of a model.

    Attributes:
        init: Starting parameters.
        inputs: From codes and a key to a batch: what a device's loss reads, devices
            first, with the loss's own random draws in it, so that each clipping path
            sees the same ones. Training calls it for each device by itself (by `vmap`)
            with a key of its own, so that no draw depends on the micro-batch.
        losses: Loss of each device of such a batch.
        num_rows: From codes to the rows of each table that the loss packs; see
            `models.packing`.
        row_limits: From a number of devices to the slots of each such table.
    """

    init: Callable[[Key[Array, ""]], clipping.Params]
    inputs: Callable[[Int[Array, "device head"], Key[Array, ""]], clipping.Batch]
    losses: clipping.LossesFn
    num_rows: Callable[[Int[Array, "device head"]], Int[Array, "device table"]] = _none
    row_limits: Callable[[int], tuple[int, ...]] = lambda num_devices: ()
