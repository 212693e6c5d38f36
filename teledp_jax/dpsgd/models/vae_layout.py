"""How codes become features of the autoencoder, and coefficients logits."""

import dataclasses
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from teledp_jax import schemas

_DEGREE = 3  # of the polynomials through which numbers enter and leave


_FILL = 8  # domains are filled up to multiples of it, so that there are few blocks


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
    """Tells which entries of records exist, as `arrays.exists` does, inside jit.

    Args:
        layout: Blocks of heads.
        codes: Flattened records.

    Returns:
        False where a device has no such row.
    """
    owners = np.array(layout.owners)
    rows = np.array(layout.rows, np.int32)
    return jnp.asarray(owners < 0)[None] | (codes[:, owners] > rows[None])


def unpack(
    layout: Layout, values: Float[Array, "device code"]
) -> list[Float[Array, "device _ _"]]:
    """Splits a row of codes into blocks.

    Args:
        layout: Blocks of heads.
        values: One value per code, blocks one after another.

    Returns:
        Values of each block, by device, head and code.
    """
    parts, start = [], 0
    for block in layout.blocks:
        stop = start + len(block.heads) * block.num_codes
        parts.append(
            values[:, start:stop].reshape(-1, len(block.heads), block.num_codes)
        )
        start = stop
    return parts


def code_sizes(layout: Layout) -> tuple[int, ...]:
    """Domain sizes of the heads, in the order of blocks."""
    return tuple(block.num_codes for block in layout.blocks for _ in block.heads)


def features(
    layout: Layout,
    codes: Int[Array, "device head"],
    present: Bool[Array, "device head"],
) -> Float[Array, "device feature"]:
    """Computes features of all codes; zeros where a row does not exist.

    Args:
        layout: Blocks of heads.
        codes: Flattened records.
        present: What `exists` returned.

    Returns:
        What enters the encoder.
    """
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
