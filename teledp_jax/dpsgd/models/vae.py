"""A variational autoencoder of the flattened device row.

Heads with domains of one kind and size form a block, so that all of them go through
the network as dense arrays. Codes of numbers have an order: by default they enter and
leave through a few smooth functions of it, which is a fraction of the weights of
one-hot codes, and of the noise.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from teledp_jax import schema as schema_lib
from teledp_jax.dpsgd import clipping, train
from teledp_jax.dpsgd.models import layers

_DEGREE = 3  # of the polynomials through which numbers leave; they enter with one less
_SMALL = 6  # domains up to this size gain nothing from smooth functions


class Block(NamedTuple):
    """Heads of one kind and size.

    Attributes:
        heads: Their positions in `schema.heads`.
        inputs: Features of each code, `[code, feature]`.
        outputs: Functions of the code that logits are made of, `[function, code]`.
    """

    heads: tuple[int, ...]
    inputs: Float[np.ndarray, "code feature"]
    outputs: Float[np.ndarray, "function code"]

    @property
    def num_codes(self) -> int:
        """Size of the domain."""
        return self.inputs.shape[0]


@dataclasses.dataclass(frozen=True, eq=False)
class Layout:
    """How codes become features and coefficients become logits.

    Attributes:
        blocks: The blocks; together they hold each head once.
        owners: For each head, the head with its table's number of rows, or -1.
        rows: For each head, its row of the table.
    """

    blocks: tuple[Block, ...]
    owners: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """The heads that are numbers of rows."""
        return tuple(sorted({owner for owner in self.owners if owner >= 0}))

    @property
    def num_features(self) -> int:
        """Size of the input."""
        return sum(len(block.heads) * block.inputs.shape[1] for block in self.blocks)

    @property
    def num_coefficients(self) -> int:
        """Size of the decoder's output."""
        return sum(len(block.heads) * block.outputs.shape[0] for block in self.blocks)

    @property
    def num_codes(self) -> int:
        """Codes of all heads, in the order of blocks."""
        return sum(len(block.heads) * block.num_codes for block in self.blocks)


def layout(schema: schema_lib.Schema, *, smooth: bool) -> Layout:
    """Groups the heads of a schema.

    Args:
        schema: The device tables.
        smooth: Whether numbers enter and leave through smooth functions of their
            order; else each code has weights of its own.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    owners, latest = [], -1
    for index, head in enumerate(schema.heads):
        groups.setdefault((_first(head, smooth), head.num_codes), []).append(index)
        if head.column is None:
            latest = index
        anchored = head.table == schema.anchor.name
        owners.append(-1 if head.column is None or anchored else latest)
    blocks = tuple(
        Block(tuple(heads), *_bases(first, num_codes))
        for (first, num_codes), heads in sorted(groups.items())
    )
    return Layout(blocks, tuple(owners), tuple(head.row for head in schema.heads))


def _first(head: schema_lib.Head, smooth: bool) -> int:
    """First code of an ordered domain; -1 if codes are to be told apart."""
    if not smooth or head.num_codes <= _SMALL:
        return -1
    if head.column is None:
        return 1
    return head.column.first_bin if head.column.is_number else -1


def _bases(first: int, num_codes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of each code, and functions of the code."""
    one_hot = np.eye(num_codes, dtype=np.float32)
    if first < 0:
        return one_hot, one_hot
    position = np.linspace(-1.0, 1.0, num_codes - first)
    curves = np.zeros((num_codes, _DEGREE), np.float32)
    curves[first:] = np.polynomial.legendre.legvander(position, _DEGREE)[:, 1:]
    bases = np.concatenate([one_hot[:, :first], curves], axis=1)
    return bases[:, :-1], np.ascontiguousarray(bases.T)


def exists(
    layout: Layout, codes: Int[Array, "device head"]
) -> Bool[Array, "device head"]:
    """`arrays.exists`, inside jit."""
    owners = np.array(layout.owners)
    rows = np.array(layout.rows, np.int32)
    return jnp.asarray(owners < 0)[None] | (codes[:, owners] > rows[None])


class Vae(nn.Module):
    """The network.

    Attributes:
        layout: Blocks of heads.
        hidden: Widths of the encoder's layers; the decoder has them backwards.
        latent: Size of the latent vector.
        smooth: Whether codes enter as features; else as a sum of embeddings.
    """

    layout: Layout
    hidden: tuple[int, ...]
    latent: int
    smooth: bool

    def setup(self) -> None:
        """Makes the layers."""
        width = self.hidden[0] if self.hidden else 2 * self.latent
        self.embed = (
            nn.Dense(width)
            if self.smooth
            else layers.CodeDense(_code_sizes(self.layout), width)
        )
        wider = (*self.hidden[1:], 2 * self.latent) if self.hidden else ()
        self.encoder = [nn.Dense(width) for width in wider]
        self.decoder = [nn.Dense(width) for width in reversed(self.hidden)]
        self.output = nn.Dense(
            self.layout.num_coefficients,
            use_bias=False,
            kernel_init=nn.initializers.variance_scaling(0.1, "fan_in", "normal"),
        )
        self.bias = layers.Bias()

    def __call__(
        self, codes: Int[Array, "device head"], noise: Float[Array, "device latent"]
    ) -> tuple[list[Float[Array, "device head code"]], Float[Array, " device"]]:
        """Logits of each block, and the divergence of the latent from its prior."""
        present = exists(self.layout, codes)
        if self.smooth:
            x = self.embed(_features(self.layout, codes, present))
        else:
            order = np.concatenate([block.heads for block in self.layout.blocks])
            x = self.embed(jnp.where(present, codes, -1)[:, order])
        for layer in self.encoder:
            x = layer(nn.silu(x))
        mean, log_variance = jnp.split(x, 2, axis=-1)
        z = mean + jnp.exp(0.5 * log_variance) * noise
        divergence = mean**2 + jnp.exp(log_variance) - 1.0 - log_variance
        return self.decode(z), 0.5 * divergence.sum(1)

    def decode(
        self, z: Float[Array, "device latent"]
    ) -> list[Float[Array, "device head code"]]:
        """Logits of each block."""
        for layer in self.decoder:
            z = nn.silu(layer(z))
        return self.logits(self.output(z))

    def logits(
        self, coefficients: Float[Array, "device coefficient"]
    ) -> list[Float[Array, "device head code"]]:
        """Expands coefficients to a logit a code, and adds the codes' biases."""
        parts, start, size = [], 0, coefficients.shape[0]
        for block in self.layout.blocks:
            count, functions = len(block.heads), block.outputs.shape[0]
            stop = start + count * functions
            part = coefficients[:, start:stop].reshape(size, count, functions)
            if functions != block.num_codes:
                part = part @ jnp.asarray(block.outputs)
            parts.append(part.reshape(size, -1))
            start = stop
        return unpack(self.layout, self.bias(jnp.concatenate(parts, axis=1)))


def unpack(
    layout: Layout, values: Float[Array, "device code"]
) -> list[Float[Array, "device head code"]]:
    """Splits a row of codes into blocks."""
    parts, start = [], 0
    for block in layout.blocks:
        stop = start + len(block.heads) * block.num_codes
        parts.append(
            values[:, start:stop].reshape(-1, len(block.heads), block.num_codes)
        )
        start = stop
    return parts


def _code_sizes(layout: Layout) -> tuple[int, ...]:
    """Domain sizes of the heads, in the order of blocks."""
    return tuple(block.num_codes for block in layout.blocks for _ in block.heads)


def _features(
    layout: Layout,
    codes: Int[Array, "device head"],
    present: Bool[Array, "device head"],
) -> Float[Array, "device feature"]:
    """Features of all codes; zeros where a row does not exist."""
    parts = []
    for block in layout.blocks:
        heads = np.array(block.heads)
        features = jnp.asarray(block.inputs)[codes[:, heads]]
        kept = jnp.where(present[:, heads][..., None], features, 0.0)
        parts.append(kept.reshape(codes.shape[0], -1))
    return jnp.concatenate(parts, axis=1)


def model(network: Vae, *, kl_weight: float) -> train.Model:
    """The network as what DP-SGD trains.

    A device's loss is the sum of cross-entropies over its heads, those of rows that do
    not exist left out, and `kl_weight` times the divergence of its latent.
    """
    plan = network.layout

    def init(key: Key[Array, ""]) -> clipping.Params:
        codes = jnp.zeros((1, len(plan.owners)), jnp.int32)
        noise = jnp.zeros((1, network.latent), jnp.float32)
        return network.init(key, codes, noise)["params"]

    def inputs(codes: Array, key: Key[Array, ""]) -> clipping.Batch:
        shape = (codes.shape[0], network.latent)
        return codes, jax.random.normal(key, shape, jnp.float32)

    def losses(params: clipping.Params, batch: clipping.Batch) -> Array:
        codes, noise = batch
        logits, divergence = network.apply({"params": params}, codes, noise)
        present = exists(plan, codes)
        total = kl_weight * divergence
        for block, part in zip(plan.blocks, logits, strict=True):
            heads = np.array(block.heads)
            number = np.arange(block.num_codes, dtype=np.int32)
            hot = codes[:, heads][..., None] == number[None, None]
            chosen = jnp.where(hot, part, 0.0).sum(-1)
            entropy = jax.nn.logsumexp(part, axis=-1) - chosen
            total = total + jnp.where(present[:, heads], entropy, 0.0).sum(1)
        return total

    return train.Model(init, inputs, losses)


Sampler = Callable[
    [clipping.Params, Float[Array, " code"], Key[Array, ""]], Int[Array, "device head"]
]


def sampler(network: Vae, *, chunk: int) -> Sampler:
    """A jitted draw of `chunk` devices, given parameters, logit shifts and a key."""

    @jax.jit
    def draw(
        params: clipping.Params, shift: Array, key: Key[Array, ""]
    ) -> Int[Array, "device head"]:
        latent_key, code_key = jax.random.split(key)
        z = jax.random.normal(latent_key, (chunk, network.latent), jnp.float32)
        logits = network.apply({"params": params}, z, method="decode")
        shifts = unpack(network.layout, shift[None])
        codes = jnp.zeros((chunk, len(network.layout.owners)), jnp.int32)
        for i, block in enumerate(network.layout.blocks):
            drawn = jax.random.categorical(
                jax.random.fold_in(code_key, i), logits[i] + shifts[i]
            )
            codes = codes.at[:, np.array(block.heads)].set(drawn.astype(jnp.int32))
        return codes

    return draw
