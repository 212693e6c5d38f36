"""Each device votes once, for the candidate nearest to it over all tables."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Int16, Integer

from teledp_jax.pe import embedding as embedding_lib

_BLOCK = 64  # devices in one step of the compiled loop
_CHUNK = 8192  # devices in one call
_GROUP = 16  # heads added up between two passes over the distances


def distances(
    devices: Int16[Array, "device head"],
    candidates: Int16[Array, "head candidate"],
    caps: Int16[Array, " head"],
) -> Int16[Array, "device candidate"]:
    """Exact distances, in 16 bits: `embedding.make` keeps the sums below 2^15."""
    groups = devices.shape[1] // _GROUP
    devices_t = devices.T.reshape(groups, _GROUP, -1)
    grouped = (
        devices_t,
        candidates.reshape(groups, _GROUP, -1),
        caps.reshape(groups, _GROUP),
    )

    def add(
        total: Int16[Array, "device candidate"], group: tuple[Array, Array, Array]
    ) -> tuple[Int16[Array, "device candidate"], None]:
        points, others, limits = group
        for i in range(_GROUP):
            apart = jnp.abs(points[i][:, None] - others[i][None, :])
            total = total + jnp.minimum(apart, limits[i])
        return total, None

    start = jnp.zeros((devices.shape[0], candidates.shape[1]), jnp.int16)
    return jax.lax.scan(add, start, grouped)[0]


@functools.partial(jax.jit, static_argnames="block")
def _nearest(
    devices: Int16[Array, "device head"],
    candidates: Int16[Array, "head candidate"],
    caps: Int16[Array, " head"],
    *,
    block: int,
) -> Int[Array, " device"]:
    """Lowest index of the nearest candidate, for a chunk of devices."""
    index = jnp.arange(candidates.shape[1], dtype=jnp.int32)[None, :]

    def of_block(points: Int16[Array, "block head"]) -> Int[Array, " block"]:
        apart = distances(points, candidates, caps)
        # Minimum, then index: argmin itself is slow in XLA on CPU.
        nearest = apart == apart.min(axis=1, keepdims=True)
        return jnp.where(nearest, index, index.shape[1]).min(axis=1)

    blocks = devices.reshape(-1, block, devices.shape[1])
    return jax.lax.map(of_block, blocks).reshape(-1)


def nearest(
    embedding: embedding_lib.Embedding,
    devices: Integer[np.ndarray, "device head"],
    candidates: Integer[np.ndarray, "candidate head"],
    *,
    chunk: int = _CHUNK,
) -> Integer[np.ndarray, " device"]:
    """Index of each device's nearest candidate; among equals the lowest.

    Args:
        embedding: States the distance.
        devices: Flattened records, as codes.
        candidates: Flattened records, as codes.
        chunk: Devices in one compiled call; changes memory and speed, no result.
    """
    block = min(_BLOCK, chunk)
    rows = -(-min(chunk, max(len(devices), 1)) // block) * block
    pad = -len(embedding.caps) % _GROUP  # a head with a cap of 0 adds nothing
    caps = jnp.asarray(np.pad(embedding.caps, (0, pad)))
    others = jnp.asarray(np.pad(embedding.embed(candidates), ((0, 0), (0, pad))).T)
    found = []
    for start in range(0, len(devices), rows):
        part = embedding.embed(devices[start : start + rows])
        points = np.pad(part, ((0, rows - len(part)), (0, pad)))
        index = _nearest(jnp.asarray(points), others, caps, block=block)
        found.append(np.asarray(index)[: len(part)])
    return np.concatenate(found) if found else np.zeros(0, np.int32)


def count_votes(
    chosen: Integer[np.ndarray, " device"], num_candidates: int
) -> Integer[np.ndarray, " candidate"]:
    """One unit vote a device: a device that joins adds one to one entry."""
    return np.bincount(chosen, minlength=num_candidates).astype(np.int64)


def expected_votes(
    chosen: Integer[np.ndarray, " sample"],
    weights: Float[np.ndarray, " sample"],
    num_candidates: int,
) -> Float[np.ndarray, " candidate"]:
    """Shares of the votes that a weighted sample of the model casts."""
    votes = np.bincount(chosen, weights, minlength=num_candidates)
    return votes / votes.sum()
