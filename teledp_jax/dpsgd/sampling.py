"""Exact Poisson sampling of devices, inside jit, with static shapes."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

_WORDS = 2**32


class Draw(NamedTuple):
    """The devices of one step. Secret.

    Attributes:
        slots: Positions of the drawn devices, in order, then the number of devices as
            a filler, up to a whole number of micro-batches.
        num_drawn: How many devices were drawn.
    """

    slots: Int[Array, " slot"]
    num_drawn: Int[Array, ""]


def threshold(sampling_prob: float) -> int:
    """The 32-bit word below which a random word draws a device.

    Args:
        sampling_prob: Wanted probability of a device to be in a step, in (0, 1].
    """
    return min(max(round(sampling_prob * _WORDS), 1), _WORDS - 1)


def exact_probability(sampling_prob: float) -> float:
    """The probability that `draw` has for `sampling_prob`: what must be accounted."""
    return threshold(sampling_prob) / _WORDS


def draw(
    key: Key[Array, ""], num_devices: int, *, sampling_prob: float, micro_batch: int
) -> Draw:
    """Draws each device by itself with `exact_probability(sampling_prob)`.

    The draw is never cut: there is a slot for each device, and a step runs only as
    many micro-batches as the draw fills.

    Args:
        key: The step's batch key.
        num_devices: Size of the fleet.
        sampling_prob: See `threshold`.
        micro_batch: Devices in a micro-batch.
    """
    words = jax.random.bits(key, (num_devices,), jnp.uint32)
    drawn = words < jnp.uint32(threshold(sampling_prob))
    num_slots = max(-(-num_devices // micro_batch), 1) * micro_batch
    (index,) = jnp.nonzero(drawn, size=num_slots, fill_value=num_devices)
    return Draw(index.astype(jnp.int32), drawn.sum(dtype=jnp.int32))


def num_micro_batches(drawn: Draw, micro_batch: int) -> Int[Array, ""]:
    """Number of micro-batches that hold the whole draw; 0 if it is empty."""
    return (drawn.num_drawn + jnp.int32(micro_batch - 1)) // jnp.int32(micro_batch)


def take(
    drawn: Draw, position: Int[Array, ""], micro_batch: int
) -> tuple[Int[Array, " batch"], Bool[Array, " batch"]]:
    """One micro-batch: positions of its devices (0 in free slots), and which are real.

    Args:
        drawn: The step's draw.
        position: Index of the micro-batch.
        micro_batch: Devices in a micro-batch.
    """
    start = position * micro_batch
    index = jax.lax.dynamic_slice_in_dim(drawn.slots, start, micro_batch)
    mask = start + jnp.arange(micro_batch, dtype=jnp.int32) < drawn.num_drawn
    return jnp.where(mask, index, 0), mask
