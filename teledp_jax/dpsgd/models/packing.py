"""Rows that exist, side by side: the cost of a table follows them, not its padding.

Most devices lack most tables. A loss that packs a table's rows calls its layers on
`[slot, feature]`, where a slot is a row of some device, and adds the rows' losses up by
device. How many slots a micro-batch has is fixed; `trainable.Model.row_limits` lets
training close a micro-batch before they overflow.
"""

import contextlib
import contextvars
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

_BLOCK = 64  # numbers that one product sums up


class Packed(NamedTuple):
    """Which row each slot holds; the rows of a device lie side by side, in order.

    Attributes:
        owner: Device of each slot; the number of devices for a free slot.
        row: Row of the device's table; 0 for a free slot.
        first: First slot of each device that has rows.
        num_rows: Rows of each device.
        max_rows: Most rows that a device can have.
    """

    owner: Int[Array, " slot"]
    row: Int[Array, " slot"]
    first: Int[Array, " device"]
    num_rows: Int[Array, " device"]
    max_rows: int

    @property
    def num_devices(self) -> int:
        """Number of devices."""
        return self.first.shape[0]


_CURRENT: contextvars.ContextVar[Packed | None] = contextvars.ContextVar(
    "packed", default=None
)


def pack(num_rows: Int[Array, " device"], *, max_rows: int, num_slots: int) -> Packed:
    """Gives each row that exists a slot; rows beyond `num_slots` get none.

    Args:
        num_rows: Rows of each device, the first of which exist.
        max_rows: Most rows that a device can have.
        num_slots: Number of slots; all of `num_rows.sum()` must fit.

    Returns:
        Which device and row each slot holds.
    """
    (packed,) = pack_all(
        num_rows[:, None], max_rows=(max_rows,), num_slots=(num_slots,)
    )
    return packed


def pack_all(
    num_rows: Int[Array, "device table"],
    *,
    max_rows: Sequence[int],
    num_slots: Sequence[int],
) -> list[Packed]:
    """Packs several tables as `pack` does, as one small program.

    Args:
        num_rows: Rows of each device in each table.
        max_rows: Of each table.
        num_slots: Of each table.

    Returns:
        What `pack` returns, of each table.
    """
    num_devices, most = num_rows.shape[0], max(max_rows)
    stops = np.cumsum(num_slots)
    # Row r of device d has slot n_0 + ... + n_(d-1) + r, where n are numbers of rows.
    start = running_sums(num_rows) - num_rows
    table = np.repeat(np.arange(len(max_rows)), max_rows)
    row = np.concatenate([np.arange(rows) for rows in max_rows]).astype(np.int32)
    slot = start[:, table] + row[None]
    slots = np.array(num_slots, np.int32)
    fits = (row[None] < num_rows[:, table]) & (slot < slots[table][None])
    offsets = (stops - slots).astype(np.int32)
    slot = jnp.where(fits, slot + offsets[table][None], int(stops[-1]))
    device = jnp.arange(num_devices, dtype=jnp.int32)[:, None]
    held = jnp.full(int(stops[-1]), num_devices * most, jnp.int32)
    held = held.at[slot].set(device * most + row[None], mode="drop")
    # Held whole, or each use would divide again.
    owner, place = jax.lax.optimization_barrier((held // most, held % most))
    parts = zip(jnp.split(owner, stops[:-1]), jnp.split(place, stops[:-1]), strict=True)
    return [
        Packed(own, at, start[:, index], num_rows[:, index], max_rows[index])
        for index, (own, at) in enumerate(parts)
    ]


def running_sums(
    numbers: Int[Array, "device table"],
) -> Int[Array, "device table"]:
    """Sums over devices up to each, as products that compile in no time.

    Exact for sums below 2^24, the whole numbers that float32 holds.

    Args:
        numbers: Whole numbers, not negative.

    Returns:
        Sums over the devices up to each and with it.
    """
    count = numbers.shape[0]
    num_blocks = -(-count // _BLOCK)
    filled = jnp.pad(numbers, ((0, num_blocks * _BLOCK - count), (0, 0)))
    blocks = filled.astype(jnp.float32).reshape(num_blocks, _BLOCK, -1)
    exact = jax.lax.Precision.HIGHEST
    # Sums within a block: a triangle of ones, diagonal included. Then what the blocks
    # before it hold: a triangle without the diagonal, of their last sums.
    inside = np.tri(_BLOCK, dtype=np.float32)
    within = jnp.einsum("ij,bjt->bit", inside, blocks, precision=exact)
    earlier = np.tri(num_blocks, k=-1, dtype=np.float32)
    before = jnp.matmul(earlier, within[:, -1], precision=exact)
    sums = within + before[:, None]
    return sums.reshape(num_blocks * _BLOCK, -1)[:count].astype(jnp.int32)


def take(
    packed: Packed, array: Num[Array, "device row *rest"]
) -> Num[Array, "slot *rest"]:
    """Takes the slots' entries of a padded array; zeros in free slots.

    Args:
        packed: Which row each slot holds.
        array: Padded to `max_rows` rows per device.

    Returns:
        One entry per slot.
    """
    rows = array.reshape(-1, *array.shape[2:])
    at = packed.owner * array.shape[1] + packed.row
    return rows.at[at].get(mode="fill", fill_value=0)


def take_device(packed: Packed, array: Num[Array, "device *rest"]) -> Num[Array, "..."]:
    """Takes the entries of the slots' devices; zeros in free slots.

    Args:
        packed: Which device each slot holds.
        array: One entry per device.

    Returns:
        One entry per slot.
    """
    return array.at[packed.owner].get(mode="fill", fill_value=0)


def before(
    packed: Packed, values: Float[Array, "slot feature"]
) -> Float[Array, "slot feature"]:
    """Sums values, for each slot, over the rows of its device before it.

    Slots go in blocks of `max_rows`: rows before are in the same block or in the last.
    Values of other devices add exact zeros, if they are finite.

    Args:
        packed: Which row each slot holds.
        values: Of each slot.

    Returns:
        Exclusive running sums within devices.
    """
    count, height = values.shape[0], packed.max_rows
    num_blocks = -(-count // height)

    def blocks(array: Array) -> Array:
        filled = jnp.pad(array, ((0, num_blocks * height - count), (0, 0)))
        return filled.reshape(num_blocks, height, -1)

    def window(array: Array) -> Array:
        last = jnp.concatenate([jnp.zeros_like(array[:1]), array[:-1]])
        return jnp.concatenate([last, array], axis=1)

    owner = blocks(packed.owner[:, None] + 1)  # 0 where no slot is
    # sum over q of [owner_q = owner_r] [q < r] values_q, as one product per block: in
    # the window, slot r of the block is at place height + r.
    earlier = np.tri(height, 2 * height, height - 1, dtype=bool)
    same = (owner == window(owner).transpose(0, 2, 1)) & earlier[None]
    sums = jnp.einsum(
        "brq,bqf->brf",
        same.astype(jnp.float32),
        window(blocks(values)),
        precision=jax.lax.Precision.HIGHEST,
    )
    return sums.reshape(num_blocks * height, -1)[:count]


def last(
    packed: Packed, values: Float[Array, "slot feature"]
) -> Float[Array, "device feature"]:
    """Takes the values of each device's last slot; zeros where it has none.

    Args:
        packed: Which row each slot holds.
        values: Of each slot.

    Returns:
        One entry per device.
    """
    slot = packed.first + packed.num_rows - 1
    slot = jnp.where(packed.num_rows > 0, slot, values.shape[0])
    return values.at[slot].get(mode="fill", fill_value=0)


def total(
    packed: Sequence[Packed], values: Sequence[Float[Array, "_ *rest"]]
) -> Float[Array, "device *rest"]:
    """Sums values of slots of tables by device; those of free slots count for none.

    Args:
        packed: Of each table.
        values: Of each table's slots.

    Returns:
        Sums over all tables, per device.
    """
    owner = jnp.concatenate([table.owner for table in packed])
    whole = jnp.concatenate(values)
    sums = jnp.zeros((packed[0].num_devices, *whole.shape[1:]), whole.dtype)
    return sums.at[owner].add(whole, mode="drop")


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
