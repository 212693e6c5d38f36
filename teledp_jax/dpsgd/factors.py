"""Gradients in factors: a sum over rows of outer products, never formed per device.

The gradient of a layer's kernel is G = sum over rows r of x_r s_r^T, where x_r entered
the layer and s_r came back to its output. `norms` finds |G| per device from such
factors; `weighted_sum` adds G up over devices.

References:
    Goodfellow 2015 (arXiv:1510.01799), one row; Li et al. 2022
    (arXiv:2110.05679), rows.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

EXACT = jax.lax.Precision.HIGHEST
"""Products in full float32. Accelerators round to fewer bits by default; then what is
summed could exceed the norm that was clipped."""


class Reach(NamedTuple):
    """Which weights exist: an input reaches the outputs of later places.

    Attributes:
        inputs: Place of each input.
        outputs: Place of each output.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def mask(self) -> Float[np.ndarray, "input output"]:
        """Makes the mask of a kernel: one where there is a weight.

        Returns:
            Zeros and ones in float32.
        """
        inputs, outputs = np.array(self.inputs), np.array(self.outputs)
        return (inputs[:, None] < outputs[None]).astype(np.float32)


class Factor(NamedTuple):
    """A parameter's gradient: the sum over rows of `left` times `right`.

    Attributes:
        left: Numbers `[..., row, input]`; codes `[..., row, 1]` that stand for one-hot
            vectors of `size` inputs; or None for 1, where `right` is all there is.
        right: `[..., row, output]`.
        reach: Where weights exist, if not everywhere.
        size: Number of inputs of codes.
    """

    left: Num[Array, "*rows _"] | None
    right: Float[Array, "*rows _"]
    reach: Reach | None = None
    size: int = 0

    @property
    def has_numbers(self) -> bool:
        """Whether `left` holds numbers, rather than codes or nothing."""
        return self.left is not None and jnp.issubdtype(self.left.dtype, jnp.floating)

    def map(self, fn: Callable[[Array], Array]) -> "Factor":
        """Applies a function to both arrays.

        Args:
            fn: From an array to an array.

        Returns:
            The factor of the results.
        """
        left = None if self.left is None else fn(self.left)
        return self._replace(left=left, right=fn(self.right))


class Owners(NamedTuple):
    """Whose rows are in an array of slots; see `packing.Packed`.

    Attributes:
        device: Device of each slot, in order; the number of devices for free slots.
        num_devices: Number of devices.
        max_rows: Most slots of one device.
    """

    device: Int[Array, " slot"]
    num_devices: int
    max_rows: int


def weighted_sum(factor: Factor, weights: Float[Array, "*rows"]) -> Float[Array, "..."]:
    """Sums a parameter's gradient over all rows, each times its weight.

    Args:
        factor: Arrays `[device, row, feature]` or `[slot, feature]`.
        weights: One per row or slot, not negative. Rows of weight 0 add nothing, even
            if their numbers are not finite.

    Returns:
        sum over r of w_r x_r s_r^T, in the shape of the parameter. Exact, so
        private.
    """
    weights = weights.reshape(-1, 1)
    right = jnp.where(weights > 0, _flat(factor.right) * weights, 0.0)
    if factor.left is None:
        return right.sum(0)
    left = _flat(factor.left)
    if not factor.has_numbers:  # a one-hot x_r adds w_r s_r to one line of the kernel
        zeros = jnp.zeros((factor.size, right.shape[1]), right.dtype)
        return zeros.at[left[:, 0]].add(right)
    left = jnp.where(weights > 0, left, 0.0)
    product = jnp.matmul(left.T, right, precision=EXACT)
    return product if factor.reach is None else product * factor.reach.mask


def _flat(array: Num[Array, "*rows feature"]) -> Num[Array, "row feature"]:
    """Joins all axes but the last."""
    return array.reshape(-1, array.shape[-1])
