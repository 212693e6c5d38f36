"""Norms of devices' gradients, from factors; rounding only makes them larger.

With rows r, q of one device, |G|^2 = sum over r, q of (x_r . x_q) (s_r . s_q): products
of Gram matrices. Where rows cancel, |G| is far below S = sum over r of |x_r| |s_r|, and
what float32 rounds away is relative to S^2, not to |G|^2: a norm that came out too
small would let a device exceed its bound. So a bound of the rounding is added:

    |x . y rounded - x . y| <= n u |x| |y|      (n products; u = 2^-24; any order)
    | |G|^2 rounded - |G|^2 | <= (n + m + 3 R + 4) u S^2

for n inputs, m outputs and R rows: n + m of both inner products, 3 R of the sums over q
and r, the rest of products and square roots. `_rounding` is twice that. It also keeps
each row's part in the clipped sum below 1 / sqrt(_rounding) bounds, so that what the
clipped sum itself rounds away stays small beside the bound.

A number below 2^-126 counts as zero in float32. A large s_r could hide that x_r lost
all its squares so; `_PAD` per feature is therefore added to squared norms of x_r, s_r.

References:
    Li et al. 2022 (arXiv:2110.05679), section 4, Gram matrices; Higham 2002, Accuracy
    and Stability of Numerical Algorithms, section 3.1, rounding of inner products.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from teledp_jax.dpsgd import factors

_EPS = float(np.finfo(np.float32).eps)  # 2 u
_PAD = 4 * float(np.finfo(np.float32).tiny) / _EPS


class _Pairs(NamedTuple):
    """Inner products of the gradients of rows.

    Attributes:
        products: Of each row with each row of the window.
        squares: Of each row with itself, not too small.
    """

    products: Float[Array, "block row other"]
    squares: Float[Array, "block row"]


def squared_norms(
    factor: factors.Factor, owners: factors.Owners | None
) -> Float[Array, " device"]:
    """Computes an upper bound of the squared norm of each device's gradient.

    Args:
        factor: Arrays `[device, row, feature]`, or `[slot, feature]` with owners.
        owners: Whose the slots are, if there are slots.

    Returns:
        Squared norms, in the square of the gradients' unit: larger than exact ones by
        a few parts in a million where rows do not cancel. Not finite if any of a
        device's numbers is not. Private.
    """
    if owners is not None:
        return packed_norms([([factor], owners)])
    num_rows = factor.right.shape[1]
    if num_rows == 1:
        return _row_norms(factor.map(lambda array: array[:, 0]))
    if factor.left is None:
        whole = jnp.square(factor.right.sum(1)).sum(1)
        squares = jnp.square(factor.right).sum(2)
    else:
        products, squares = _pairs(factor, factor)
        # Held, so that the sums over both axes stay two: at most 2 R roundings in turn.
        whole = jax.lax.optimization_barrier(products.sum(2)).sum(1)
    lengths = jnp.sqrt(squares).sum(1)
    return whole + _rounding([factor], num_rows) * jnp.square(lengths)


def packed_norms(
    tables: Sequence[tuple[Sequence[factors.Factor], factors.Owners]],
) -> Float[Array, " device"]:
    """Computes squared norms over all factors of all tables.

    Args:
        tables: Factors with arrays `[slot, feature]`, and whose the slots are; each
            table has slots of its own.

    Returns:
        For each device what `squared_norms` promises, summed over factors.
    """
    num_devices = tables[0][1].num_devices
    found = [_slot_norms(parts, owners) for parts, owners in tables]
    device = jnp.concatenate([owners.device for _, owners in tables])
    sums = jnp.zeros(num_devices, jnp.float32)
    values = jnp.concatenate([values for values, _ in found])
    sums = sums.at[device].add(values, mode="drop")
    tall = [
        (owners.device, lengths, _rounding(parts, owners.max_rows))
        for (parts, owners), (_, lengths) in zip(tables, found, strict=True)
        if lengths is not None
    ]
    if not tall:
        return sums
    # S of each device and table: (sum of lengths)^2 bounds the sum over factors of
    # their own S^2, by Minkowski's inequality.
    device = jnp.concatenate([device for device, _, _ in tall])
    places = [jnp.full(len(own), i, jnp.int32) for i, (_, own, _) in enumerate(tall)]
    lengths = jnp.zeros((num_devices, len(tall)), jnp.float32)
    lengths = lengths.at[device, jnp.concatenate(places)].add(
        jnp.concatenate([own for _, own, _ in tall]), mode="drop"
    )
    rounding = np.array([own for _, _, own in tall], np.float32)
    return sums + (jnp.square(lengths) * rounding[None]).sum(1)


def _rounding(parts: Sequence[factors.Factor], num_rows: int) -> float:
    """Bounds what rounds away of |G|^2, over S^2: see the docstring of the module."""
    widths = [
        part.right.shape[-1]
        + (part.left.shape[-1] if part.left is not None and part.has_numbers else 0)
        for part in parts
    ]
    return _EPS * (max(widths) + 3 * num_rows + len(parts) + 4)


def _row_norms(factor: factors.Factor) -> Float[Array, " row"]:
    """Computes the squared norm of the gradient of each row by itself."""
    right = jnp.square(factor.right)
    if factor.left is None or not factor.has_numbers:
        return right.sum(1)  # |1 s|^2, or |e_code s^T|^2
    left = jnp.square(factor.left)
    if factor.reach is None:  # |x s^T|^2 = |x|^2 |s|^2
        return _padded(left.sum(1), left) * _padded(right.sum(1), right)
    # By place of outputs: |inputs that reach it|^2 |outputs there|^2, added up.
    by_place = (
        _padded(jnp.matmul(squares, mask.T, precision=factors.EXACT), squares)
        for squares, mask in zip((left, right), _by_place(factor.reach), strict=True)
    )
    left, right = by_place
    return (left * right).sum(1)


def _padded(squares: Array, features: Array) -> Array:
    """Adds to sums of squares what may have been lost below the least of float32."""
    return squares + _PAD * features.shape[-1]


def _by_place(
    reach: factors.Reach,
) -> tuple[Float[np.ndarray, "place input"], Float[np.ndarray, "place output"]]:
    """Marks the inputs that reach each place of outputs, and the outputs there."""
    inputs, outputs = np.array(reach.inputs), np.array(reach.outputs)
    places = np.unique(outputs)[:, None]
    before, own = inputs[None] < places, outputs[None] == places
    return before.astype(np.float32), own.astype(np.float32)


def _pairs(rows: factors.Factor, others: factors.Factor) -> _Pairs:
    """Multiplies the gradients of rows with those of the same block or window.

    Args:
        rows: Arrays `[block, row, feature]`.
        others: Arrays `[block, other, feature]`; the first others are the rows.
    """
    if rows.reach is not None:
        return _pairs_by_place(rows, others, rows.reach)
    right = _gram(rows.right, others.right)
    if rows.left is None or others.left is None:
        return _Pairs(right, _diagonal(right))
    if not rows.has_numbers:  # one-hot inputs: x_r . x_q is one for equal codes
        same = rows.left == others.left.transpose(0, 2, 1)
        return _Pairs(jnp.where(same, right, 0.0), _diagonal(right))
    left = _gram(rows.left, others.left)
    return _Pairs(left * right, _squares(left, rows.left, right, rows.right))


def _pairs_by_place(
    rows: factors.Factor, others: factors.Factor, reach: factors.Reach
) -> _Pairs:
    """Multiplies as `_pairs` place by place of outputs, and adds up over places."""
    assert rows.left is not None and others.left is not None
    found, left, reached = [], jnp.zeros((), jnp.float32), np.array([], int)
    for before, own in zip(*(side > 0 for side in _by_place(reach)), strict=True):
        # What reaches a place is what reached the one before, and some more inputs.
        more = np.setdiff1d(np.flatnonzero(before), reached)
        if len(more):
            gram = _gram(rows.left[..., more], others.left[..., more])
            left = gram if not len(reached) else left + gram
        reached = np.flatnonzero(before)
        if len(reached):
            outputs = np.flatnonzero(own)
            right, signal = (side.right[..., outputs] for side in (rows, others))
            gram = _gram(right, signal)
            products = left * gram
            seen = rows.left[..., reached]
            squares = _squares(left, seen, gram, right)
            found.append(_Pairs(products, squares))
    if not found:
        shape = (*rows.right.shape[:2], others.right.shape[1])
        return _Pairs(jnp.zeros(shape, jnp.float32), jnp.zeros(shape[:2], jnp.float32))
    return _Pairs(_total(f.products for f in found), _total(f.squares for f in found))


def _squares(
    left_gram: Array, left: Array, right_gram: Array, right: Array
) -> Float[Array, "*block row"]:
    """Squared norms of the gradients of rows, from the diagonals of Gram matrices."""
    return _padded(_diagonal(left_gram), left) * _padded(_diagonal(right_gram), right)


def _gram(
    rows: Float[Array, "block row feature"], others: Float[Array, "block other feature"]
) -> Float[Array, "block row other"]:
    """Inner products of rows and others of the same block."""
    return jnp.einsum("bri,bqi->brq", rows, others, precision=factors.EXACT)


def _diagonal(gram: Float[Array, "*block row other"]) -> Float[Array, "*block row"]:
    """Inner products of rows with themselves."""
    num_rows, num_others = gram.shape[-2:]
    itself = np.arange(num_rows)[:, None] == np.arange(num_others)
    itself = itself.reshape((1,) * (gram.ndim - 2) + itself.shape)
    return jnp.where(itself, gram, 0.0).sum(-1)


def _slot_norms(
    parts: Sequence[factors.Factor], owners: factors.Owners
) -> tuple[Float[Array, " slot"], Float[Array, " slot"] | None]:
    """Finds what each slot adds to its device's squared norm, and its own length.

    Slots go in blocks of `max_rows`: a device's are in one or in the next. Where
    devices have one slot at most, lengths are not needed.
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

    here = [factor.map(blocks) for factor in parts]
    found = [_pairs(factor, factor.map(window)) for factor in here]
    owner = blocks(device[:, None] + 1)  # 0 where no slot is
    # A pair within a block is met from both of its sides, one across blocks from one.
    times = np.repeat(np.array([1.0, 2.0], np.float32), height)[None, None]
    same = owner == window(owner).transpose(0, 2, 1)
    products = _total(part.products for part in found)
    values = jnp.where(same, products * times, 0.0).sum(2)
    lengths = jnp.sqrt(_total(part.squares for part in found))
    return values.reshape(-1)[:count], lengths.reshape(-1)[:count]


def _total(terms: Iterable[Array]) -> Array:
    """Sum of arrays of one shape."""
    return functools.reduce(jnp.add, terms)
