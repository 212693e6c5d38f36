"""The mechanisms: noise on whole numbers, choices, thresholds; exact or seeded.

Integer noise is exact for releases and seeded for experiments. Only `privacy.release`
calls its samplers; a fit gets one in `base.Context`.

The noise of DP-SGD is none of these: `dpsgd.gaussian` draws whole numbers on a public
grid, with full tails, on the accelerator.

What draws noise in floats, and so has no protection of its low bits (anyone who holds a
noisy number may learn from them which sums are possible, Mironov 2012):

- `exponential_choice`: Gumbel noise in float64 on the host, for the pairs of
  `mst` and `aim` (`marginals.spanning`, `marginals.adaptive`) and for edges of bins
  (`privacy.quantiles`). What is released is only which candidate won.
- `answers.releases.published_gaussian` and `published_laplace`: the published study's
  releases, drawn again under its public seeds. They protect nobody and are never
  released.

A noise key holds 64 bits and feeds Threefry, a counter-based generator that is fast and
well mixed but no proven cipher. The noise of DP-SGD, and which devices a step draws,
come from such keys.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats
from jaxtyping import Array, Float, Integer, Key
from opendp import domains, measurements, metrics, mod  # `prelude` takes seconds

mod.enable_features("contrib")


def secure_integer_noise(
    key: Key[Array, ""], values: Integer[np.ndarray, "..."], sigma: float
) -> Integer[np.ndarray, "..."]:
    """Adds exact discrete Gaussian noise from the operating system's randomness.

    Args:
        key: Not used: nothing can repeat this noise, so save it before it is used.
        values: Exact whole numbers. Private.
        sigma: Noise parameter, in the unit of the values.

    Returns:
        The noisy numbers, in the shape of the exact ones.

    References:
        Canonne et al. 2020 (arXiv:2004.00010), as OpenDP implements it.
    """
    del key
    measure = measurements.make_gaussian(
        domains.vector_domain(domains.atom_domain(T="i64")),
        metrics.l2_distance(T="f64"),
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

    Returns:
        The noisy numbers, in the shape of the exact ones.
    """
    # P(x) proportional to exp(-x^2 / (2 sigma^2)), drawn by its cumulative sums.
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    reach = math.ceil(12 * sigma)
    support = np.arange(-reach, reach + 1)
    cumulative = np.cumsum(np.exp(-(support**2) / (2 * sigma**2)))
    uniform = generator.random(values.shape) * cumulative[-1]
    return values.astype(np.int64) + support[np.searchsorted(cumulative, uniform)]


def secure_laplace_noise(
    key: Key[Array, ""], values: Integer[np.ndarray, "..."], scale: float
) -> Integer[np.ndarray, "..."]:
    """Adds exact discrete Laplace noise from the operating system's randomness.

    Args:
        key: Not used: nothing can repeat this noise, so save it before it is used.
        values: Exact whole numbers. Private.
        scale: Of the noise, in the unit of the values: P(x) proportional to
            exp(-|x| / scale).

    Returns:
        The noisy numbers, in the shape of the exact ones.

    References:
        Ghosh et al. 2009 (arXiv:0811.2841), as OpenDP implements it.
    """
    del key
    measure = measurements.make_laplace(
        domains.vector_domain(domains.atom_domain(T="i64")),
        metrics.l1_distance(T="i64"),
        scale,
    )
    noisy = measure(values.astype(np.int64).ravel().tolist())
    return np.array(noisy, np.int64).reshape(values.shape)


def seeded_laplace_noise(
    rng: np.random.Generator, values: Integer[np.ndarray, "..."], *, epsilon: float
) -> Integer[np.ndarray, "..."]:
    """Adds discrete Laplace noise that a seed repeats: for experiments only.

    It is the difference of two geometric draws.

    Args:
        rng: Generator of the experiment.
        values: Exact whole numbers.
        epsilon: Inverse of the noise's scale.

    Returns:
        The noisy numbers, in the shape of the exact ones.
    """
    one, two = rng.geometric(-math.expm1(-epsilon), (2, *values.shape))
    return values + one - two


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


def selection_threshold(
    sigma: float, *, most: int, failure: float, sensitivity: int = 1
) -> int:
    """Returns the noisy count from which a private cell is shown.

    A cell of one device has an exact count of at most the sensitivity. It is shown
    with a probability of P(sensitivity + noise >= threshold) <= failure / most; the
    discrete Gaussian has the tail of a Gaussian one step further out. The union bound
    over the cells of a device gives `failure`: `events.ThresholdDpEvent(failure)`.

    Args:
        sigma: Noise of each count.
        most: Most cells that a device adds to.
        failure: Most probability that a device's own cells show.
        sensitivity: Most that a device adds to a cell.

    Returns:
        The threshold, in the unit of the counts.

    References:
        Canonne et al. 2020 (arXiv:2004.00010), Proposition 25, for the tail.
    """
    tail = float(scipy.stats.norm.isf(failure / most))
    return sensitivity + 1 + math.ceil(sigma * tail)
