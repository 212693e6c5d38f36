"""Which distance each vote goes by: how much each column of a record weighs."""

from collections.abc import Callable, Sequence

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import keys, schemas
from teledp_jax.pe import embedding

KINDS = ("balanced", "uniform", "workload")
"""`balanced` weighs columns so that wide tables do not drown narrow ones; `uniform`
weighs every column alike; `workload` has every vote weigh what one query names."""


def by_step(
    key: Key[Array, ""],
    schema: schemas.Schema,
    *,
    kind: str,
    focus: float,
    features: Sequence[Sequence[str]] | None,
) -> Callable[[int], embedding.Embedding]:
    """Returns what gives the distance of the vote of a step.

    Args:
        key: Draws the order of queries or the columns in focus; public.
        schema: The public schema.
        kind: One of `KINDS`.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote;
            the others count a tenth. Not for `workload` with features.
        features: The variables that each query names, as `table/column` and
            `table/rows`, for `workload`.

    Returns:
        A function of the number of the step, from 0.
    """

    def distance(step: int) -> embedding.Embedding:
        weights = embedding.head_weights(schema)
        if kind == "uniform":
            weights = np.ones(len(schema.heads))
        if kind == "workload" and features:
            order = keys.generator(key).permutation(len(features))
            named = frozenset(features[order[step % len(order)]])
            weights = embedding.on_features(schema, weights, named)
        elif focus < 1:
            generator = keys.generator(jax.random.fold_in(key, step))
            weights = embedding.focused(generator, weights, focus)
        return embedding.make(schema, weights)

    return distance
