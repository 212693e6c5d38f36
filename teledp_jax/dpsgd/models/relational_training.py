"""The relational model as DP-SGD trains it: its start, its batch and its slots."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from teledp_jax.dpsgd import clipping, trainable
from teledp_jax.dpsgd.models import relational, relational_bases, relational_layout

_SLOTS = 64  # numbers of slots are multiples of it: noise must not change the program


Repeats = tuple[tuple[float, ...], ...]
"""For each table and variable of `Group.repeated`, what is added to start with to the
logits of codes that rows before have."""


def model(
    network: relational.Relational,
    bases: relational_bases.AllBases,
    shares: relational_bases.AllShares,
    repeats: Repeats = (),
) -> trainable.Model:
    """The network as what DP-SGD trains; it starts at the shares."""
    layout = network.layout

    def init(key: Key[Array, ""]) -> clipping.Params:
        codes = jnp.zeros((1, layout.num_heads), jnp.int32)
        params = jax.jit(lambda k: network.init(k, codes, bases))(key)["params"]
        for index, (group, own) in enumerate(zip(layout.groups, shares, strict=True)):
            params[f"biases_{index}"] = {"bias": log_shares(group, own)}
        for index, start in enumerate(repeats):
            if start:
                kernel = jnp.array([start], jnp.float32)
                params[f"repeats_{index}"] = {"kernel": kernel}
        return params

    def inputs(codes: Array, key: Key[Array, ""]) -> clipping.Batch:
        return _shuffled(key, layout, codes)

    def losses(params: clipping.Params, batch: clipping.Batch) -> Array:
        return network.apply({"params": params}, batch, bases)

    def num_rows(codes: Int[Array, "device head"]) -> Int[Array, "device limit"]:
        return relational.num_rows(layout, codes)

    return trainable.Model(init, inputs, losses, num_rows, network.slots)


def slots(
    layout: relational_layout.Layout, shares: relational_bases.AllShares
) -> Callable[[int], tuple[int, ...]]:
    """Computes slots that hold a micro-batch, except for rare draws, by public shares.

    From a number of devices to slots for the rows of each table, and for the devices
    that report it.
    """
    own = dict(zip((v.head for v in layout.device.variables), shares[0], strict=True))
    moments = []
    for group in layout.tables:
        number = np.arange(group.rows + 1)
        for count, most in ((number, group.rows), (np.minimum(number, 1), 1)):
            mean = own[group.owner] @ count
            moments.append((mean, own[group.owner] @ count**2 - mean**2, most))

    def count_slots(num_devices: int) -> tuple[int, ...]:
        found = []
        for mean, variance, most in moments:
            wanted = num_devices * mean + 3.0 * (num_devices * variance) ** 0.5 + 8
            filled = math.ceil(wanted / _SLOTS) * _SLOTS
            found.append(min(max(filled, most), num_devices * most))
        return tuple(found)

    return count_slots


def log_shares(
    group: relational_layout.Group, shares: relational_bases.Shares
) -> Float[Array, " code"]:
    """Computes log shares in the order of blocks; zeros for codes outside the domain.

    Args:
        group: Variables of a row.
        shares: Shares of their codes.

    Returns:
        Log shares, in nats.
    """
    parts = []
    for block in group.blocks:
        for place in block.places:
            part = np.zeros(block.size, np.float32)
            part[: len(shares[place])] = np.log(np.maximum(shares[place], 1e-6))
            parts.append(part)
    return jnp.asarray(np.concatenate(parts))


def _shuffled(
    key: Key[Array, ""],
    layout: relational_layout.Layout,
    codes: Int[Array, "device head"],
) -> Int[Array, "device head"]:
    """The records with the rows of each table in random order."""
    groups = [group for group in layout.tables if group.rows > 1]
    if not groups:
        return codes
    rows = [group.rows for group in groups]
    table = np.repeat(np.arange(len(rows), dtype=np.int32), rows)
    number = np.concatenate([np.arange(count, dtype=np.int32) for count in rows])
    owners = np.repeat([group.owner for group in groups], rows)
    absent = (number[None] >= codes[:, owners]).astype(jnp.uint32)
    draw = jax.random.bits(key, absent.shape, jnp.uint32) >> 1 | absent << 31
    # One sort for all tables: by table, then rows that exist in the order of the draw.
    tables, numbers = (jnp.broadcast_to(x[None], draw.shape) for x in (table, number))
    _, _, order = jax.lax.sort((tables, draw, numbers), dimension=1, num_keys=2)
    slot = np.zeros(layout.num_heads, np.int32)
    start, stride = np.arange(layout.num_heads, dtype=np.int32), np.zeros_like(slot)
    for group, first in zip(groups, np.cumsum(rows) - rows, strict=True):
        width, head = len(group.variables), group.variables[0].head
        heads = head + np.arange(group.rows * width)
        slot[heads] = first + (heads - head) // width
        start[heads], stride[heads] = head + (heads - head) % width, width
    source = start[None] + stride[None] * order[:, slot]
    return jnp.take_along_axis(codes, source, axis=1)
