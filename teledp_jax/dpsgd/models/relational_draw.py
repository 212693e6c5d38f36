"""Draws one row of each device, variable by variable."""

from typing import NamedTuple

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

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
    uniforms: Float[Array, "variable device"],
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
        uniforms: Draw the codes: see `spread`.

    Returns:
        Codes, features and probabilities of the row.
    """
    count = start.shape[0]
    features = jnp.zeros((count, len(group.input_places)), jnp.float32)
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


def spread(
    generator: np.random.Generator, exist: Bool[np.ndarray, " device"], num: int
) -> Float[np.ndarray, "variable device"]:
    """Draws numbers of which each slice of [0, 1) gets its part, in random order.

    So codes come as often as their probabilities say, except for what differs between
    devices, where independent draws would add noise. Drawn by numpy: a program that
    sorts and draws takes long to compile.

    Args:
        generator: Draws them; public.
        exist: Which devices have the row.
        num: How many numbers each of them gets.

    Returns:
        Numbers in [0, 1); 0 where there is no row.
    """
    found = np.zeros((num, len(exist)), np.float32)
    count = int(exist.sum())
    ranks = np.tile(np.arange(count, dtype=np.float32), (num, 1))
    ranks = generator.permuted(ranks, axis=1)
    inside = generator.random((num, count), np.float32)
    largest = np.float32(1.0 - 2.0**-24)
    found[:, exist] = np.minimum((ranks + inside) / max(count, 1), largest)
    return found
