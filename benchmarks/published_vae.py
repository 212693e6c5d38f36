"""The published kind of VAE and of records, for the benchmarks of DP-SGD.

One wide row per device: 49 variables with 307 codes in all, of which a device has one
each. Encoder 512-512, latent 64, decoder backwards; a binary cross-entropy for each
of the 307 features. 0.94 million parameters.
"""

import itertools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from absl import flags

from teledp_jax.dpsgd import trainable
from teledp_jax.dpsgd.models import layers

_TINY = flags.DEFINE_bool("tiny", False, "Train a network of nothing, to try this.")


class Shape(NamedTuple):
    """Sizes of records and network.

    Attributes:
        sizes: Codes of each variable.
        hidden: Widths of the encoder.
        latent: Variables in the middle.
    """

    sizes: tuple[int, ...]
    hidden: tuple[int, ...]
    latent: int


def shape() -> Shape:
    """Returns the published sizes, or tiny ones if the flag says so."""
    if _TINY.value:
        return Shape((2, 3), (4, 4), 2)
    sizes = (6, 8, 12, 20, 5, 30, 10, 9, 7) + (5,) * 40
    return Shape(sizes, hidden=(512, 512), latent=64)


class Network(nn.Module):
    """Loss of each device from its codes."""

    shape: Shape

    @nn.compact
    def __call__(self, codes: jax.Array, noise: jax.Array) -> jax.Array:
        """Cross-entropy of each device's features, and its divergence."""
        sizes, hidden, latent = self.shape
        features = layers.one_hot(codes, sizes)
        y = nn.silu(layers.CodeDense(sizes, hidden[0])(codes))
        for width in hidden[1:]:
            y = nn.silu(nn.Dense(width)(y))
        mean, log_variance = jnp.split(nn.Dense(2 * latent)(y), 2, axis=-1)
        y = mean + jnp.exp(0.5 * log_variance) * noise
        for width in reversed(hidden):
            y = nn.silu(nn.Dense(width)(y))
        logits = nn.Dense(sum(sizes))(y)
        soft = jnp.log1p(jnp.exp(-jnp.abs(logits)))
        entropy = (jnp.maximum(logits, 0.0) - logits * features + soft).sum(1)
        divergence = mean**2 + jnp.exp(log_variance) - 1.0 - log_variance
        return entropy + 0.5 * divergence.sum(1)


def records(num_devices: int) -> np.ndarray:
    """Random codes, one byte each."""
    rng = np.random.default_rng(0)
    sizes = np.array(shape().sizes)
    uniform = rng.random((num_devices, len(sizes)), np.float32)
    return (uniform * sizes).astype(np.uint8)


def model() -> trainable.Model:
    """The network as what DP-SGD trains."""
    network = Network(shape())

    def init(key: jax.Array) -> Any:
        codes = jnp.zeros((1, len(network.shape.sizes)), jnp.int32)
        noise = jnp.zeros((1, network.shape.latent), jnp.float32)
        return jax.jit(network.init)(key, codes, noise)["params"]

    def inputs(codes: jax.Array, key: jax.Array) -> Any:
        size = (codes.shape[0], network.shape.latent)
        return codes, jax.random.normal(key, size, jnp.float32)

    def losses(params: Any, batch: Any) -> jax.Array:
        return network.apply({"params": params}, *batch)

    return trainable.Model(init, inputs, losses)


def num_parameters() -> int:
    """Size of the model."""
    shapes = jax.eval_shape(model().init, jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def matmul_flops() -> int:
    """Floating-point operations that one device's gradient needs, in products only.

    Two for each weight forward, two for its gradient, and two for the signal that goes
    on to the layer before, which the first layer does not send.
    """
    sizes, hidden, latent = shape()
    widths = [sum(sizes), *hidden, 2 * latent]
    back = [latent, *reversed(hidden), sum(sizes)]
    weights = [a * b for chain in (widths, back) for a, b in itertools.pairwise(chain)]
    return 6 * sum(weights) - 2 * weights[0]
