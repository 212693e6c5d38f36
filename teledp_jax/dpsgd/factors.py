"""Gradients in factors: norms by device and weighted sums, without forming them.

The gradient of a layer's parameter is a sum over rows of outer products of what entered
the layer and what came back to its output. Its squared norm for one device is a sum
over pairs of the device's rows of products of inner products: Gram matrices.

References:
    Goodfellow 2015 (arXiv:1510.01799), one row; Li et al. 2022
    (arXiv:2110.05679), rows.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Num

# Accelerators round float32 products to fewer bits by default; then what is summed
# could exceed the norm that was clipped.
_EXACT = jax.lax.Precision.HIGHEST

# Rounding of a Gram matrix is relative to its largest entries, not to a norm in which
# rows cancel. So much of the square of the sum of row norms is added to each squared
# norm of several rows: norms err upwards.
_ROUNDING = float(np.finfo(np.float32).eps)


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
        """One where there is a weight."""
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


def squared_norms(factor: Factor, owners: Owners | None) -> Float[Array, " device"]:
    """Squared norm of each device's gradient.

    Args:
        factor: With arrays `[device, row, feature]`, or `[slot, feature]` with owners.
        owners: Of slots, if there are slots.

    Returns:
        Not finite if any of a device's numbers is not.
    """
    if owners is not None:
        return packed_norms([([factor], owners)])
    if factor.right.shape[1] == 1:
        return _row_norms(_map(factor, lambda array: array[:, 0]))
    if factor.left is None:
        return jnp.square(factor.right.sum(1)).sum(1)
    pairs = _pairs(factor, factor)
    rows = jnp.sqrt(jnp.maximum(jnp.diagonal(pairs, axis1=1, axis2=2), 0.0))
    return pairs.sum((1, 2)) + _ROUNDING * jnp.square(rows.sum(1))


def weighted_sum(factor: Factor, weights: Float[Array, "*rows"]) -> Float[Array, "..."]:
    """The parameter's gradient, summed over all rows with their weights.

    Args:
        factor: As in `squared_norms`.
        weights: One a row or slot, not negative; rows of weight 0 add nothing, even if
            their numbers are not finite.
    """
    weights = weights.reshape(-1, 1)
    right = jnp.where(weights > 0, _flat(factor.right) * weights, 0.0)
    if factor.left is None:
        return right.sum(0)
    left = _flat(factor.left)
    if not jnp.issubdtype(left.dtype, jnp.floating):
        zeros = jnp.zeros((factor.size, right.shape[1]), right.dtype)
        return zeros.at[left[:, 0]].add(right)
    left = jnp.where(weights > 0, left, 0.0)
    product = jnp.matmul(left.T, right, precision=_EXACT)
    return product if factor.reach is None else product * factor.reach.mask


def _map(factor: Factor, fn: Callable[[Array], Array]) -> Factor:
    """Applies a function to both arrays."""
    left = None if factor.left is None else fn(factor.left)
    return factor._replace(left=left, right=fn(factor.right))


def _flat(array: Num[Array, "*rows feature"]) -> Num[Array, "row feature"]:
    """All axes but the last as one."""
    return array.reshape(-1, array.shape[-1])


def _row_norms(factor: Factor) -> Float[Array, " row"]:
    """Squared norm of the gradient of each row by itself."""
    right = jnp.square(factor.right)
    if factor.left is None or not jnp.issubdtype(factor.left.dtype, jnp.floating):
        return right.sum(1)
    left = jnp.square(factor.left)
    if factor.reach is None:
        return left.sum(1) * right.sum(1)
    before, own = _by_place(factor.reach)
    left, right = (
        jnp.matmul(squares, mask.T, precision=_EXACT)
        for squares, mask in ((left, before), (right, own))
    )
    return (left * right).sum(1)


def _by_place(
    reach: Reach,
) -> tuple[Float[np.ndarray, "place input"], Float[np.ndarray, "place output"]]:
    """For each place of outputs, the inputs that reach it and the outputs there."""
    inputs, outputs = np.array(reach.inputs), np.array(reach.outputs)
    places = np.unique(outputs)[:, None]
    before, own = inputs[None] < places, outputs[None] == places
    return before.astype(np.float32), own.astype(np.float32)


def _pairs(rows: Factor, others: Factor) -> Float[Array, "block row other"]:
    """Inner products of the gradients of rows and others of the same block."""

    def gram(a: Array, b: Array) -> Array:
        return jnp.einsum("bri,bqi->brq", a, b, precision=_EXACT)

    if rows.left is None or others.left is None:
        return gram(rows.right, others.right)
    if not jnp.issubdtype(rows.left.dtype, jnp.floating):
        same = rows.left == others.left.transpose(0, 2, 1)
        return jnp.where(same, gram(rows.right, others.right), 0.0)
    if rows.reach is None:
        return gram(rows.left, others.left) * gram(rows.right, others.right)
    products = (
        jnp.einsum(
            "bpri,bqi->bprq",
            array[:, None] * mask[None, :, None],
            other,
            precision=_EXACT,
        )
        for array, other, mask in zip(
            (rows.left, rows.right),
            (others.left, others.right),
            _by_place(rows.reach),
            strict=True,
        )
    )
    left, right = products
    return (left * right).sum(1)


def packed_norms(
    tables: Sequence[tuple[Sequence[Factor], Owners]],
) -> Float[Array, " device"]:
    """Squared norms over all factors of all tables, each with slots of its own."""
    num_devices = tables[0][1].num_devices
    found = [_slot_norms(parts, owners) for parts, owners in tables]
    device = jnp.concatenate([owners.device for _, owners in tables])
    sums = jnp.zeros(num_devices, jnp.float32)
    values = jnp.concatenate([values for values, _ in found])
    sums = sums.at[device].add(values, mode="drop")
    tall = [
        (owners.device, rows)
        for (_, owners), (_, rows) in zip(tables, found, strict=True)
        if rows is not None
    ]
    if not tall:
        return sums
    device, place = (
        jnp.concatenate(part)
        for part in (
            [device for device, _ in tall],
            [jnp.full(len(rows), i, jnp.int32) for i, (_, rows) in enumerate(tall)],
        )
    )
    rows = jnp.zeros((num_devices, len(tall)), jnp.float32)
    rows = rows.at[device, place].add(
        jnp.concatenate([rows for _, rows in tall]), mode="drop"
    )
    return sums + _ROUNDING * jnp.square(rows).sum(1)


def _slot_norms(
    parts: Sequence[Factor], owners: Owners
) -> tuple[Float[Array, " slot"], Float[Array, " slot"] | None]:
    """What each slot adds to its device's squared norm, and its own norm.

    Slots go in blocks: a device's are in one or in the next. Of devices with one slot
    at most the norms are not needed.
    """
    device, _, height = owners
    if height == 1:
        return _total(map(_row_norms, parts)), None
    count = device.shape[0]
    num_blocks = -(-count // height)

    def blocks(array: Array) -> Array:
        filled = jnp.pad(array, ((0, num_blocks * height - count), (0, 0)))
        return filled.reshape(num_blocks, height, -1)

    def window(array: Array) -> Array:
        after = jnp.concatenate([array[1:], jnp.zeros_like(array[:1])])
        return jnp.concatenate([array, after], axis=1)

    here = [_map(factor, blocks) for factor in parts]
    pairs = _total(_pairs(factor, _map(factor, window)) for factor in here)
    owner = blocks(device[:, None] + 1)  # 0 where no slot is
    # A pair within a block is met from both of its sides, one across blocks from one.
    times = np.repeat(np.array([1.0, 2.0], np.float32), height)[None, None]
    same = owner == window(owner).transpose(0, 2, 1)
    values = jnp.where(same, pairs * times, 0.0).sum(2)
    itself = np.eye(height, 2 * height, dtype=bool)[None]
    squares = jnp.where(itself, pairs, 0.0).sum(2)
    rows = jnp.sqrt(jnp.maximum(squares, 0.0))
    return values.reshape(-1)[:count], rows.reshape(-1)[:count]


def _total(terms: Iterable[Array]) -> Array:
    """Sum of arrays of one shape."""
    return functools.reduce(jnp.add, terms)
