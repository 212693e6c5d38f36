"""Draws whole devices from the relational model."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Integer, Key

from teledp_jax import keys
from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import (
    relational_bases,
    relational_draw,
    relational_features,
    relational_layout,
)

Shifts = tuple[relational_draw.GroupShifts, ...]
"""For each group and variable, what to add to the logits of its codes."""


class Drawn(NamedTuple):
    """Rows of one group, for each device.

    Attributes:
        codes: Of the group's variables, row after row.
        context: Features of all drawn so far, these rows included.
        sums: For each variable, probabilities of its codes, summed over existing rows.
    """

    codes: Int[Array, "device _"]
    context: Float[Array, "device feature"]
    sums: relational_draw.GroupShifts


def draw(
    layout: relational_layout.Layout,
    count: int,
    params: clipping.Params,
    bases: relational_bases.AllBases,
    shifts: Shifts,
    key: Key[Array, ""],
) -> Integer[np.ndarray, "device head"]:
    """Draws devices as flattened records, by the programs that `calibrate` compiled.

    Args:
        layout: Groups of variables.
        count: Number of devices; static.
        params: Parameters, safe to release.
        bases: Functions of codes of all groups.
        shifts: Of all logits.
        key: Draws the codes; public.

    Returns:
        Codes of each head.
    """
    generator = keys.generator(key)
    uniforms = device_uniforms(layout, count, generator)
    # Keywords as in `relational_calibrate`, or jit would compile again.
    own = draw_device(layout, params, bases[0], shifts[0], uniforms=uniforms)
    codes = np.asarray(own.codes)
    parts, context = {}, own.context
    for index, group in enumerate(layout.tables):
        uniforms = table_uniforms(layout, index, codes, generator)
        drawn = draw_table(
            layout, index, params, bases[index + 1], shifts[index + 1],
            uniforms=uniforms, context=context, own=own.codes,
        )  # fmt: skip
        context = drawn.context
        parts[group.variables[0].head] = drawn.codes
    columns = {v.head: codes[:, [i]] for i, v in enumerate(layout.device.variables)}
    columns |= {head: np.asarray(part) for head, part in parts.items()}
    return np.concatenate([columns[head] for head in sorted(columns)], axis=1)


def device_uniforms(
    layout: relational_layout.Layout, count: int, generator: np.random.Generator
) -> Float[np.ndarray, "variable device"]:
    """Draws what `draw_device` needs.

    Args:
        layout: Groups of variables.
        count: Number of devices.
        generator: Draws the numbers; public.

    Returns:
        Numbers in [0, 1).
    """
    everyone = np.ones(count, bool)
    return relational_draw.spread(generator, everyone, len(layout.device.variables))


def table_uniforms(
    layout: relational_layout.Layout,
    index: int,
    own: Integer[np.ndarray, "device variable"],
    generator: np.random.Generator,
) -> Float[np.ndarray, "row column device"]:
    """Draws what `draw_table` needs.

    Args:
        layout: Groups of variables.
        index: Number of the table.
        own: Codes of the device's own variables.
        generator: Draws the numbers; public.

    Returns:
        Numbers in [0, 1).
    """
    group, num_rows = layout.tables[index], own[:, place_of_rows(layout, index)]
    rows = [
        relational_draw.spread(generator, num_rows > row, len(group.variables))
        for row in range(group.rows)
    ]
    return np.stack(rows)


@functools.partial(jax.jit, static_argnums=0)
def draw_device(
    layout: relational_layout.Layout,
    params: clipping.Params,
    bases: relational_bases.GroupBases,
    shifts: relational_draw.GroupShifts,
    uniforms: Float[Array, "variable device"],
) -> Drawn:
    """Draws the device's own variables.

    Args:
        layout: Groups of variables.
        params: Parameters, safe to release.
        bases: Functions of the codes of the device's own variables.
        shifts: Of their logits.
        uniforms: What `device_uniforms` returned.

    Returns:
        One row for each device.
    """
    group, count = layout.device, uniforms.shape[1]
    row = relational_draw.draw_row(
        group,
        bases,
        params["biases_0"]["bias"],
        params["device"]["kernel"],
        shifts,
        jnp.zeros((count, len(group.output_places)), jnp.float32),
        {},
        jnp.ones(count, bool),
        uniforms,
    )
    return Drawn(row.codes, row.features[:, : group.num_shown], row.sums)


@functools.partial(jax.jit, static_argnums=(0, 1))
def draw_table(
    layout: relational_layout.Layout,
    index: int,
    params: clipping.Params,
    bases: relational_bases.GroupBases,
    shifts: relational_draw.GroupShifts,
    uniforms: Float[Array, "row column device"],
    context: Float[Array, "device feature"],
    own: Int[Array, "device variable"],
) -> Drawn:
    """Draws the rows of a table.

    Args:
        layout: Groups of variables.
        index: Number of the table.
        params: Parameters, safe to release.
        bases: Functions of the codes of its variables.
        shifts: Of their logits.
        uniforms: What `table_uniforms` returned.
        context: Features of all drawn before.
        own: Codes of the device's own variables.

    Returns:
        As many rows as the table may have for each device; codes of rows that do not
        exist are 0.
    """
    group = layout.tables[index]
    num_rows = own[:, place_of_rows(layout, index)]
    count, width = context.shape[0], len(group.input_places)
    base = context @ params[f"contexts_{index}"]["kernel"]
    kernel = params[f"rows_{index}"]["kernel"]
    bias = params[f"biases_{index + 1}"]["bias"]
    sizes = [variable.num_codes for variable in group.variables]

    def row(carry: tuple, at: tuple[Array, Array]) -> tuple[tuple, Array]:
        (used, total, sums), (number, own_uniforms) = carry, at
        exist = num_rows > number
        start, extra = base, {}
        if group.rows > 1:
            before = total / relational_features.row_scale(group.rows)
            start = base + before @ kernel[width:]
        for order, place in enumerate(group.repeated):
            weight = params[f"repeats_{index}"]["kernel"][0, order]
            extra[place] = weight * used[order]
        drawn = relational_draw.draw_row(
            group,
            bases,
            bias,
            kernel[:width],
            shifts,
            start,
            extra,
            exist,
            own_uniforms,
        )
        used = tuple(
            jnp.maximum(old, _hot(drawn.codes[:, place], exist, sizes[place]))
            for old, place in zip(used, group.repeated, strict=True)
        )
        total = total + drawn.features[:, : group.num_shown]
        return (used, total, jax.tree.map(jnp.add, sums, drawn.sums)), drawn.codes

    carry = (
        tuple(jnp.zeros((count, sizes[p]), jnp.float32) for p in group.repeated),
        jnp.zeros((count, group.num_shown), jnp.float32),
        tuple(jnp.zeros(size, jnp.float32) for size in sizes),
    )
    numbers = jnp.arange(group.rows, dtype=jnp.int32)
    (_, total, sums), codes = jax.lax.scan(row, carry, (numbers, uniforms))
    seen = total / relational_features.row_scale(group.rows)
    codes = codes.transpose(1, 0, 2).reshape(count, -1)
    return Drawn(codes, jnp.concatenate([context, seen], axis=1), sums)


def _hot(
    codes: Int[Array, " device"], exist: Array, size: int
) -> Float[Array, "device code"]:
    """One at the code of each device that exists."""
    hot = codes[:, None] == jnp.arange(size, dtype=jnp.int32)[None]
    return (hot & exist[:, None]).astype(jnp.float32)


def place_of_rows(layout: relational_layout.Layout, index: int) -> int:
    """Finds the number of rows of a table among the device's own variables.

    Args:
        layout: Groups of variables.
        index: Number of the table.

    Returns:
        Its position.
    """
    heads = [variable.head for variable in layout.device.variables]
    return heads.index(layout.tables[index].owner)
