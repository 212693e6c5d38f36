"""Holding a trained model to noisy one-way marginals, before and after training.

Normalised clipping weighs devices that report much less than others, so that a model
alone draws too few of them. Noisy marginals mend that as post-processing of what has
been released: they set the starting biases, and after training a shift of each logit
makes the mean of a large batch of samples meet them. All but the logits is numpy: its
many small steps would each be a program to compile.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Key, Shaped

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import vae, vae_layout

_ROUNDS = 30
_FLOOR = 1e-6  # least share of a code
_TRUSTED = 3.0  # standard deviations above which a noisy count stands for itself

Counts = Sequence[Integer[np.ndarray, " _"]]
"""Noisy counts of each head's codes over existing rows, in order of heads."""


def targets(
    noisy: Shaped[np.ndarray, "head code"],
    prior: Float[np.ndarray, "head code"],
    *,
    stddev: float,
) -> Float[np.ndarray, "head code"]:
    """Finds the shares of codes that noisy counts and a prior say together.

    A count of several standard deviations is kept. The others keep their sum, if that
    is clear of its own noise, and are told apart by the prior: dropping small cells
    would kill tails, and cutting them at zero would inflate them.

    Args:
        noisy: Counts with noise.
        prior: Positive shares, such as a model's own.
        stddev: Of the noise of each count.

    Returns:
        Shares of each head, which sum to one.
    """
    small = noisy < _TRUSTED * stddev
    clear = _TRUSTED * stddev * np.sqrt(small.sum(1))
    large_mass = np.where(small, 0.0, noisy).sum(1)
    small_mass = np.where(small, noisy, 0.0).sum(1)
    small_prior = np.where(small, prior, 0.0).sum(1)
    large_prior = np.maximum(1.0 - small_prior, _FLOOR)
    unclear = np.minimum(large_mass * small_prior / large_prior, clear)
    mass = np.where(small_mass > clear, small_mass, unclear)
    mass = np.where(large_mass > 0, mass, 1.0)
    spread = prior * (mass / np.maximum(small_prior, _FLOOR))[:, None]
    shares = np.maximum(np.where(small, spread, noisy), 0.0)
    shares = np.maximum(shares / shares.sum(1, keepdims=True), _FLOOR)
    return shares / shares.sum(1, keepdims=True)


def starting_bias(
    layout: vae_layout.Layout, noisy: Counts, *, stddev: float
) -> Float[Array, " code"]:
    """Computes log shares of all codes, in the order of blocks.

    Args:
        layout: Blocks of heads.
        noisy: Noisy counts of each head's codes.
        stddev: Of the noise of each count.

    Returns:
        Biases of the network's last layer, in nats.
    """
    parts = []
    for block in layout.blocks:
        prior = np.maximum(block.valid / block.valid.sum(1, keepdims=True), _FLOOR)
        counts = _block(noisy, block)
        parts.append(np.log(targets(counts, prior, stddev=stddev)).reshape(-1))
    return jnp.asarray(np.concatenate(parts), jnp.float32)


def shift(
    network: vae.Vae,
    params: clipping.Params,
    noisy: Counts,
    key: Key[Array, ""],
    *,
    stddev: float,
    num_samples: int,
) -> Float[np.ndarray, " code"]:
    """Finds what to add to each logit so that samples meet noisy marginals on average.

    Heads that are numbers of rows come first; the others are then weighed by the
    probability that their row exists.

    Args:
        network: The model.
        params: Its parameters, safe to release.
        noisy: The noisy counts.
        key: Draws the latents.
        stddev: Of the noise of each count.
        num_samples: Latents to average over.

    Returns:
        A shift of each logit in float32, in nats.
    """
    layout = network.layout
    logits = jax.tree.map(
        np.asarray, vae.decoder(network, chunk=num_samples)(params, key)
    )
    places = {
        head: (number, i)
        for number, block in enumerate(layout.blocks)
        for i, head in enumerate(block.heads)
    }
    goals = [_block(noisy, block) for block in layout.blocks]
    shifts: dict[int, np.ndarray] = {}
    more: dict[int, np.ndarray] = {}  # of each number of rows: chance to exceed a row
    for head in (*layout.counts, *sorted(set(places) - set(layout.counts))):
        number, i = places[head]
        odds = _odds(logits[number][:, i])
        owner, weights = layout.owners[head], np.ones(num_samples)
        if owner >= 0:
            weights = np.maximum(more[owner][:, layout.rows[head]], _FLOOR)
        shifts[head] = _match(odds, weights, goals[number][i], stddev=stddev)
        if head in layout.counts:
            drawn = odds * np.exp(shifts[head])[None]
            shares = np.cumsum(drawn / drawn.sum(1, keepdims=True), axis=1)
            more[head] = 1.0 - shares
    ordered = [shifts[head] for block in layout.blocks for head in block.heads]
    return np.concatenate(ordered).astype(np.float32)


def _block(noisy: Counts, block: vae_layout.Block) -> Float[np.ndarray, "head code"]:
    """Counts of the heads of a block."""
    counts = np.zeros(block.valid.shape)
    counts[block.valid] = np.concatenate([noisy[head] for head in block.heads])
    return counts


def _odds(logits: Float[np.ndarray, "device code"]) -> Float[np.ndarray, "device code"]:
    """Probabilities over that of the likeliest code, in float64."""
    logits = logits.astype(np.float64)
    return np.exp(logits - logits.max(1, keepdims=True))


def _match(
    odds: Float[np.ndarray, "device code"],
    weights: Float[np.ndarray, " device"],
    noisy: Float[np.ndarray, " code"],
    *,
    stddev: float,
) -> Float[np.ndarray, " code"]:
    """Iterative scaling of the weighted mean of probabilities; returns log factors."""
    weights = weights / weights.sum()

    def mean(factors: np.ndarray) -> np.ndarray:
        # sum over devices of w o_c f_c / (sum over codes of o f): two products.
        return (weights / (odds @ factors)) @ odds * factors

    factors = np.ones(len(noisy))
    prior = np.maximum(mean(factors), _FLOOR)
    goal = targets(noisy[None], prior[None], stddev=stddev)[0]
    for _ in range(_ROUNDS):
        factors = factors * goal / np.maximum(mean(factors), _FLOOR)
    return np.log(factors)
