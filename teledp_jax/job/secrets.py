"""Keys and noise of a run: from the operating system, or from an experiment's seed."""

import os
import pathlib
import zlib

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import base, runs
from teledp_jax.privacy import mechanisms


def integer_noise(seed: int | None) -> base.IntegerNoise:
    """Chooses the sampler of integer noise for a run.

    Args:
        seed: Seed of an experiment, or None.

    Returns:
        An exact sampler that asks the operating system; with a seed, one that repeats.
    """
    if seed is None:
        return mechanisms.secure_integer_noise
    return mechanisms.seeded_integer_noise


def root_keys(
    seed: int | None, path: pathlib.Path, token: str, *, stream: str
) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """Makes the public and the secret key of one stream of a run.

    Without a seed both come from the operating system. `path` keeps them, so that a run
    that was killed goes on with the same keys; delete it when the stream is done.

    Args:
        seed: Seed of an experiment, or None.
        path: File that keeps the key data, readable by its owner only.
        token: Fingerprint of config and inputs: other inputs get other keys.
        stream: Name of the stream; one seed gives each stream keys of its own.

    Returns:
        The public key, and the secret one that noise and batches are drawn from.
    """
    if seed is not None:
        key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(stream.encode()))
        public, privacy = jax.random.split(key)
        return public, privacy
    saved = runs.read_json(path) if path.exists() else {}
    if saved.get("token") != token:
        size = jax.random.key_data(jax.random.key(0)).size * 4
        saved = {"token": token, "data": [os.urandom(size).hex() for _ in range(2)]}
        runs.write_json(path, saved)
        path.chmod(0o600)
    public, privacy = (
        jax.random.wrap_key_data(
            jnp.asarray(np.frombuffer(bytes.fromhex(data), np.uint32))
        )
        for data in saved["data"]
    )
    return public, privacy
