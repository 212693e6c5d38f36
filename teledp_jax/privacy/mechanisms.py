"""Noise on whole numbers: exact for releases, seeded for experiments.

Float noise (the Gaussian of DP-SGD) is drawn in float32 by the step itself; its low
bits are not protected from attacks on floating point (Mironov 2012), as in every
published DP-SGD library. Its key holds 64 bits and feeds Threefry, a counter-based
generator that is fast and well mixed but no proven cipher.
"""

import math

import jax
import numpy as np
import opendp.prelude as opendp
from jaxtyping import Array, Integer, Key

opendp.enable_features("contrib")


def secure_integer_noise(
    key: Key[Array, ""], values: Integer[np.ndarray, "..."], sigma: float
) -> Integer[np.ndarray, "..."]:
    """Adds exact discrete Gaussian noise from the operating system's randomness.

    Args:
        key: Not used: nothing can repeat this noise, so save it before it is used.
        values: Exact whole numbers. Private.
        sigma: Noise parameter, in the unit of the values.

    References:
        Canonne et al. 2020 (arXiv:2004.00010), as OpenDP implements it.
    """
    del key
    measure = opendp.m.make_gaussian(
        opendp.vector_domain(opendp.atom_domain(T="i64")),
        opendp.l2_distance(T="f64"),
        sigma,
    )
    flat = values.astype(np.int64).ravel()
    return np.array(measure(flat.tolist()), np.int64).reshape(values.shape)


def seeded_integer_noise(
    key: Key[Array, ""], values: Integer[np.ndarray, "..."], sigma: float
) -> Integer[np.ndarray, "..."]:
    """Adds discrete Gaussian noise that a key repeats: for experiments, not releases.

    The distribution is tabulated in float64 over 12 sigma either side, so it is not
    exact.

    Args:
        key: A noise key, spent on this call.
        values: Exact whole numbers.
        sigma: Noise parameter, in the unit of the values.
    """
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    reach = math.ceil(12 * sigma)
    support = np.arange(-reach, reach + 1)
    cumulative = np.cumsum(np.exp(-(support**2) / (2 * sigma**2)))
    uniform = generator.random(values.shape) * cumulative[-1]
    return values.astype(np.int64) + support[np.searchsorted(cumulative, uniform)]
