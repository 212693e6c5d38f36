"""Vocabularies by partition selection: texts that enough devices have, under noise.

A device with n texts, over all vocabularies together, adds 1 / sqrt(n) to each: a
vector of L2 norm 1, whatever n. Noise is added once, and texts whose noisy sums reach a
threshold show. Sums are whole numbers: the unit is cut into `GRID` steps.

Why this is private. Let fleets differ by one device.

- On texts that the other devices have too, the sums differ by a vector of L2 norm at
  most 1 under discrete Gaussian noise: `events.VectorGaussianDpEvent`.
- A text that only this device has shows with a chance of P(w + noise >= threshold). The
  threshold is such that for every n the n chances add up to at most `failure`:
  `events.ThresholdDpEvent(failure)`. If none shows, what is shown is a function of the
  noisy sums above.

References:
    Korolova et al. 2009; Gopi et al. 2020 (arXiv:2002.09745), for Gaussian thresholds
    of weighted sets; Desfontaines et al. 2022 (arXiv:2006.03684), for the best
    selection where a device has one text.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import base
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import mechanisms, release

GRID = 1024
"""Steps of the norm of what a device adds: the L2 sensitivity of the sums."""


def weights(max_texts: int) -> Integer[np.ndarray, " number"]:
    """Computes what a device adds to each of its texts, by how many it has.

    Args:
        max_texts: Most texts of a device, over all vocabularies together.

    Returns:
        Steps of `GRID`, at positions 0 to `max_texts`: n weights w of a device have
        n w^2 <= GRID^2.
    """
    # floor(GRID / sqrt(n)), in whole numbers.
    found = [math.isqrt(GRID**2 // n) for n in range(1, max_texts + 1)]
    return np.array([0, *found])


def threshold(sigma: float, *, max_texts: int, failure: float) -> int:
    """Returns the noisy sum from which a text shows.

    Args:
        sigma: Noise of each sum, in steps.
        max_texts: Most texts of a device, over all vocabularies together.
        failure: Most probability that a device's own texts show, all together.

    Returns:
        The threshold, in steps.
    """
    own = weights(max_texts).tolist()
    return max(
        mechanisms.selection_threshold(
            sigma, most=number, failure=failure, sensitivity=own[number]
        )
        for number in range(1, max_texts + 1)
    )


def bound(values: values_lib.Values, *, max_texts: int) -> Integer[np.ndarray, " kept"]:
    """Bounds what a device brings: few texts, each once, the first by rank.

    Args:
        values: The private texts of all devices.
        max_texts: Most texts of a device, over all vocabularies together.

    Returns:
        Positions of the texts that count.
    """
    cell = values.vocabulary * len(values.texts) + values.text
    known, number = np.unique(cell, return_inverse=True)
    _, first = np.unique(values.device * len(known) + number, return_index=True)
    order = first[np.lexsort((values.rank[first], values.device[first]))]
    device = values.device[order]
    place = np.arange(len(device)) - np.searchsorted(device, device, side="left")
    kept: np.ndarray = order[place < max_texts]
    return kept


def select(
    key: Key[Array, ""],
    vocabularies: Sequence[str],
    values: values_lib.Values,
    *,
    max_texts: int,
    max_size: int,
    sigma: float,
    least: float,
    context: base.Context,
) -> dict[str, tuple[str, ...]]:
    """Selects the texts whose noisy sums over devices reach a threshold.

    Args:
        key: A noise key, spent on this call.
        vocabularies: Names of the vocabularies.
        values: The private texts of all devices.
        max_texts: Most texts that a device brings, over all vocabularies.
        max_size: Most texts that a vocabulary keeps, those of the largest sums.
        sigma: Noise of each sum, in steps of `GRID`.
        least: Noisy sum, in steps, from which a text shows.
        context: Store and sampler of noise.

    Returns:
        The texts of each vocabulary, the most common first.
    """
    kept = bound(values, max_texts=max_texts)
    size = max(len(values.texts), 1)
    cell = values.vocabulary[kept] * size + values.text[kept]
    cells, number = np.unique(cell, return_inverse=True)
    device = values.device[kept]
    own = weights(max_texts)[np.bincount(device)[device]]
    sums = np.zeros(len(cells), np.int64)
    np.add.at(sums, number, own)
    noisy = release.count_cells(
        "texts",
        [(vocabularies[c // size], values.texts[c % size]) for c in cells],
        sums,
        key=key,
        sigma=sigma,
        least=least,
        context=context,
    )
    found = {}
    for position, name in enumerate(vocabularies):
        shown = (cells // size == position) & (noisy >= least)
        texts = {
            values.texts[c % size]: n
            for c, n in zip(cells[shown], noisy[shown], strict=True)
        }
        ordered = sorted(texts, key=lambda text: (-texts[text], text))
        found[name] = tuple(ordered[:max_size])
    return found
