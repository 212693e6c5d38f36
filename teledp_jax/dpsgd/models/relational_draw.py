"""Draws one row of each device, variable by variable."""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from teledp_jax.dpsgd.models import (
    inversion,
    relational_bases,
    relational_layout,
)

GroupShifts = tuple[Float[Array, " _"] | Float[np.ndarray, " _"], ...]


class _Place(NamedTuple):
    """Where a variable lies in its group."""

    block: int
    row: int
    inputs: slice
    outputs: slice
    codes: slice


class Row(NamedTuple):
    """One row of each device.

    Attributes:
        codes: `[device, variable]`.
        features: What later variables see of it; zeros where it does not exist.
        sums: For each variable, probabilities of its codes, summed over devices.
    """

    codes: Int[Array, "device variable"]
    features: Float[Array, "device feature"]
    sums: tuple[Float[Array, " _"], ...]


def draw_row(
    group: relational_layout.Group,
    bases: relational_bases.GroupBases,
    bias: Float[Array, " code"],
    kernel: Float[Array, "feature coefficient"],
    shifts: GroupShifts,
    start: Float[Array, "device coefficient"],
    extra: dict[int, Array],
    exist: Array,
    key: Key[Array, ""],
) -> Row:
    """Draws one row variable by variable.

    Args:
        group: The variables.
        bases: Functions of their codes.
        bias: Biases of codes.
        kernel: From features of the row to coefficients of its later variables.
        shifts: See `Shifts`.
        start: Coefficients by all but the row itself.
        extra: More logits of some variables.
        exist: `[device]`, True where the row exists.
        key: Draws the codes.

    Returns:
        Codes, features and probabilities of the row.
    """
    count = start.shape[0]
    features = jnp.zeros((count, len(group.input_places)), jnp.float32)
    # All at once: one sort to compile, not one for each variable.
    numbers = jnp.arange(len(group.variables), dtype=jnp.uint32)
    keys = jax.vmap(lambda number: jax.random.fold_in(key, number))(numbers)
    uniforms = jax.vmap(_spread, in_axes=(0, None))(keys, exist)
    codes, sums = [], []
    for number, place in enumerate(_places(group)):
        functions = bases[place.block]
        size = group.variables[number].num_codes
        values = start[:, place.outputs] + features @ kernel[:, place.outputs]
        outputs = jnp.asarray(functions.outputs)[place.row][:, :size]
        logits = values @ outputs if len(outputs) > 1 else values[:, :size]
        logits = logits + (bias[place.codes] + shifts[number])[None]
        if number in extra:
            logits = logits + extra[number]
        shares = nn.softmax(logits)
        sums.append(jnp.where(exist[:, None], shares, 0.0).sum(0))
        code = inversion.draw(shares, uniforms[number], size - 1)
        code = jnp.where(exist, code, 0)
        seen = jnp.asarray(functions.inputs)[place.row][code]
        seen = jnp.where(exist[:, None], seen, 0.0)
        features = features.at[:, place.inputs].set(seen)
        codes.append(code)
    return Row(jnp.stack(codes, axis=1), features, tuple(sums))


def _places(group: relational_layout.Group) -> list[_Place]:
    """Slices of features, coefficients and codes of each variable."""
    found: dict[int, _Place] = {}
    start = np.zeros(3, int)
    for number, block in enumerate(group.blocks):
        sizes = (block.num_inputs, block.num_outputs, block.size)
        for row, place in enumerate(block.places):
            size = group.variables[place].num_codes
            found[place] = _Place(
                number,
                row,
                slice(start[0], start[0] + sizes[0]),
                slice(start[1], start[1] + sizes[1]),
                slice(start[2], start[2] + size),
            )
            start = start + sizes
    return [found[place] for place in range(len(group.variables))]


def _spread(key: Key[Array, ""], exist: Array) -> Float[Array, " device"]:
    """Uniform numbers of which each slice of [0, 1) gets its part, in random order.

    One for each device that exists; so codes come as often as their probabilities say,
    except for what differs between devices, where independent draws would add noise.
    """
    order_key, inside_key = jax.random.split(key)
    last = jnp.uint32(2**32 - 1)
    order = jax.random.bits(order_key, exist.shape, jnp.uint32)
    order = jnp.argsort(jnp.where(exist, order, last))
    rank = (
        jnp.zeros(exist.shape, jnp.int32)
        .at[order]
        .set(jnp.arange(exist.shape[0], dtype=jnp.int32), unique_indices=True)
    )
    inside = jax.random.uniform(inside_key, exist.shape, jnp.float32)
    size = jnp.maximum(exist.sum(), 1).astype(jnp.float32)
    return (rank.astype(jnp.float32) + inside) / size
