"""One model of the whole device: each variable given those before it.

The logits of a variable are a bias for each code and a bilinear form in functions of
its own code and of the codes before it: a log-linear model whose weights are pairwise
interactions. Functions have mean zero, so that without weights it is the product of its
marginals. The rows of a table share weights; they see the device, the tables before,
and the rows before them, in an order that training draws at random, which makes them
exchangeable. Only rows that exist are computed.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from teledp_jax.dpsgd import clipping, trainable
from teledp_jax.dpsgd.models import layers, packing, relational_layout

_SLOTS = 64  # numbers of slots are multiples of it, lest noise change the program
NEVER = -1e9  # logit of a code outside of the domain
_MOST = 80.0  # logits above the variable's own that count as no more: exp is finite

GroupBases = tuple[relational_layout.Bases, ...]
AllBases = tuple[GroupBases, ...]
AllShares = tuple[relational_layout.Shares, ...]
Repeats = tuple[tuple[float, ...], ...]
"""For each table and variable of `Group.repeated`, what is added to start with to the
logits of codes that rows before have."""


class _Rows(NamedTuple):
    """What the rows of a table show, in slots.

    Attributes:
        features: In the order of `Group.row_places`.
        hot: Which codes are the row's own.
        used: Which codes rows before have; None where a device has one row at most.
        shown: `[device, feature]`: what later tables see.
    """

    features: Float[Array, "slot feature"]
    hot: Bool[Array, "slot code"]
    used: Bool[Array, "slot code"] | None
    shown: Float[Array, "device shown"]


class Relational(nn.Module):
    """The weights, and how they act on features.

    Attributes:
        layout: Groups of variables.
        slots: From a number of devices to slots; see `slots`.
        weights: For each table, what its loss is multiplied by; none: by 1.
    """

    layout: relational_layout.Layout
    slots: Callable[[int], tuple[int, ...]]
    weights: tuple[float, ...] = ()

    def setup(self) -> None:
        """Makes the layers."""
        device, tables = self.layout.device, self.layout.tables
        zeros = nn.initializers.zeros_init()
        self.device = layers.CausalDense(device.input_places, device.output_places)
        self.contexts = [
            nn.Dense(len(group.output_places), use_bias=False, kernel_init=zeros)
            for group in tables
        ]
        self.rows = [
            layers.CausalDense(group.row_places, group.output_places)
            for group in tables
        ]
        self.repeats = [
            nn.Dense(len(group.repeated), use_bias=False, kernel_init=zeros)
            if group.repeated
            else None
            for group in tables
        ]
        self.biases = [layers.Bias() for _ in self.layout.groups]

    def __call__(
        self, codes: Int[Array, "device head"], bases: AllBases
    ) -> Float[Array, " device"]:
        """Loss of each device: weighted cross-entropies of all values that exist."""
        device, tables = self.layout.device, self.layout.tables
        here = relational_layout.codes_of(device, codes)[:, 0]
        context = see(device, bases[0], here)
        logits = self.biases[0](expand(device, bases[0], self.device(context)))
        own = _entropies(device, bases[0], logits, _hot(device, here))
        if not tables:
            return own
        context = context[:, : device.num_shown]
        packs = packing.pack_all(
            _num_rows(self.layout, codes),
            max_rows=[most for group in tables for most in (group.rows, 1)],
            num_slots=self.slots(codes.shape[0]),
        )
        rows = [
            _rows(group, own_bases, codes, packed)
            for group, own_bases, packed in zip(
                tables, bases[1:], packs[::2], strict=True
            )
        ]
        # Joined once: tables see its first columns.
        context = jnp.concatenate([context, *(part.shown for part in rows)], axis=1)
        weights = self.weights or (1.0,) * len(tables)
        parts = []
        width = device.num_shown
        for index, weight in enumerate(weights):
            packed, owners = packs[2 * index : 2 * index + 2]
            losses = self._table(
                index, bases[index + 1], rows[index], context[:, :width], packed, owners
            )
            parts.append(weight * losses)
            width += tables[index].num_shown
        return own + packing.total(packs[::2], parts)

    def _table(
        self,
        index: int,
        bases: GroupBases,
        rows: _Rows,
        context: Float[Array, "device earlier"],
        packed: packing.Packed,
        owners: packing.Packed,
    ) -> Float[Array, " slot"]:
        """Loss of each of a table's rows."""
        group = self.layout.tables[index]
        with packing.layers_on(owners):
            start = self.contexts[index](packing.take_device(owners, context))
        if group.rows > 1:
            start = packing.take_device(packed, start[owners.first])
        with packing.layers_on(packed):
            coefficients = self.rows[index](rows.features) + start
            logits = self.biases[index + 1](expand(group, bases, coefficients))
            if rows.used is not None:
                logits = logits + self._repeated(index, rows.used)
        return _entropies(group, bases, logits, rows.hot)

    def _repeated(
        self, index: int, used: Bool[Array, "slot code"]
    ) -> Float[Array, "slot code"]:
        """What codes that rows before have get."""
        layer, group = self.repeats[index], self.layout.tables[index]
        if layer is None:
            return jnp.zeros(used.shape, jnp.float32)
        weights = layer(jnp.ones((used.shape[0], 1), jnp.float32))
        spans = np.zeros((len(group.repeated), group.num_codes), np.float32)
        for number, place in enumerate(group.repeated):
            spans[number, group.spans[place]] = 1.0
        return jnp.where(used, weights @ spans, 0.0)


def _rows(
    group: relational_layout.Group,
    bases: GroupBases,
    codes: Int[Array, "device head"],
    packed: packing.Packed,
) -> _Rows:
    """Reads the rows of a table."""
    here = packing.take(packed, relational_layout.codes_of(group, codes))
    features, hot = see(group, bases, here), _hot(group, here)
    shown, used = features[:, : group.num_shown], None
    if group.rows > 1:
        both = jnp.concatenate([shown, hot.astype(jnp.float32)], axis=1)
        earlier, count = jnp.split(
            packing.before(packed, both), [group.num_shown], axis=1
        )
        scale = row_scale(group.rows)
        features = jnp.concatenate([features, earlier / scale], axis=1)
        shown, used = (shown + earlier) / scale, count > 0.5
    return _Rows(features, hot, used, packing.last(packed, shown))


def _num_rows(
    layout: relational_layout.Layout, codes: Int[Array, "device head"]
) -> Int[Array, "device limit"]:
    """For each table its number of rows, and whether it has any."""
    owners = np.array([group.owner for group in layout.tables], np.int32)
    rows = codes[:, owners]
    both = jnp.stack([rows, jnp.minimum(rows, 1)], axis=2)
    return both.reshape(codes.shape[0], -1)


def row_scale(rows: int) -> float:
    """What sums of features of rows are divided by."""
    return float(rows) ** 0.5


def see(
    group: relational_layout.Group,
    bases: GroupBases,
    codes: Int[Array, "row variable"],
) -> Float[Array, "row feature"]:
    """Features of codes."""
    place: list[int] = []
    offset: list[int] = []
    stride: list[int] = []
    start = 0
    for block in group.blocks:
        for variable in block.places:
            place += [variable] * block.num_inputs
            stride += [block.num_inputs] * block.num_inputs
            offset += range(start, start + block.num_inputs)
            start += block.size * block.num_inputs
    table = jnp.concatenate([functions.inputs.reshape(-1) for functions in bases])
    at = codes[:, np.array(place)] * np.array(stride, np.int32)[None]
    return table.at[at + np.array(offset, np.int32)[None]].get(mode="clip")


def _hot(
    group: relational_layout.Group, codes: Int[Array, "row variable"]
) -> Bool[Array, "row code"]:
    """Which codes, in the order of blocks, are those of the variables."""
    place = [
        p for block in group.blocks for p in block.places for _ in range(block.size)
    ]
    code = [
        c for block in group.blocks for _ in block.places for c in range(block.size)
    ]
    return codes[:, np.array(place)] == np.array(code, np.int32)[None]


def expand(
    group: relational_layout.Group,
    bases: GroupBases,
    coefficients: Float[Array, "row coefficient"],
) -> Float[Array, "row code"]:
    """Coefficients to a logit a code, codes in the order of blocks."""
    parts, start = [], 0
    for block, functions in zip(group.blocks, bases, strict=True):
        count = len(block.places)
        stop = start + count * block.num_outputs
        part = coefficients[:, start:stop]
        if block.is_smooth:
            part = part @ _side_by_side(functions.outputs)
        parts.append(part)
        start = stop
    return jnp.concatenate(parts, axis=1)


def _side_by_side(
    outputs: Float[np.ndarray, "variable function code"],
) -> Float[np.ndarray, "coefficient logit"]:
    """One matrix that expands the coefficients of all variables, each to its codes."""
    count, functions, codes = outputs.shape
    matrix = np.zeros((count, functions, count, codes), np.float32)
    matrix[np.arange(count), :, np.arange(count)] = outputs
    return matrix.reshape(count * functions, count * codes)


def _entropies(
    group: relational_layout.Group,
    bases: GroupBases,
    logits: Float[Array, "row code"],
    hot: Bool[Array, "row code"],
) -> Float[Array, " row"]:
    """Sum of cross-entropies over the variables of a row."""
    valid = np.concatenate([functions.valid.reshape(-1) for functions in bases])
    place = [
        p for block in group.blocks for p in block.places for _ in range(block.size)
    ]
    own = np.eye(len(group.variables), dtype=np.float32)[place]

    @jax.custom_vjp
    def sums(logits: Array, hot: Array) -> Array:
        return forward(logits, hot)[0]

    def forward(logits: Array, hot: Array) -> tuple[Array, Array]:
        # Sums over the codes of each variable, and back, are products with ones: they
        # compile in a fraction of the time. Each code is held to the variable's own.
        chosen = _exact(jnp.where(hot, logits, 0.0), own)
        above = jnp.where(valid[None], logits, NEVER) - _exact(chosen, own.T)
        scaled = jnp.exp(jnp.minimum(above, _MOST))
        sizes = _exact(scaled, own)
        shares = scaled * _exact(1.0 / sizes, own.T)
        return jnp.log(sizes).sum(1), shares - hot.astype(jnp.float32)

    def backward(gradient: Array, signal: Array) -> tuple[Array, None]:
        return signal[:, None] * gradient, None

    sums.defvjp(forward, backward)
    return sums(logits, hot)


def _exact(a: Float[Array, "row _"], b: Float[np.ndarray, "_ _"]) -> Array:
    """A product in float32, where accelerators would round."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def all_bases(layout: relational_layout.Layout, shares: AllShares) -> AllBases:
    """Functions of all groups under public shares of codes."""
    return tuple(
        relational_layout.bases(group, own)
        for group, own in zip(layout.groups, shares, strict=True)
    )


def slots(
    layout: relational_layout.Layout, shares: AllShares
) -> Callable[[int], tuple[int, ...]]:
    """Slots that hold a micro-batch, but for rare draws, by public shares.

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


def model(
    network: Relational, bases: AllBases, shares: AllShares, repeats: Repeats = ()
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
        return _num_rows(layout, codes)

    return trainable.Model(init, inputs, losses, num_rows, network.slots)


def log_shares(
    group: relational_layout.Group, shares: relational_layout.Shares
) -> Float[Array, " code"]:
    """Log shares in the order of blocks; zeros for codes outside of the domain."""
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
