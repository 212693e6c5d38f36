"""Vocabularies by partition selection: texts that enough devices have, under noise."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import base
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import release


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
    """Selects the texts whose noisy counts of devices reach a threshold.

    Args:
        key: A noise key, spent on this call.
        vocabularies: Names of the vocabularies.
        values: The private texts of all devices.
        max_texts: Most texts that a device brings, over all vocabularies.
        max_size: Most texts that a vocabulary keeps, those of the largest counts.
        sigma: Noise of each count.
        least: Noisy count, in devices, from which a text shows.
        context: Store and sampler of noise.

    Returns:
        The texts of each vocabulary, the most common first.
    """
    kept = bound(values, max_texts=max_texts)
    size = max(len(values.texts), 1)
    cell = values.vocabulary[kept] * size + values.text[kept]
    cells, counts = np.unique(cell, return_counts=True)
    noisy = release.count_once(
        "texts",
        lambda: counts.astype(np.int64),
        key=key,
        sigma=sigma,
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
