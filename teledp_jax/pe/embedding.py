"""A mixed distance between device records as sums of clipped absolute differences."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int16, Integer

from teledp_jax import errors, schemas

_UNIT = 64  # steps of a distance of one; fewer where 16 bits would overflow
_MAX = 2**15 - 1


class Embedding(NamedTuple):
    """Maps codes to points of small integers.

    The distance of two records is the sum over heads of min(|a - b|, cap). A category
    mismatch, and a value against an absent one, cost the cap; two numbers cost the
    share of the cap that their bins lie apart.

    Attributes:
        points: Point of each code of each head.
        caps: Largest distance in a head: its weight.
        num_codes: Size of the domain of each head.
    """

    points: Int16[np.ndarray, "head code"]
    caps: Int16[np.ndarray, " head"]
    num_codes: Integer[np.ndarray, " head"]

    def embed(
        self, codes: Integer[np.ndarray, "device head"]
    ) -> Int16[np.ndarray, "device head"]:
        """Embeds flattened device records.

        Args:
            codes: Code of each head.

        Returns:
            The points: one coordinate per head, in the unit of `caps`.
        """
        return self.points[np.arange(len(self.caps))[None, :], codes]


def make(schema: schemas.Schema, weights: Float[np.ndarray, " head"]) -> Embedding:
    """Makes the embedding for weights of `schema.heads`, at most 1 each.

    Args:
        schema: The public schema.
        weights: How much each head counts, at most 1.

    Returns:
        The embedding.

    Raises:
        InputError: If the schema is too wide for 16 bits.
    """
    heads = schema.heads
    longest = max(head.num_codes for head in heads)
    unit = min(_UNIT, int(_MAX / weights.sum()) - 1, _MAX // (longest + 1))
    if unit < 4:
        raise errors.InputError(
            f"Suite {schema.suite}: {len(heads)} heads of up to {longest} codes are "
            "too many for voting; state fewer columns, rows or values in its headers."
        )
    caps = np.maximum(np.round(unit * weights), 1).astype(np.int16)
    points = np.zeros((len(heads), longest), np.int16)
    for index, (head, cap) in enumerate(zip(heads, caps.tolist(), strict=True)):
        codes = np.arange(head.num_codes)
        if head.column is None:
            place = np.round(cap * codes / max(head.num_codes - 1, 1))
        elif head.column.is_number:
            place = np.round(cap * (codes - 1) / max(head.num_codes - 2, 1))
            place[schemas.ABSENT] = -cap
        else:
            place = cap * codes
        points[index, : head.num_codes] = place
    return Embedding(points, caps, np.array([head.num_codes for head in heads]))


def focused(
    generator: np.random.Generator, weights: Float[np.ndarray, " head"], share: float
) -> Float[np.ndarray, " head"]:
    """Keeps the weights of a random share of heads, and a tenth of the others.

    Args:
        generator: Public draws.
        weights: Weights of `schema.heads`.
        share: Share of heads that count in full.

    Returns:
        The new weights.
    """
    full = generator.random(len(weights)) < share
    return np.where(full, weights, 0.1 * weights)


def on_features(
    schema: schemas.Schema,
    weights: Float[np.ndarray, " head"],
    named: Collection[str],
) -> Float[np.ndarray, " head"]:
    """Keeps the weights of the heads of some variables, and a trace of the others.

    Args:
        schema: The public schema.
        weights: Weights of `schema.heads`.
        named: Variables as `table/column`, in all rows, and `table/rows`.

    Returns:
        The new weights.
    """
    full = np.array(
        [
            f"{head.table}/{head.column.name if head.column else 'rows'}" in named
            for head in schema.heads
        ]
    )
    return np.where(full, weights, 0.01 * weights)


def head_weights(schema: schemas.Schema) -> Float[np.ndarray, " head"]:
    """Computes weights that keep wide tables from drowning narrow ones.

    A column of the anchor and a number of rows weigh 1; a column of another table
    weighs one over the root of the number of its columns in all its rows.

    Args:
        schema: The public schema.

    Returns:
        Weights of `schema.heads`.
    """
    return np.array(
        [
            1.0
            if head.column is None or schema.table(head.table).role == "anchor"
            else _share(schema.table(head.table))
            for head in schema.heads
        ]
    )


def _share(table: schemas.Table) -> float:
    """Weight of one column of one row of a table."""
    return (len(table.columns) * table.max_rows) ** -0.5
