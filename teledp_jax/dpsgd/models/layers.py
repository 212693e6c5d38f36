"""Layers that flax lacks; each has its rule in `rules.RULES`."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class CodeDense(nn.Module):
    """A dense layer on the one-hot form of several codes: a sum of embeddings.

    Attributes:
        sizes: Number of codes of each head.
        features: Size of the output.
    """

    sizes: tuple[int, ...]
    features: int

    @nn.compact
    def __call__(
        self, codes: Int[Array, "device head"]
    ) -> Float[Array, "device feature"]:
        """Sums the embeddings of the heads' codes; a negative code adds nothing."""
        kernel = self.param(
            "kernel", nn.initializers.lecun_normal(), (sum(self.sizes), self.features)
        )
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        return one_hot(codes, self.sizes) @ kernel + bias[None]


def one_hot(
    codes: Int[Array, "device head"], sizes: tuple[int, ...]
) -> Float[Array, "device code"]:
    """Sets the codes' one-hot vectors side by side; that of a negative code is zero.

    Args:
        codes: Code of each head.
        sizes: Number of codes of each head.

    Returns:
        Zeros and ones; the columns of a head follow those of the one before.
    """
    head = np.repeat(np.arange(len(sizes)), sizes)
    code = np.concatenate([np.arange(size) for size in sizes]).astype(np.int32)
    hot = (codes[:, head] == code[None]).astype(jnp.float32)
    # Held whole, or each product with it would compare the codes again.
    return jax.lax.optimization_barrier(hot)


class Bias(nn.Module):
    """Adds one trained number to each feature."""

    @nn.compact
    def __call__(
        self, values: Float[Array, "*row feature"]
    ) -> Float[Array, "*row feature"]:
        """The values, shifted."""
        bias = self.param("bias", nn.initializers.zeros_init(), values.shape[-1:])
        return values + bias.reshape((1,) * (values.ndim - 1) + (-1,))


class CausalDense(nn.Module):
    """A dense layer without bias in which a feature reaches only later places.

    Attributes:
        input_places: Place of each feature; -1 reaches all places.
        output_places: Place of each output, from 0.
    """

    input_places: tuple[int, ...]
    output_places: tuple[int, ...]

    @nn.compact
    def __call__(
        self, values: Float[Array, "*row feature"]
    ) -> Float[Array, "*row output"]:
        """Sums, for each output, over the features of earlier places."""
        shape = (len(self.input_places), len(self.output_places))
        kernel = self.param("kernel", nn.initializers.zeros_init(), shape)
        return values @ (kernel * reach(self.input_places, self.output_places))


def reach(
    input_places: tuple[int, ...], output_places: tuple[int, ...]
) -> Float[np.ndarray, "feature output"]:
    """Computes which features reach which outputs.

    Args:
        input_places: Place of each feature in the order.
        output_places: Place of each output.

    Returns:
        One where the feature's place is before the output's, else zero.
    """
    earlier = np.array(input_places)[:, None] < np.array(output_places)[None]
    return earlier.astype(np.float32)
