"""A variational autoencoder of the flattened device row.

Heads with domains of one kind and about one size form a block, so that all of them go
through the network as dense arrays. Codes of numbers have an order: by default they
enter and leave through a few smooth functions of it, which is a fraction of the weights
of one-hot codes, and of the noise.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from teledp_jax import schemas
from teledp_jax.dpsgd import clipping, trainable
from teledp_jax.dpsgd.models import layers

_DEGREE = 3  # of the polynomials through which numbers enter and leave
_FILL = 8  # domains are filled up to multiples of it, so that there are few blocks
_NEVER = -1e9  # logit of a code outside of the domain
_SMALL = 6  # domains up to this size gain nothing from smooth functions


class Block(NamedTuple):
    """Heads of one kind and of about one size, with domains filled up to one size.

    Attributes:
        heads: Their positions in `schema.heads`.
        valid: Which codes are in a head's domain; the others are never drawn.
        bases: Smooth functions of the code through which it enters and leaves, or
            None where each code has weights of its own.
    """

    heads: tuple[int, ...]
    valid: Bool[np.ndarray, "head code"]
    bases: Float[np.ndarray, "head function code"] | None

    @property
    def num_codes(self) -> int:
        """Size of the filled domain."""
        return self.valid.shape[1]

    @property
    def num_functions(self) -> int:
        """Numbers that stand for a code."""
        return self.num_codes if self.bases is None else self.bases.shape[1]


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
    def num_coefficients(self) -> int:
        """Numbers that stand for a device, before and after the network."""
        return sum(len(block.heads) * block.num_functions for block in self.blocks)

    @property
    def num_codes(self) -> int:
        """Codes of all heads, in the order of blocks."""
        return sum(len(block.heads) * block.num_codes for block in self.blocks)


def layout(schema: schemas.Schema, *, smooth: bool) -> Layout:
    """Groups the heads of a schema.

    Args:
        schema: The device tables.
        smooth: Whether numbers enter and leave through smooth functions of their
            order; else each code has weights of its own.
    """
    groups: dict[tuple[bool, int], list[int]] = {}
    owners, latest = [], -1
    for index, head in enumerate(schema.heads):
        size = -(-head.num_codes // _FILL) * _FILL
        is_smooth = smooth and _first_bin(head) is not None
        groups.setdefault((is_smooth, size), []).append(index)
        if head.column is None:
            latest = index
        anchored = head.table == schema.anchor.name
        owners.append(-1 if head.column is None or anchored else latest)
    blocks = []
    for (is_smooth, size), indices in sorted(groups.items()):
        heads = [schema.heads[index] for index in indices]
        valid = np.arange(size)[None] < np.array([[h.num_codes] for h in heads])
        bases = np.stack([_basis(h, size) for h in heads]) if is_smooth else None
        blocks.append(Block(tuple(indices), valid, bases))
    rows = tuple(head.row for head in schema.heads)
    return Layout(tuple(blocks), tuple(owners), rows)


def _first_bin(head: schemas.Head) -> int | None:
    """First code of an ordered domain; None if codes are to be told apart."""
    if head.num_codes <= _SMALL:
        return None
    if head.column is None:
        return 1
    return head.column.first_bin if head.column.is_number else None


def _basis(head: schemas.Head, size: int) -> Float[np.ndarray, "function code"]:
    """Flags of absent and zero, and polynomials over the bins."""
    first = _first_bin(head) or 0
    basis = np.zeros((2 + _DEGREE, size), np.float32)
    basis[:first, :first] = np.eye(first)
    position = np.linspace(-1.0, 1.0, head.num_codes - first)
    curves = np.polynomial.legendre.legvander(position, _DEGREE)[:, 1:]
    basis[2:, first : head.num_codes] = curves.T
    return basis


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
    ) -> tuple[list[Float[Array, "device _ _"]], Float[Array, " device"]]:
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
    ) -> list[Float[Array, "device _ _"]]:
        """Logits of each block."""
        for layer in self.decoder:
            z = nn.silu(layer(z))
        return self.logits(self.output(z))

    def logits(
        self, coefficients: Float[Array, "device coefficient"]
    ) -> list[Float[Array, "device _ _"]]:
        """Expands coefficients to a logit a code, and adds the codes' biases."""
        parts, start, size = [], 0, coefficients.shape[0]
        for block in self.layout.blocks:
            count, functions = len(block.heads), block.num_functions
            stop = start + count * functions
            part = coefficients[:, start:stop].reshape(size, count, functions)
            if block.bases is not None:
                part = jnp.einsum("bhk,hkc->bhc", part, jnp.asarray(block.bases))
            parts.append(part.reshape(size, -1))
            start = stop
        logits = unpack(self.layout, self.bias(jnp.concatenate(parts, axis=1)))
        return [
            jnp.where(jnp.asarray(block.valid)[None], part, _NEVER)
            for block, part in zip(self.layout.blocks, logits, strict=True)
        ]


def unpack(
    layout: Layout, values: Float[Array, "device code"]
) -> list[Float[Array, "device _ _"]]:
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
        number = np.arange(block.num_codes, dtype=np.int32)
        hot = codes[:, heads][..., None] == number[None, None]
        kept = (hot & present[:, heads][..., None]).astype(jnp.float32)
        if block.bases is not None:
            kept = jnp.einsum("bhc,hkc->bhk", kept, jnp.asarray(block.bases))
        parts.append(kept.reshape(codes.shape[0], -1))
    return jnp.concatenate(parts, axis=1)


def model(network: Vae, *, kl_weight: float) -> trainable.Model:
    """The network as what DP-SGD trains.

    A device's loss is the sum of cross-entropies over its heads, those of rows that do
    not exist left out, and `kl_weight` times the divergence of its latent.
    """
    plan = network.layout

    def init(key: Key[Array, ""]) -> clipping.Params:
        codes = jnp.zeros((1, len(plan.owners)), jnp.int32)
        noise = jnp.zeros((1, network.latent), jnp.float32)
        return jax.jit(network.init)(key, codes, noise)["params"]

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

    return trainable.Model(init, inputs, losses)


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
