"""One random stream per purpose, and which of them are secret."""

import os
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key


class Keys(NamedTuple):
    """The random streams of one fit.

    Attributes:
        init: Starting values and starting candidates. Public.
        sample: Draws from models and candidates. Public.
        batch: Which devices a step draws, and what goes by their places in the draw.
            Secret: accounting assumes it unknown.
        noise: Noise of the mechanisms. Secret. One key serves one run on one data set:
            two releases under the same noise subtract to the exact difference.
    """

    init: Key[Array, ""]
    sample: Key[Array, ""]
    batch: Key[Array, ""]
    noise: Key[Array, ""]


def generator(key: Key[Array, ""]) -> np.random.Generator:
    """Makes a NumPy stream from a key.

    Args:
        key: Spent on the stream.

    Returns:
        The stream.
    """
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())


def split(public: Key[Array, ""], privacy: Key[Array, ""]) -> Keys:
    """Derives the streams of a fit from a public key and a secret one.

    Args:
        public: The public key.
        privacy: The secret key.

    Returns:
        A key for each purpose.
    """
    init, sample = jax.random.split(public)
    batch, noise = jax.random.split(privacy)
    return Keys(init=init, sample=sample, batch=batch, noise=noise)


def from_seed(seed: int, *, stream: str) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """Makes the keys of a repeatable experiment: who knows the seed knows them.

    Args:
        seed: Seed of the experiment.
        stream: What the keys are for; one seed gives each stream keys of its own.

    Returns:
        A public key, and one that stands for the secret one.
    """
    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(stream.encode()))
    public, privacy = jax.random.split(key)
    return public, privacy


def draw() -> list[str]:
    """Draws the data of two keys from the operating system's randomness.

    Returns:
        A public key's data and a secret one's, in hexadecimal; see `restore`.
    """
    size = jax.random.key_data(jax.random.key(0)).size * 4
    return [os.urandom(size).hex() for _ in range(2)]


def restore(data: Sequence[str]) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """Makes the keys whose data `draw` returned.

    Args:
        data: Two texts of hexadecimal digits.

    Returns:
        The public key and the secret one.
    """
    public, privacy = (
        jax.random.wrap_key_data(
            jnp.asarray(np.frombuffer(bytes.fromhex(part), np.uint32))
        )
        for part in data
    )
    return public, privacy


def uniforms(
    key: Key[Array, ""], count: int, *, first: int = 0
) -> Float[np.ndarray, " position"]:
    """Draws a number in [0, 1) for each of `count` positions.

    A position's number follows from key and position only, so that shards of a fleet
    draw what the whole would.

    Args:
        key: The key of the whole fleet's draw.
        count: Number of positions.
        first: The first position.

    Returns:
        The numbers, in float64.
    """
    bits = np.random.Philox(np.asarray(jax.random.key_data(key)).ravel())
    bits.advance(first // 4)  # each counter gives four numbers
    return np.random.Generator(bits).random(first % 4 + count)[first % 4 :]
