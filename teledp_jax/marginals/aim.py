"""Which pairs of attributes are worth measuring next, given a model of the fleet.

Each round chooses the pairs that the model fits worst, measures them and fits the
model again. Unlike the published algorithm, which lets the noise fall and the number of
rounds follow from what was measured, both are fixed in advance, so that what a fit
reads is stated before it reads; and a round may choose several pairs, because fitting
takes most of the time.

References:
    McKenna et al. 2022 (arXiv:2201.12677), Algorithms 2 and 3.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.marginals import graph, mst, relation


def affordable(
    sizes: Sequence[int],
    pairs: Sequence[mst.Pair],
    measured: Sequence[mst.Pair],
    details: Sequence[int],
    *,
    max_cells: int,
    max_mb: float,
) -> list[int]:
    """Returns which pairs can be measured without the model growing too large; public.

    Args:
        sizes: Size of each attribute's merged domain.
        pairs: All candidates.
        measured: What the model holds already.
        details: Positions of entity columns.
        max_cells: Most cells of a pair.
        max_mb: Most that the model may take, in MB.

    Returns:
        Positions in `pairs`; those already measured are left out.
    """
    held = set(measured)
    return [
        position
        for position, pair in enumerate(pairs)
        if pair not in held
        and sizes[pair[0]] * sizes[pair[1]] <= max_cells
        and graph.size_mb(sizes, [*measured, pair], details) <= max_mb
    ]


def scores(
    sizes: Sequence[int],
    exact: Sequence[Integer[np.ndarray, " _"]],
    model: relation.Records,
    pairs: Sequence[mst.Pair],
    *,
    total: float,
    sigma: float,
) -> Float[np.ndarray, " pair"]:
    """Scores by how much each pair's error is more than a measurement's own noise.

    A device changes each score by at most 1.

    Args:
        sizes: Size of each attribute's merged domain.
        exact: Counts of the pairs. Private.
        model: Records drawn from the model, in merged codes.
        pairs: The candidates.
        total: Number of devices, as is public.
        sigma: Standard deviation of a measurement's cells.

    Returns:
        A score per pair, in devices. Private.
    """
    found = np.zeros(len(pairs))
    for position, (pair, counts) in enumerate(zip(pairs, exact, strict=True)):
        drawn = graph.marginal(sizes, model, pair) * (total / max(len(model), 1))
        noise = math.sqrt(2 / math.pi) * sigma * len(counts)
        found[position] = np.abs(counts - drawn).sum() - noise
    return found
