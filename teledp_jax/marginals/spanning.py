"""Chooses the pairs of a spanning tree under privacy, for `mst`."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float

from teledp_jax import base, keys
from teledp_jax.marginals import chosen_pairs, graph, merge, mst, relation
from teledp_jax.privacy import mechanisms


def choose_pairs(
    streams: keys.Keys,
    attributes: Sequence[relation.Attribute],
    merged: Sequence[merge.Merged],
    records: relation.Records,
    context: base.Context,
    *,
    num_devices: int,
    epsilon: float,
) -> list[mst.Pair]:
    """Chooses pairs that span all attributes and that independence fits badly, once.

    Args:
        streams: Random streams of the fit.
        attributes: Of the relation.
        merged: Noisy groups of each attribute's codes.
        records: Records of the private devices of this process, in merged codes.
        context: Of the fit.
        num_devices: Noisy number of devices.
        epsilon: Range of the privacy loss of a choice.

    Returns:
        The pairs, safe to release.
    """
    sizes = [own.num_groups for own in merged]
    counts = [np.maximum(own.counts, 0) for own in merged]
    shares = [own / max(own.sum(), 1.0) for own in counts]

    def score(pair: mst.Pair) -> float:
        # L1 distance to independence: a device changes one count by 1, so it by 1.
        independent = np.outer(*(shares[index] for index in pair)).ravel()
        exact = context.part.total(graph.marginal(sizes, records, pair))
        return float(np.abs(exact - num_devices * independent).sum())

    def choose(number: int, scores: Float[np.ndarray, " candidate"]) -> int:
        key = jax.random.fold_in(streams.noise, 2 + number)
        return mechanisms.exponential_choice(key, scores, epsilon=epsilon)

    return chosen_pairs.pairs_once(
        "pairs", lambda: mst.grow(attributes, score, choose), context
    )
