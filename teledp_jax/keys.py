"""One random stream a purpose, and which of them are secret."""

from typing import NamedTuple

import jax
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


def split(public: Key[Array, ""], privacy: Key[Array, ""]) -> Keys:
    """Derives the streams of a fit from a public key and a secret one."""
    init, sample = jax.random.split(public)
    batch, noise = jax.random.split(privacy)
    return Keys(init=init, sample=sample, batch=batch, noise=noise)


def uniforms(
    key: Key[Array, ""], count: int, *, first: int = 0
) -> Float[np.ndarray, " position"]:
    """Numbers in [0, 1) for `count` positions from `first` on.

    A position's number follows from key and position alone, so that shards of a fleet
    draw what the whole would.
    """
    bits = np.random.Philox(np.asarray(jax.random.key_data(key)).ravel())
    bits.advance(first // 4)  # each counter gives four numbers
    return np.random.Generator(bits).random(first % 4 + count)[first % 4 :]
