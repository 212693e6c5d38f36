"""Pairs of attributes that are chosen under privacy, and their marginals under noise.

Apart from `noisy`, which methods without a graphical model use as well: `graph` needs
the package `mbi`.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Array, Key

from teledp_jax import base
from teledp_jax.marginals import graph, mst, relation
from teledp_jax.privacy import release


def measured_pairs(
    name: str,
    key: Key[Array, ""],
    sizes: Sequence[int],
    records: relation.Records,
    chosen: Sequence[mst.Pair],
    context: base.Context,
    *,
    sigma: float,
) -> list[graph.Measurement]:
    """Counts chosen pairs of attributes under noise.

    Args:
        name: What the counts are saved under.
        key: A noise key, spent on this measurement.
        sizes: Size of each attribute's merged domain.
        records: Records of the private devices of this process, in merged codes.
        chosen: The pairs.
        context: Of the fit.
        sigma: Noise of each cell.

    Returns:
        A measurement for each pair.
    """
    num_cells = [sizes[first] * sizes[second] for first, second in chosen]
    noisy = release.count_vectors_once(
        name,
        lambda: [graph.marginal(sizes, records, pair) for pair in chosen],
        sizes=num_cells,
        key=key,
        sigma=sigma,
        context=context,
    )
    return [
        graph.Measurement(pair, counts.astype(np.float64), np.full(size, sigma))
        for pair, counts, size in zip(chosen, noisy, num_cells, strict=True)
    ]


def pairs_once(
    name: str, choose_fn: Callable[[], Sequence[mst.Pair]], context: base.Context
) -> list[mst.Pair]:
    """Chooses pairs under privacy and saves them before they are used.

    Args:
        name: What the pairs are saved under.
        choose_fn: Chooses them by the exponential mechanism; not called if they were
            saved.
        context: Of the fit.
    """
    saved = context.store.load(name)
    if saved is None:
        saved = {"pairs": np.array(choose_fn(), np.int64).reshape(-1, 2)}
        context.store.save(name, saved)
    return [(int(first), int(second)) for first, second in saved["pairs"]]
