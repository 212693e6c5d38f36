"""Keys and noise of a run: from the operating system, or from an experiment's seed."""

import pathlib

from jaxtyping import Array, Key

from teledp_jax import base, keys, runs
from teledp_jax.privacy import mechanisms


def noise_source(seed: int | None) -> base.IntegerNoise:
    """Chooses the sampler of integer noise for a run.

    Args:
        seed: Seed of an experiment, or None.

    Returns:
        An exact sampler that asks the operating system; with a seed, one that repeats.
    """
    if seed is None:
        return mechanisms.secure_integer_noise
    return mechanisms.seeded_integer_noise


def own_context(seed: int | None, store: base.Store | None = None) -> base.Context:
    """Returns the context of what one process measures without a method.

    Args:
        seed: Seed of an experiment, or None.
        store: Where noisy counts are saved before they are used; none: only in memory,
            for a caller who writes them at once.
    """
    return base.Context(
        store or base.MemoryStore(), lambda done, total, facts: None, noise_source(seed)
    )


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
        return keys.from_seed(seed, stream=stream)
    saved = runs.read_json(path) if path.exists() else {}
    if saved.get("token") != token:
        saved = {"token": token, "data": keys.draw()}
        runs.write_json(path, saved)
        path.chmod(0o600)
    return keys.restore(saved["data"])
