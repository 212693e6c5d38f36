"""Exact Poisson sampling of devices, inside jit, with static shapes."""

import operator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

BLOCK = 64
"""Devices whose random words come from one key: what a shard may not split."""

_WORDS = 2**32
_STEPS = 8  # capacities from one power of two to the next


class Draw(NamedTuple):
    """The devices of one step. Secret.

    Attributes:
        drawn: Which devices are drawn, in blocks.
        stops: How many are drawn in all blocks up to each.
    """

    drawn: Bool[Array, "block place"]
    stops: Int[Array, " block"]

    @property
    def num_drawn(self) -> Int[Array, ""]:
        """Counts the drawn devices.

        Returns:
            How many were drawn. Secret.
        """
        return self.stops[-1]


def threshold(sampling_prob: float) -> int:
    """Returns the 32-bit word below which a random word draws a device.

    Args:
        sampling_prob: Wanted probability of a device to be in a step, in (0, 1].
    """
    return min(max(round(sampling_prob * _WORDS), 1), _WORDS - 1)


def exact_probability(sampling_prob: float) -> float:
    """Finds the probability that `draw` has for `sampling_prob`: account this one."""
    return threshold(sampling_prob) / _WORDS


def capacity(num_devices: int) -> int:
    """Rounds the size of a fleet up by a public rule, to at most an eighth more.

    Compiled programs hold the shapes of arrays: those of a fleet that is filled up to
    its capacity tell the rounded size only.

    Args:
        num_devices: Size of the fleet. Private.

    Returns:
        Number of places: whole blocks, at least one.
    """
    num_blocks = max(-(-num_devices // BLOCK), 1)
    step = max(2 ** (num_blocks - 1).bit_length() // (2 * _STEPS), 1)
    return -(-num_blocks // step) * step * BLOCK


def draw(
    key: Key[Array, ""],
    num_devices: int | Int[Array, ""],
    *,
    sampling_prob: float,
    num_places: int | None = None,
    first: int | Int[Array, ""] = 0,
) -> Draw:
    """Draws each device by itself with `exact_probability(sampling_prob)`.

    The draw is never cut: a step runs as many micro-batches as it fills. A device's
    draw follows only from key and position, so that shards draw what the whole would.

    Args:
        key: The step's batch key.
        num_devices: Size of the fleet; needs `num_places` if it is traced.
        sampling_prob: See `threshold`.
        num_places: Positions to draw for, if not all: those of a shard, or of a fleet
            that is filled up. Places beyond the fleet are never drawn.
        first: The first of them, a multiple of `BLOCK`.

    Returns:
        The drawn devices. Secret.
    """
    if num_places is None:
        num_places = operator.index(num_devices)
    num_blocks = max(-(-num_places // BLOCK), 1)
    block = first // BLOCK + jnp.arange(num_blocks, dtype=jnp.int32)
    words = jax.vmap(
        lambda b: jax.random.bits(jax.random.fold_in(key, b), (BLOCK,), jnp.uint32)
    )(block)
    position = block[:, None] * BLOCK + jnp.arange(BLOCK, dtype=jnp.int32)[None]
    drawn = (words < jnp.uint32(threshold(sampling_prob))) & (position < num_devices)
    return Draw(drawn, jnp.cumsum(drawn.sum(1, dtype=jnp.int32)))


def take(
    drawn: Draw, start: Int[Array, ""], micro_batch: int
) -> tuple[Int[Array, " batch"], Bool[Array, " batch"]]:
    """Takes one micro-batch of a draw.

    Args:
        drawn: The step's draw.
        start: How many drawn devices micro-batches before this one held.
        micro_batch: Devices in a micro-batch.

    Returns:
        Positions of its devices, 0 in free slots, and which slots are taken.
    """
    rank = start + jnp.arange(micro_batch, dtype=jnp.int32)
    block = jnp.searchsorted(drawn.stops, rank, side="right").astype(jnp.int32)
    block = jnp.minimum(block, drawn.stops.shape[0] - 1)
    here = drawn.drawn[block]
    before = drawn.stops[block] - here.sum(1, dtype=jnp.int32)
    count = jnp.cumsum(here.astype(jnp.int32), axis=1)
    place = jnp.argmax(count > (rank - before)[:, None], axis=1).astype(jnp.int32)
    mask = rank < drawn.num_drawn
    return jnp.where(mask, block * BLOCK + place, 0), mask


def expected_batch(sampling_prob: float, num_devices: int) -> float:
    """Returns the expected number of devices in a step, 1 at least.

    Args:
        sampling_prob: See `threshold`.
        num_devices: Noisy size of the fleet.
    """
    return max(exact_probability(sampling_prob) * num_devices, 1.0)


def num_steps(num_epochs: float, sampling_prob: float) -> int:
    """Returns the number of steps in which a device is expected so many times.

    Args:
        num_epochs: Expected number of times that a device is drawn.
        sampling_prob: See `threshold`.
    """
    return max(round(num_epochs / sampling_prob), 1)
