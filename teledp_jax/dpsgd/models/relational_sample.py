"""Draws from the relational model, held to noisy one-way marginals while it draws.

A normalised clip weighs devices that report much less than others, so that a model
alone draws too few of them; and an error of an early variable shifts all later ones.
Table by table, a shift of each code's logit makes the mean of a large batch meet the
noisy marginals, given all that was drawn before; the shifts are kept and used for all
devices that are drawn.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import matching, relational, relational_layout

_PASSES = 12
_FLOOR = 1e-6


class Goal(NamedTuple):
    """What the codes of a group are to meet.

    Attributes:
        counts: For each variable, noisy counts of its codes over existing rows.
        stddevs: For each variable, the standard deviation of each count's noise.
    """

    counts: tuple[Float[np.ndarray, " _"], ...]
    stddevs: tuple[float, ...]


GroupShifts = tuple[Float[Array, " _"], ...]
Shifts = tuple[GroupShifts, ...]
"""For each group and variable, what to add to the logits of its codes."""


class _Place(NamedTuple):
    """Where a variable lies in its group."""

    block: int
    row: int
    inputs: slice
    outputs: slice
    codes: slice


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
    but for what differs between devices, where independent draws would add noise.
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


def _code(uniform: Float[Array, " device"], shares: Array) -> Int[Array, " device"]:
    """A code of each device by the inverse of its distribution function."""
    cumulative = jnp.cumsum(shares, axis=-1)
    point = uniform * cumulative[:, -1]
    codes = (cumulative <= point[:, None]).sum(-1, dtype=jnp.int32)
    return jnp.minimum(codes, shares.shape[1] - 1)


class _Row(NamedTuple):
    """One row of each device.

    Attributes:
        codes: `[device, variable]`.
        features: What later variables see of it; zeros where it does not exist.
        sums: For each variable, probabilities of its codes, summed over devices.
    """

    codes: Int[Array, "device variable"]
    features: Float[Array, "device feature"]
    sums: tuple[Float[Array, " _"], ...]


def _draw_row(
    group: relational_layout.Group,
    bases: relational.GroupBases,
    bias: Float[Array, " code"],
    kernel: Float[Array, "feature coefficient"],
    shifts: GroupShifts,
    start: Float[Array, "device coefficient"],
    extra: dict[int, Array],
    exist: Array,
    key: Key[Array, ""],
) -> _Row:
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
        code = jnp.where(exist, _code(uniforms[number], shares), 0)
        seen = jnp.asarray(functions.inputs)[place.row][code]
        seen = jnp.where(exist[:, None], seen, 0.0)
        features = features.at[:, place.inputs].set(seen)
        codes.append(code)
    return _Row(jnp.stack(codes, axis=1), features, tuple(sums))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _draw_device(
    layout: relational_layout.Layout,
    count: int,
    params: clipping.Params,
    bases: relational.GroupBases,
    shifts: GroupShifts,
    key: Key[Array, ""],
) -> _Row:
    """Draws the device's own variables."""
    group = layout.device
    return _draw_row(
        group,
        bases,
        params["biases_0"]["bias"],
        params["device"]["kernel"],
        shifts,
        jnp.zeros((count, len(group.output_places)), jnp.float32),
        {},
        jnp.ones(count, bool),
        key,
    )


@functools.partial(jax.jit, static_argnums=(0, 1))
def _draw_table(
    layout: relational_layout.Layout,
    index: int,
    params: clipping.Params,
    bases: relational.GroupBases,
    shifts: GroupShifts,
    key: Key[Array, ""],
    context: Float[Array, "device feature"],
    num_rows: Int[Array, " device"],
) -> tuple[Array, Array, GroupShifts]:
    """Draws a table.

    Returns:
        Codes `[device, row, variable]`, what later tables see, and sums of
        probabilities as in `_Row`.
    """
    group = layout.tables[index]
    count, width = context.shape[0], len(group.input_places)
    base = context @ params[f"contexts_{index}"]["kernel"]
    kernel = params[f"rows_{index}"]["kernel"]
    bias = params[f"biases_{index + 1}"]["bias"]
    sizes = [variable.num_codes for variable in group.variables]

    def row(carry: tuple, number: Array) -> tuple[tuple, Array]:
        used, total, sums = carry
        exist = num_rows > number
        start, extra = base, {}
        if group.rows > 1:
            before = total / relational.row_scale(group.rows)
            start = base + before @ kernel[width:]
        for order, place in enumerate(group.repeated):
            weight = params[f"repeats_{index}"]["kernel"][0, order]
            extra[place] = weight * used[order]
        drawn = _draw_row(
            group,
            bases,
            bias,
            kernel[:width],
            shifts,
            start,
            extra,
            exist,
            jax.random.fold_in(key, number),
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
    (_, total, sums), codes = jax.lax.scan(row, carry, numbers)
    return codes.transpose(1, 0, 2), total / relational.row_scale(group.rows), sums


def _hot(
    codes: Int[Array, " device"], exist: Array, size: int
) -> Float[Array, "device code"]:
    """One at the code of each device that exists."""
    hot = codes[:, None] == jnp.arange(size, dtype=jnp.int32)[None]
    return (hot & exist[:, None]).astype(jnp.float32)


def _rows_of(
    layout: relational_layout.Layout, index: int, codes: Int[Array, "device variable"]
) -> Int[Array, " device"]:
    """Numbers of rows of a table, among the device's own variables."""
    heads = [variable.head for variable in layout.device.variables]
    return codes[:, heads.index(layout.tables[index].owner)]


def draw(
    layout: relational_layout.Layout,
    count: int,
    params: clipping.Params,
    bases: relational.AllBases,
    shifts: Shifts,
    key: Key[Array, ""],
) -> Int[Array, "device head"]:
    """Draws devices as flattened records, by the programs that `calibrate` compiled."""
    own_key, table_key = jax.random.split(key)
    own = _draw_device(layout, count, params, bases[0], shifts[0], own_key)
    context = own.features[:, : layout.device.num_shown]
    parts: dict[int, Array] = {
        variable.head: own.codes[:, place : place + 1]
        for place, variable in enumerate(layout.device.variables)
    }
    for index, group in enumerate(layout.tables):
        rows, seen, _ = _draw_table(
            layout,
            index,
            params,
            bases[index + 1],
            shifts[index + 1],
            jax.random.fold_in(table_key, index),
            context,
            _rows_of(layout, index, own.codes),
        )
        parts[group.variables[0].head] = rows.reshape(count, -1)
        context = jnp.concatenate([context, seen], axis=1)
    return jnp.concatenate([parts[head] for head in sorted(parts)], axis=1)


def calibrate(
    layout: relational_layout.Layout,
    params: clipping.Params,
    bases: relational.AllBases,
    goals: tuple[Goal, ...],
    key: Key[Array, ""],
    *,
    num_samples: int,
) -> Shifts:
    """The shifts at which samples meet noisy marginals, given all drawn before.

    Args:
        layout: Groups of variables.
        params: Parameters of the model, safe to release.
        bases: Functions of codes.
        goals: Noisy marginals of each group.
        key: Draws the samples.
        num_samples: Devices to average over.
    """
    own_key, table_key = jax.random.split(key)

    def own_pass(shifts: GroupShifts) -> tuple[_Row, GroupShifts]:
        row = _draw_device(layout, num_samples, params, bases[0], shifts, own_key)
        return row, row.sums

    found, own = _settle(goals[0], own_pass)
    shifts, context = [found], own.features[:, : layout.device.num_shown]
    for index in range(len(layout.tables)):
        found, seen = _calibrate_table(
            layout,
            index,
            params,
            bases[index + 1],
            goals[index + 1],
            jax.random.fold_in(table_key, index),
            context,
            _rows_of(layout, index, own.codes),
        )
        shifts.append(found)
        context = jnp.concatenate([context, seen], axis=1)
    return tuple(shifts)


def _calibrate_table(
    layout: relational_layout.Layout,
    index: int,
    params: clipping.Params,
    bases: relational.GroupBases,
    goal: Goal,
    key: Key[Array, ""],
    context: Float[Array, "device feature"],
    num_rows: Int[Array, " device"],
) -> tuple[GroupShifts, Array]:
    """Shifts of a table, and what later tables see of it."""

    def one_pass(shifts: GroupShifts) -> tuple[Array, GroupShifts]:
        _, seen, sums = _draw_table(
            layout, index, params, bases, shifts, key, context, num_rows
        )
        return seen, sums

    return _settle(goal, one_pass)


def _settle(
    goal: Goal, one_pass: Callable[[GroupShifts], tuple[Any, GroupShifts]]
) -> tuple[GroupShifts, Any]:
    """Iterative scaling: the shifts at which probabilities meet a goal."""
    shifts = tuple(jnp.zeros(len(counts), jnp.float32) for counts in goal.counts)
    wanted: list[Array] = []
    for number in range(_PASSES):
        drawn, sums = one_pass(shifts)
        shares = [_shares(part) for part in sums]
        if not number:
            wanted = [
                matching.targets(
                    jnp.asarray(counts, jnp.float32)[None],
                    prior[None],
                    stddev=jnp.float32(stddev),
                )[0]
                for counts, stddev, prior in zip(*goal, shares, strict=True)
            ]
        if number + 1 < _PASSES:
            shifts = tuple(
                shift + jnp.log(target) - jnp.log(share)
                for shift, target, share in zip(shifts, wanted, shares, strict=True)
            )
    return shifts, drawn


def _shares(sums: Float[Array, " code"]) -> Float[Array, " code"]:
    """Probabilities that sum to one; uniform where nothing was drawn."""
    shares = jnp.maximum(sums / jnp.maximum(sums.sum(), 1.0), _FLOOR)
    return shares / shares.sum()
