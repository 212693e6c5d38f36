"""Attacks noisy sums by the low bits of their numbers.

`jax.random.normal` computes z = sqrt(2) erfinv(u) of a u that is a multiple of 2^-22,
up to one offset. Around zero these z lie on a grid, which a sum other than zero shifts.
So erf of noisy numbers tells whether a guess of the sum is right, however large the
noise (Mironov 2012). A sum that is rounded to a public grid before the noise tells
nothing by its low bits.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from jaxtyping import Array, Float, Key

from teledp_jax.audit import bounds
from teledp_jax.dpsgd import gaussian
from teledp_jax.privacy import findings

LOW_BITS = "low bits"
_GRID = 2.0**22  # steps of a u of 1, of `jax.random.normal` in float32
_NEAR = 0.02  # standard deviations: closer numbers lie on a grid that is even
_SHIFT = 1e-4  # standard deviations that the device adds to each number

NoisySum = Callable[..., Float[Array, " parameter"]]
"""`dpsgd.gaussian.noisy_sum`, or what takes its place."""


def low_bits(
    *, num_draws: int, num_parameters: int = 1 << 15, seed: int = 0
) -> findings.Finding:
    """Tells a sum of zeros from one of 1e-4 standard deviations, number by number.

    Args:
        num_draws: Noisy sums of each kind.
        num_parameters: Numbers of a sum.
        seed: Of the draws.

    Returns:
        One finding: power of the attack, and what the shift allows any test to have.
    """
    noisy_sum: NoisySum = gaussian.noisy_sum  # looked up here: a control replaces it

    @jax.jit
    def released(key: Key[Array, ""], total: Float[Array, ""]) -> Array:
        exact = jnp.full((num_parameters,), total, jnp.float32)
        return noisy_sum(
            key, exact, l2_clip_norm=1.0, noise_multiplier=1.0, expected_batch_size=1.0
        )

    statistics = [
        np.array(
            [
                _off_grid(np.asarray(released(_key(seed, number, index), total)))
                for index in range(num_draws)
            ]
        )
        for number, total in enumerate(jnp.array([0.0, _SHIFT], jnp.float32))
    ]
    claimed = _SHIFT * num_parameters**0.5
    rates = bounds.threshold_test(*statistics)
    return findings.Finding(
        LOW_BITS,
        "DP-SGD, a small shift",
        f"mu at least {rates.mu:.3f}",
        f"mu {claimed:.3f}",
        findings.verdict(rates.mu <= claimed),
    )


def _key(seed: int, number: int, index: int) -> Key[Array, ""]:
    """The noise key of one draw."""
    key = jax.random.fold_in(jax.random.key(seed), number)
    return jax.random.fold_in(key, index)


def _off_grid(noisy: np.ndarray) -> float:
    """How far numbers near zero lie from the grid of a float sampler around zero."""
    near = noisy[np.abs(noisy) < _NEAR].astype(np.float64)
    places = scipy.special.erf(near / np.sqrt(2.0)) * _GRID
    # A u is a quarter of a step off the multiples: their mean phase is that of i.
    return float(np.abs(np.exp(2j * np.pi * places).mean() - 1j))
