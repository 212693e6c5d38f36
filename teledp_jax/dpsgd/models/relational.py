"""One model of the whole device: each variable given those before it.

The logits of a variable are a bias for each code and a bilinear form in functions of
its own code and of the codes before it: a log-linear model whose weights are pairwise
interactions. Functions have mean zero, so that without weights it is the product of its
marginals. The rows of a table share weights; they see the device, the tables before,
and the rows before them, in an order that training draws at random, which makes them
exchangeable. Only rows that exist are computed.
"""

import functools
import math
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from teledp_jax.dpsgd import clipping, train
from teledp_jax.dpsgd.models import layers, packing, relational_layout

_SLOTS = 64  # numbers of slots are multiples of it, lest noise change the program
NEVER = -1e9  # logit of a code outside of the domain

GroupBases = tuple[relational_layout.Bases, ...]
AllBases = tuple[GroupBases, ...]
AllShares = tuple[relational_layout.Shares, ...]
Repeats = tuple[tuple[float, ...], ...]
"""For each table and variable of `Group.repeated`, what is added to start with to the
logits of codes that rows before have."""


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
        device = self.layout.device
        here = relational_layout.codes_of(device, codes)[:, 0]
        context = see(device, bases[0], here)
        logits = self.biases[0](expand(device, bases[0], self.device(context)))
        total = _entropies(device, bases[0], logits, here)
        context = context[:, : device.num_shown]
        weights = self.weights or (1.0,) * len(self.layout.tables)
        for index, weight in enumerate(weights):
            losses, shown = self._table(index, codes, bases[index + 1], context)
            total = total + weight * losses
            context = jnp.concatenate([context, shown], axis=-1)
        return total

    def _table(
        self,
        index: int,
        codes: Int[Array, "device head"],
        bases: GroupBases,
        context: Float[Array, "device earlier"],
    ) -> tuple[Float[Array, " device"], Float[Array, "device shown"]]:
        """Loss of a table's rows, and what later tables see of them."""
        group = self.layout.tables[index]
        num_slots = self.slots(codes.shape[0])[2 * index :]
        rows = relational_layout.num_rows(group, codes)
        reports = (rows > 0).astype(jnp.int32)
        packed = packing.pack(rows, max_rows=group.rows, num_slots=num_slots[0])
        owners = packing.pack(reports, max_rows=1, num_slots=num_slots[1])
        padded = relational_layout.codes_of(group, codes)
        present = jnp.arange(group.rows, dtype=jnp.int32)[None] < rows[:, None]
        seen = jnp.where(present[..., None], see(group, bases, padded), 0.0)
        sums = _sums_before(seen[..., : group.num_shown])
        with packing.layers_on(owners):
            start = self.contexts[index](packing.take_device(owners, context))
        # Where the device of each slot lies among those that report the table.
        place = (
            (jnp.cumsum(reports) - 1).at[packed.owner].get(mode="fill", fill_value=0)
        )
        with packing.layers_on(packed):
            features = packing.take(packed, _row_features(group, seen, sums))
            coefficients = self.rows[index](features) + start[place]
            logits = self.biases[index + 1](expand(group, bases, coefficients))
            logits = self._repeated(index, logits, packed, padded, present)
        here = packing.take(packed, padded)
        losses = packing.total(packed, _entropies(group, bases, logits, here))
        return losses, sums[:, -1]

    def _repeated(
        self,
        index: int,
        logits: Float[Array, "slot code"],
        packed: packing.Packed,
        codes: Int[Array, "device row variable"],
        present: Bool[Array, "device row"],
    ) -> Float[Array, "slot code"]:
        """Logits, with what codes that rows before have get."""
        layer, group = self.repeats[index], self.layout.tables[index]
        if layer is None:
            return logits
        weights = layer(jnp.ones((logits.shape[0], 1), jnp.float32))
        for number, place in enumerate(group.repeated):
            span = group.spans[place]
            used = _used(codes[..., place], present, span.stop - span.start)
            used = packing.take(packed, used) * weights[:, number, None]
            outside = (span.start, group.num_codes - span.stop)
            logits = logits + jnp.pad(used, ((0, 0), outside))
        return logits


def _row_features(
    group: relational_layout.Group,
    seen: Float[Array, "device row feature"],
    sums: Float[Array, "device rows shown"],
) -> Float[Array, "device row both"]:
    """Features in the order of `Group.row_places`."""
    if group.rows == 1:
        return seen
    return jnp.concatenate([seen, sums[:, :-1]], axis=-1)


def _sums_before(
    features: Float[Array, "device row feature"],
) -> Float[Array, "device rows feature"]:
    """Features summed over the rows before each row, and last over all; scaled."""
    sums = jnp.cumsum(features, axis=1)
    sums = jnp.concatenate([jnp.zeros_like(sums[:, :1]), sums], axis=1)
    return sums / row_scale(features.shape[1])


def row_scale(rows: int) -> float:
    """What sums of features of rows are divided by."""
    return float(rows) ** 0.5


def _used(
    codes: Int[Array, "device row"], present: Bool[Array, "device row"], size: int
) -> Float[Array, "device row code"]:
    """One for codes that rows before have."""
    number = np.arange(size, dtype=np.int32)
    hot = (codes[..., None] == number[None, None]) & present[..., None]
    hot = hot.astype(jnp.float32)
    before = jnp.cumsum(hot, axis=1) - hot
    return (before > 0).astype(jnp.float32)


def see(
    group: relational_layout.Group,
    bases: GroupBases,
    codes: Int[Array, "*row variable"],
) -> Float[Array, "*row feature"]:
    """Features of codes."""
    parts = []
    for block, functions in zip(group.blocks, bases, strict=True):
        number = np.arange(len(block.places)).reshape((1,) * (codes.ndim - 1) + (-1,))
        part = jnp.asarray(functions.inputs)[number, codes[..., np.array(block.places)]]
        parts.append(part.reshape(*codes.shape[:-1], -1))
    return jnp.concatenate(parts, axis=-1)


def expand(
    group: relational_layout.Group,
    bases: GroupBases,
    coefficients: Float[Array, "row coefficient"],
) -> Float[Array, "row code"]:
    """Coefficients to a logit a code, codes in the order of blocks."""
    parts, start, size = [], 0, coefficients.shape[0]
    for block, functions in zip(group.blocks, bases, strict=True):
        count = len(block.places)
        stop = start + count * block.num_outputs
        part = coefficients[:, start:stop].reshape(size, count, block.num_outputs)
        outputs = jnp.asarray(functions.outputs)[None]
        if block.is_smooth:
            terms = (
                part[..., k, None] * outputs[:, :, k] for k in range(part.shape[2])
            )
            part = functools.reduce(jnp.add, terms)
        else:
            part = part * outputs[:, :, 0]
        parts.append(part.reshape(size, -1))
        start = stop
    return jnp.concatenate(parts, axis=1)


def _entropies(
    group: relational_layout.Group,
    bases: GroupBases,
    logits: Float[Array, "row code"],
    codes: Int[Array, "row variable"],
) -> Float[Array, " row"]:
    """Sum of cross-entropies over the variables of a row."""
    size = codes.shape[0]
    total, start = jnp.zeros(size, jnp.float32), 0
    for block, functions in zip(group.blocks, bases, strict=True):
        count = len(block.places)
        stop = start + count * block.size
        part = logits[:, start:stop].reshape(size, count, block.size)
        part = jnp.where(jnp.asarray(functions.valid)[None], part, NEVER)
        number = np.arange(block.size, dtype=np.int32)
        hot = codes[:, np.array(block.places)][..., None] == number[None, None]
        chosen = jnp.where(hot, part, 0.0).sum(-1)
        total = total + (jax.nn.logsumexp(part, axis=-1) - chosen).sum(1)
        start = stop
    return total


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
) -> train.Model:
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
        for index, group in enumerate(layout.tables):
            if group.rows > 1:
                codes = _shuffled(jax.random.fold_in(key, index), group, codes)
        return codes

    def losses(params: clipping.Params, batch: clipping.Batch) -> Array:
        return network.apply({"params": params}, batch, bases)

    def num_rows(codes: Int[Array, "device head"]) -> Int[Array, "device limit"]:
        owners = np.array([group.owner for group in layout.tables], np.int32)
        rows = codes[:, owners]
        both = jnp.stack([rows, jnp.minimum(rows, 1)], axis=2)
        return both.reshape(codes.shape[0], -1)

    return train.Model(init, inputs, losses, num_rows, network.slots)


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
    group: relational_layout.Group,
    codes: Int[Array, "device head"],
) -> Int[Array, "device head"]:
    """The record with the rows of a table in random order."""
    here = relational_layout.codes_of(group, codes)
    numbers = jnp.arange(group.rows, dtype=jnp.int32)[None]
    present = numbers < relational_layout.num_rows(group, codes)[:, None]
    draw = jax.random.uniform(key, present.shape, jnp.float32)
    draw = jnp.where(present, draw, 2.0 + numbers.astype(jnp.float32))
    place = jnp.argsort(draw, axis=1)
    here = jnp.take_along_axis(here, place[..., None], axis=1)
    start = group.variables[0].head
    flat = here.reshape(codes.shape[0], -1)
    return jnp.concatenate(
        [codes[:, :start], flat, codes[:, start + flat.shape[1] :]], axis=1
    )
