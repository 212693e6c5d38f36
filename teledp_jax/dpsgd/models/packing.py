"""Rows that exist, side by side: the cost of a table follows them, not its padding.

Most devices lack most tables. A loss that packs a table's rows calls its layers on
`[slot, feature]`, where a slot is a row of some device, and adds the rows' losses up by
device. How many slots a micro-batch has is fixed; `train.Model.row_limits` lets
training close a micro-batch before they overflow.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Num


class Packed(NamedTuple):
    """Which row each slot holds; the rows of a device lie side by side, in order.

    Attributes:
        owner: Device of each slot; the number of devices for a free slot.
        row: Row of the device's table; 0 for a free slot.
        num_devices: Number of devices.
        max_rows: Most rows that a device can have.
    """

    owner: Int[Array, " slot"]
    row: Int[Array, " slot"]
    num_devices: int
    max_rows: int


_CURRENT: contextvars.ContextVar[Packed | None] = contextvars.ContextVar(
    "packed", default=None
)


def pack(num_rows: Int[Array, " device"], *, max_rows: int, num_slots: int) -> Packed:
    """Gives each row that exists a slot; rows beyond `num_slots` get none.

    Args:
        num_rows: Rows of each device, the first of which exist.
        max_rows: Most rows that a device can have.
        num_slots: Number of slots; all of `num_rows.sum()` must fit.
    """
    num_devices = num_rows.shape[0]
    stop = jnp.cumsum(num_rows.astype(jnp.int32))
    slot = jnp.arange(num_slots, dtype=jnp.int32)
    owner = jnp.searchsorted(stop, slot, side="right").astype(jnp.int32)
    start = jnp.concatenate([jnp.zeros(1, jnp.int32), stop])
    row = jnp.where(owner < num_devices, slot - start[owner], 0)
    return Packed(owner, row, num_devices, max_rows)


def take(
    packed: Packed, array: Num[Array, "device row *rest"]
) -> Num[Array, "slot *rest"]:
    """The slots' entries of a padded array; zeros in free slots."""
    return array.at[packed.owner, packed.row].get(mode="fill", fill_value=0)


def take_device(packed: Packed, array: Num[Array, "device *rest"]) -> Num[Array, "..."]:
    """The entries of the slots' devices; zeros in free slots."""
    return array.at[packed.owner].get(mode="fill", fill_value=0)


def total(
    packed: Packed, values: Float[Array, "slot *rest"]
) -> Float[Array, "device *rest"]:
    """Sums values of slots by device; those of free slots count for none."""
    sums = jax.ops.segment_sum(
        values, packed.owner, packed.num_devices + 1, indices_are_sorted=True
    )
    return sums[: packed.num_devices]


@contextlib.contextmanager
def layers_on(packed: Packed) -> Iterator[None]:
    """Says that layers called inside have slots, not devices, on axis 0."""
    token = _CURRENT.set(packed)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Packed | None:
    """What `layers_on` said last, if it still holds."""
    return _CURRENT.get()
