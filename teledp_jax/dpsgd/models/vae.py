"""A variational autoencoder of the flattened device row.

Heads with domains of one kind and about one size form a block, so that all of them go
through the network as dense arrays. Codes of numbers have an order: by default they
enter and leave through a few smooth functions of it, which is a fraction of the weights
of one-hot codes, and of the noise.
"""

import functools
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from teledp_jax.dpsgd import clipping, trainable
from teledp_jax.dpsgd.models import inversion, layers, vae_layout

_NEVER = -1e9  # logit of a code outside of the domain


class Vae(nn.Module):
    """The network.

    Attributes:
        layout: Blocks of heads.
        hidden: Widths of the encoder's layers; the decoder has them backwards.
        latent: Size of the latent vector.
        smooth: Whether codes enter as features; else as a sum of embeddings.
    """

    layout: vae_layout.Layout
    hidden: tuple[int, ...]
    latent: int
    smooth: bool

    def setup(self) -> None:
        """Makes the layers."""
        width = self.hidden[0] if self.hidden else 2 * self.latent
        self.embed = (
            nn.Dense(width)
            if self.smooth
            else layers.CodeDense(vae_layout.code_sizes(self.layout), width)
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
        present = vae_layout.exists(self.layout, codes)
        if self.smooth:
            x = self.embed(vae_layout.features(self.layout, codes, present))
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
        """Decodes latents to the logits of each block.

        Args:
            z: Latents.

        Returns:
            Logits of each block, in nats.
        """
        for layer in self.decoder:
            z = nn.silu(layer(z))
        return self.logits(self.output(z))

    def logits(
        self, coefficients: Float[Array, "device coefficient"]
    ) -> list[Float[Array, "device _ _"]]:
        """Expands coefficients to a logit per code, and adds the codes' biases.

        Args:
            coefficients: Of all heads' functions.

        Returns:
            Logits of each block, in nats.
        """
        parts, start, size = [], 0, coefficients.shape[0]
        for block in self.layout.blocks:
            count, functions = len(block.heads), block.num_functions
            stop = start + count * functions
            part = coefficients[:, start:stop].reshape(size, count, functions)
            if block.bases is not None:
                part = jnp.einsum("bhk,hkc->bhc", part, jnp.asarray(block.bases))
            parts.append(part.reshape(size, -1))
            start = stop
        logits = vae_layout.unpack(
            self.layout, self.bias(jnp.concatenate(parts, axis=1))
        )
        return [
            jnp.where(jnp.asarray(block.valid)[None], part, _NEVER)
            for block, part in zip(self.layout.blocks, logits, strict=True)
        ]


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
        present = vae_layout.exists(plan, codes)
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


Decoder = Callable[[clipping.Params, Key[Array, ""]], list[Float[Array, "device _ _"]]]
Sampler = Callable[
    [clipping.Params, Float[Array, " code"], Key[Array, ""]], Int[Array, "device head"]
]


@functools.lru_cache(maxsize=8)
def decoder(network: Vae, *, chunk: int) -> Decoder:
    """A jitted draw of the logits of `chunk` devices, given parameters and a key."""

    @jax.jit
    def decode(params: clipping.Params, key: Key[Array, ""]) -> list[Array]:
        latent_key, _ = jax.random.split(key)
        z = jax.random.normal(latent_key, (chunk, network.latent), jnp.float32)
        return network.apply({"params": params}, z, method="decode")

    return decode


def sampler(network: Vae, *, chunk: int) -> Sampler:
    """A draw of `chunk` devices, given parameters, logit shifts and a key.

    Logits come from the program of `decoder`, which training compiled already.
    """
    decode, plan = decoder(network, chunk=chunk), network.layout

    @jax.jit
    def pick(
        logits: list[Array], shift: Array, key: Key[Array, ""]
    ) -> Int[Array, "device head"]:
        _, code_key = jax.random.split(key)
        shifts = vae_layout.unpack(plan, shift[None])
        codes = jnp.zeros((chunk, len(plan.owners)), jnp.int32)
        # One number for each head: Gumbel noise would take one for each code.
        uniforms = jax.random.uniform(code_key, codes.shape, jnp.float32)
        for block, part, more in zip(plan.blocks, logits, shifts, strict=True):
            heads = np.array(block.heads)
            values = part + more
            odds = jnp.exp(values - values.max(-1, keepdims=True))
            last = block.valid.sum(1) - 1
            drawn = inversion.draw(odds, uniforms[:, heads], last[None])
            codes = codes.at[:, heads].set(drawn)
        return codes

    return lambda params, shift, key: pick(decode(params, key), shift, key)
