"""Noise on whole numbers: exact for releases, seeded for experiments.

Float noise (the Gaussian of DP-SGD) is drawn in float32 by the step itself, unless a
config asks for `dpsgd.hardened`. Whoever holds all noisy sums or parameters may attack
its low bits (Mironov 2012); synthetic tables hold neither. Its key holds 64 bits and
feeds Threefry, a counter-based generator that is fast and well mixed but no proven
cipher. Which devices a step draws comes from such a key in either case.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import opendp.prelude as opendp
from jaxtyping import Array, Float, Integer, Key

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


def exponential_choice(
    key: Key[Array, ""], scores: Float[np.ndarray, " candidate"], *, epsilon: float
) -> int:
    """Chooses a candidate by the exponential mechanism.

    Its event is `events.ExponentialMechanismDpEvent(epsilon)` if a device changes each
    score by at most 1. It adds Gumbel noise in 64-bit floats and takes the largest, so
    like other float noise here it has no protection of its low bits.

    Args:
        key: A noise key, spent on this choice.
        scores: Higher is better. Private.
        epsilon: Range of the privacy loss.

    Returns:
        The position of the chosen candidate.

    References:
        McSherry and Talwar 2007; Durfee and Rogers 2019 (arXiv:1905.04273).
    """
    with jax.enable_x64(True):
        # A power of two, so that few programs are compiled.
        size = 1 << max(len(scores) - 1, 0).bit_length()
        noise = np.asarray(jax.random.gumbel(key, (size,), jnp.float64))
    return int(np.argmax(0.5 * epsilon * scores + noise[: len(scores)]))
