"""Holding a trained model to noisy one-way marginals, before and after training.

Normalised clipping weighs devices that report much less than others, so that a model
alone draws too few of them. Noisy marginals mend that as post-processing of what has
been released: they set the starting biases, and after training a shift of each logit
makes the mean of a large batch of samples meet them.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import vae, vae_layout

_ROUNDS = 30
_FLOOR = 1e-6  # least share of a code
_TRUSTED = 3.0  # standard deviations above which a noisy count stands for itself

Counts = Sequence[Integer[np.ndarray, " _"]]
"""Noisy counts of each head's codes over existing rows, in order of heads."""


def targets(
    noisy: Float[Array, "head code"],
    prior: Float[Array, "head code"],
    *,
    stddev: float | Float[Array, ""],
) -> Float[Array, "head code"]:
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
    clear = _TRUSTED * stddev * jnp.sqrt(small.sum(1).astype(jnp.float32))
    large_mass = jnp.where(small, 0.0, noisy).sum(1)
    small_mass = jnp.where(small, noisy, 0.0).sum(1)
    small_prior = jnp.where(small, prior, 0.0).sum(1)
    large_prior = jnp.maximum(1.0 - small_prior, _FLOOR)
    unclear = jnp.minimum(large_mass * small_prior / large_prior, clear)
    mass = jnp.where(small_mass > clear, small_mass, unclear)
    mass = jnp.where(large_mass > 0, mass, 1.0)
    spread = prior * (mass / jnp.maximum(small_prior, _FLOOR))[:, None]
    shares = jnp.maximum(jnp.where(small, spread, noisy), 0.0)
    shares = jnp.maximum(shares / shares.sum(1, keepdims=True), _FLOOR)
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
        counts = _block(noisy, block)
        prior = jnp.asarray(block.valid / block.valid.sum(1, keepdims=True))
        prior = jnp.maximum(prior.astype(jnp.float32), _FLOOR)
        parts.append(jnp.log(targets(counts, prior, stddev=stddev)).reshape(-1))
    return jnp.concatenate(parts)


def shift(
    network: vae.Vae,
    params: clipping.Params,
    noisy: Counts,
    key: Key[Array, ""],
    *,
    stddev: float,
    num_samples: int,
) -> Float[Array, " code"]:
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
        A shift of each logit, in nats.
    """
    layout = network.layout
    z = jax.random.normal(key, (num_samples, network.latent), jnp.float32)
    logits = jax.jit(lambda p, z: network.apply({"params": p}, z, method="decode"))(
        params, z
    )
    counts = set(layout.counts)
    more: dict[int, Array] = {}  # of each number of rows: probability to exceed a row
    shifts: dict[int, Array] = {}
    for first in (True, False):
        for block, values in zip(layout.blocks, logits, strict=True):
            chosen = [i for i, h in enumerate(block.heads) if (h in counts) == first]
            if not chosen:
                continue
            heads = [block.heads[i] for i in chosen]
            weights = jnp.stack([_weight(layout, more, h, num_samples) for h in heads])
            part = values[:, np.array(chosen)]
            goal = _block(noisy, block)[np.array(chosen)]
            found = _match(part, weights.T, goal, jnp.float32(stddev))
            shifts.update(zip(heads, found, strict=True))
            if first:
                drawn = nn.softmax(part + found[None])
                for i, head in enumerate(heads):
                    more[head] = 1.0 - jnp.cumsum(drawn[:, i], axis=-1)
    return jnp.concatenate(
        [shifts[head] for block in layout.blocks for head in block.heads]
    )


def _block(noisy: Counts, block: vae_layout.Block) -> Float[Array, "head code"]:
    """Counts of the heads of a block."""
    counts = np.zeros(block.valid.shape, np.float32)
    counts[block.valid] = np.concatenate([noisy[head] for head in block.heads])
    return jnp.asarray(counts)


def _weight(
    layout: vae_layout.Layout, more: dict[int, Array], head: int, num_samples: int
) -> Float[Array, " device"]:
    """Probability that the row of a head exists, for each sample."""
    if layout.owners[head] < 0:
        return jnp.ones(num_samples, jnp.float32)
    exceeds = more[layout.owners[head]][:, layout.rows[head]]
    return jnp.maximum(exceeds, _FLOOR)


@jax.jit
def _match(
    logits: Float[Array, "device head code"],
    weights: Float[Array, "device head"],
    noisy: Float[Array, "head code"],
    stddev: Float[Array, ""],
) -> Float[Array, "head code"]:
    """Iterative scaling of the weighted mean of softmax."""
    weights = weights / weights.sum(0, keepdims=True)

    def mean(shift: Array) -> Array:
        return jnp.einsum("bh,bhc->hc", weights, nn.softmax(logits + shift[None]))

    start = jnp.zeros(noisy.shape, jnp.float32)
    prior = jnp.maximum(mean(start), _FLOOR)
    goal = targets(noisy, prior, stddev=stddev)

    def scale(_: Array, shift: Array) -> Array:
        return shift + jnp.log(goal) - jnp.log(jnp.maximum(mean(shift), _FLOOR))

    return jax.lax.fori_loop(0, _ROUNDS, scale, start)
