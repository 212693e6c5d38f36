"""The one door to integer noise: count, add up over processes, add noise, save.

Noise must be drawn once. A fit that is killed between the draw and the save would draw
again, and two draws on the same counts tell more than the ledger says. So whatever
counts devices calls `count_once`, and nothing but this module calls a sampler of
integer noise; a test over the syntax trees of the package holds that.

This module knows no accounting: the caller has stated the event before.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import base

Vectors = Sequence[Integer[np.ndarray, " _"]]


def count_once(
    name: str,
    exact_fn: Callable[[], Integer[np.ndarray, "..."]],
    *,
    key: Key[Array, ""],
    sigma: float,
    context: base.Context,
) -> Integer[np.ndarray, "..."]:
    """Counts the devices of all processes under noise, or reads what was drawn before.

    Every process of a fit must call it, in the same order.

    Args:
        name: What the noisy counts are saved under; one name, one measurement.
        exact_fn: Counts the devices that this process holds: whole numbers of any
            shape, the same in all processes. Not called if the counts were saved.
        key: A noise key, spent on this measurement and on nothing else.
        sigma: Parameter of the discrete Gaussian noise, in units of a count.
        context: Store, sampler and processes of the fit.

    Returns:
        The noisy counts, in the shape of the exact ones: safe to release under the
        event that the caller has stated.
    """
    saved = context.store.load(name)
    if saved is None:
        exact = context.part.total(exact_fn())
        noisy = add_noise(key, exact, sigma, integer_noise=context.integer_noise)
        saved = {"counts": noisy}
        context.store.save(name, saved)
    return np.asarray(saved["counts"])


def count_vectors_once(
    name: str,
    exact_fn: Callable[[], Vectors],
    *,
    sizes: Sequence[int],
    key: Key[Array, ""],
    sigma: float,
    context: base.Context,
) -> list[Integer[np.ndarray, " _"]]:
    """Counts several vectors as `count_once` does, all under one noise and one key.

    Args:
        name: As in `count_once`.
        exact_fn: Counts the vectors, of the devices that this process holds.
        sizes: Number of cells of each vector; public.
        key: As in `count_once`.
        sigma: As in `count_once`.
        context: As in `count_once`.

    Returns:
        The noisy vectors, in order.
    """
    if not sizes:
        return []
    flat = count_once(
        name,
        lambda: np.concatenate([np.asarray(vector) for vector in exact_fn()]),
        key=key,
        sigma=sigma,
        context=context,
    )
    return np.split(flat, np.cumsum(sizes)[:-1])


def count_cells(
    name: str,
    cells: Sequence[Hashable],
    counts: Integer[np.ndarray, "cell ..."],
    *,
    key: Key[Array, ""],
    sigma: float,
    least: float,
    context: base.Context,
) -> Integer[np.ndarray, "cell ..."]:
    """Counts cells that are there only because a device has them.

    Which cells are asked is private, as the caller shows only those whose noisy count
    reaches a threshold. An audit stands in this function's place, for it must tell
    neighbours the same of the cells that both have.

    Args:
        name: As in `count_once`.
        cells: What is counted, each once. Private.
        counts: Exact whole numbers of each cell; the first decides whether it shows.
        key: As in `count_once`.
        sigma: As in `count_once`.
        least: The threshold, which the audit holds to its failure probability.
        context: As in `count_once`.

    Returns:
        The noisy counts of all cells: safe only of those that reach the threshold.
    """
    del cells, least
    return count_once(name, lambda: counts, key=key, sigma=sigma, context=context)


def add_noise(
    key: Key[Array, ""],
    exact: Integer[np.ndarray, "..."],
    sigma: float,
    *,
    integer_noise: base.IntegerNoise,
) -> Integer[np.ndarray, "..."]:
    """Adds integer noise to what is a total already and is saved by the caller.

    For steps of training, which have checkpoints of their own, and for experiments
    under a seed. What counts devices calls `count_once`.

    Args:
        key: A noise key, spent on this call and on nothing else.
        exact: Exact whole numbers. Private.
        sigma: Parameter of the discrete Gaussian noise, in the unit of the numbers.
        integer_noise: The sampler, from `privacy.mechanisms`.

    Returns:
        The noisy numbers, in the shape of the exact ones.
    """
    return integer_noise(key, exact, sigma)
