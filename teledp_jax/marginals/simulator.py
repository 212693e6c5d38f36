"""A small private simulator: the chain of all noisy pairs that show more than noise."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import chain, moments, pairs

_FEWEST_DRAWN, _MOST_DRAWN = 20_000, 100_000  # devices that the chain is fitted on


def simulator(
    key: Key[Array, ""],
    schema: schemas.Schema,
    one_way: base.Tree,
    measured: Sequence[pairs.Pair],
    noisy: Sequence[Integer[np.ndarray, " _"]],
    *,
    sigma: float,
    num_devices: int,
) -> tuple[chain.Link, ...]:
    """Fits the chain to pairs that depart from independence; DP outputs only.

    Args:
        key: Draws the devices that it is fitted on; public.
        schema: The public schema.
        one_way: What `independent.estimate` returned.
        measured: The pairs.
        noisy: Noisy counts of each pair.
        sigma: Noise of each count.
        num_devices: Noisy number of devices.

    Returns:
        The links of the chain, in the order in which it draws.
    """
    told = []
    for pair, counts in zip(measured, noisy, strict=True):
        expected = num_devices * pairs.independent_shares(schema, one_way, pair)
        if pairs.surplus(counts, expected, sigma=sigma) > 0:
            shares = counts.reshape(expected.shape) / num_devices
            told.append(moments.Measured(pair, shares, sigma / num_devices))
    count = min(max(num_devices, _FEWEST_DRAWN), _MOST_DRAWN)
    return chain.fit(_generator(key), schema, one_way, told, count)


def codes(
    schema: schemas.Schema,
    links: tuple[chain.Link, ...],
    key: Key[Array, ""],
    count: int,
) -> Integer[np.ndarray, "device head"]:
    """Draws flattened records from the chain.

    Args:
        schema: The public schema.
        links: What `simulator` returned.
        key: Public.
        count: Number of devices.

    Returns:
        Codes of each head.
    """
    return arrays.flatten(schema, chain.sample(_generator(key), schema, links, count))


def _generator(key: Key[Array, ""]) -> np.random.Generator:
    """A NumPy stream for a key; the key is spent."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
