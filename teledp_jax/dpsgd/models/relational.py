"""One model of the whole device: each variable given those before it.

The logits of a variable are a bias for each code and a bilinear form in functions of
its own code and of the codes before it: a log-linear model whose weights are pairwise
interactions. Functions have mean zero, so that without weights it is the product of its
marginals. The rows of a table share weights; they see the device, the tables before,
and the rows before them, in an order that training draws at random, which makes them
exchangeable. Only rows that exist are computed.
"""

from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from teledp_jax.dpsgd.models import (
    layers,
    packing,
    relational_bases,
    relational_features,
    relational_layout,
)


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
        self, codes: Int[Array, "device head"], bases: relational_bases.AllBases
    ) -> Float[Array, " device"]:
        """Loss of each device: weighted cross-entropies of all values that exist."""
        device, tables = self.layout.device, self.layout.tables
        here = relational_layout.codes_of(device, codes)[:, 0]
        context = relational_features.see(device, bases[0], here)
        logits = self.biases[0](
            relational_features.expand(device, bases[0], self.device(context))
        )
        own = relational_features.entropies(
            device, bases[0], logits, relational_features.hot(device, here)
        )
        if not tables:
            return own
        context = context[:, : device.num_shown]
        packs = packing.pack_all(
            num_rows(self.layout, codes),
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
        # -log P(device) is the sum of -log P(value | what is before it) over the
        # device's own variables and those of its rows (chain rule), tables weighted.
        return own + packing.total(packs[::2], parts)

    def _table(
        self,
        index: int,
        bases: relational_bases.GroupBases,
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
            logits = self.biases[index + 1](
                relational_features.expand(group, bases, coefficients)
            )
            if rows.used is not None:
                logits = logits + self._repeated(index, rows.used)
        return relational_features.entropies(group, bases, logits, rows.hot)

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
    bases: relational_bases.GroupBases,
    codes: Int[Array, "device head"],
    packed: packing.Packed,
) -> _Rows:
    """Reads the rows of a table."""
    here = packing.take(packed, relational_layout.codes_of(group, codes))
    features = relational_features.see(group, bases, here)
    hot = relational_features.hot(group, here)
    shown, used = features[:, : group.num_shown], None
    if group.rows > 1:
        both = jnp.concatenate([shown, hot.astype(jnp.float32)], axis=1)
        earlier, count = jnp.split(
            packing.before(packed, both), [group.num_shown], axis=1
        )
        scale = relational_features.row_scale(group.rows)
        features = jnp.concatenate([features, earlier / scale], axis=1)
        # Later tables see the sum over all rows, this row's own included.
        shown, used = (shown + earlier) / scale, count > 0.5
    return _Rows(features, hot, used, packing.last(packed, shown))


def num_rows(
    layout: relational_layout.Layout, codes: Int[Array, "device head"]
) -> Int[Array, "device limit"]:
    """Counts the rows of each table, and whether it has any.

    Args:
        layout: Groups of variables.
        codes: Flattened records.

    Returns:
        Two numbers for each table, as `trainable.Model.num_rows` needs them.
    """
    owners = np.array([group.owner for group in layout.tables], np.int32)
    rows = codes[:, owners]
    both = jnp.stack([rows, jnp.minimum(rows, 1)], axis=2)
    return both.reshape(codes.shape[0], -1)
