"""The published kind of VAE and of records, for the benchmarks of DP-SGD.

One wide row a device: 49 variables with 307 codes in all, of which a device has one
each. Encoder 512-512, latent 64, decoder backwards; a binary cross-entropy for each
of the 307 features. 0.94 million parameters.
"""

import itertools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax.dpsgd import trainable
from teledp_jax.dpsgd.models import layers

SIZES = (6, 8, 12, 20, 5, 30, 10, 9, 7) + (5,) * 40
HIDDEN = (512, 512)
LATENT = 64


class Network(nn.Module):
    """Loss of each device from its codes."""

    @nn.compact
    def __call__(self, codes: jax.Array, noise: jax.Array) -> jax.Array:
        """Cross-entropy of each device's features, and its divergence."""
        features = layers.one_hot(codes, SIZES)
        y = nn.silu(layers.CodeDense(SIZES, HIDDEN[0])(codes))
        for width in HIDDEN[1:]:
            y = nn.silu(nn.Dense(width)(y))
        mean, log_variance = jnp.split(nn.Dense(2 * LATENT)(y), 2, axis=-1)
        y = mean + jnp.exp(0.5 * log_variance) * noise
        for width in reversed(HIDDEN):
            y = nn.silu(nn.Dense(width)(y))
        logits = nn.Dense(sum(SIZES))(y)
        soft = jnp.log1p(jnp.exp(-jnp.abs(logits)))
        entropy = (jnp.maximum(logits, 0.0) - logits * features + soft).sum(1)
        divergence = mean**2 + jnp.exp(log_variance) - 1.0 - log_variance
        return entropy + 0.5 * divergence.sum(1)


def records(num_devices: int) -> np.ndarray:
    """Random codes, one byte each."""
    rng = np.random.default_rng(0)
    shape = (num_devices, len(SIZES))
    return (rng.random(shape, np.float32) * np.array(SIZES)).astype(np.uint8)


def model() -> trainable.Model:
    """The network as what DP-SGD trains."""
    network = Network()

    def init(key: jax.Array) -> Any:
        codes = jnp.zeros((1, len(SIZES)), jnp.int32)
        noise = jnp.zeros((1, LATENT), jnp.float32)
        return jax.jit(network.init)(key, codes, noise)["params"]

    def inputs(codes: jax.Array, key: jax.Array) -> Any:
        shape = (codes.shape[0], LATENT)
        return codes, jax.random.normal(key, shape, jnp.float32)

    def losses(params: Any, batch: Any) -> jax.Array:
        return network.apply({"params": params}, *batch)

    return trainable.Model(init, inputs, losses)


def num_parameters() -> int:
    """Size of the model."""
    shapes = jax.eval_shape(model().init, jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def matmul_flops() -> int:
    """Floating-point operations that one device's gradient needs, in products alone.

    Two for each weight forward, two for its gradient, and two for the signal that goes
    on to the layer before, which the first layer does not send.
    """
    widths = [sum(SIZES), *HIDDEN, 2 * LATENT]
    back = [LATENT, *reversed(HIDDEN), sum(SIZES)]
    weights = [a * b for chain in (widths, back) for a, b in itertools.pairwise(chain)]
    return 6 * sum(weights) - 2 * weights[0]
