"""How large populations are, and devices drawn from the last one."""

import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, schemas
from teledp_jax.pe import apis, weights

SILENT = (
    "No candidate had votes above the noise, so the votes changed little: the "
    "release is the start. Lower num_candidates or num_iterations, or raise "
    "budget.epsilon."
)
"""What to tell people if `is_silent`."""

_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 2000
_SMALLEST_POOL, _LARGEST_POOL = 20_000, 200_000


def sizes(
    num_candidates: int, pool: int, *, num_devices: int, sigma: float
) -> tuple[int, int]:
    """Returns the numbers of candidates and of records of the pool.

    Args:
        num_candidates: As configured; 0 takes as many as can expect ten standard
            deviations of noise in votes each, in 50 to 2,000.
        pool: As configured; 0 takes twice the number of devices, within
            `pool_within`.
        num_devices: Noisy number of devices.
        sigma: Noise of the noisiest vote.
    """
    expected = int(num_devices / (10 * sigma))
    candidates = min(max(expected, _FEWEST_CANDIDATES), _MOST_CANDIDATES)
    return num_candidates or candidates, pool or pool_within(2 * num_devices)


def pool_within(num_records: int) -> int:
    """Returns a number of records, brought into 20,000 to 200,000."""
    return min(max(num_records, _SMALLEST_POOL), _LARGEST_POOL)


def draw_devices(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from a weighted population.

    Args:
        schema: The public schema.
        key: Draws them; public.
        fitted: What `evolve.evolve` returned.
        count: Number of devices.
    """
    generator = apis.generator_of(key)
    index = weights.draw(generator, np.asarray(fitted["weights"]), count)
    return arrays.unflatten(schema, np.asarray(fitted["codes"])[index])


def is_silent(fitted: base.Tree) -> bool:
    """Tells whether no vote stood above its noise: a DP output, so it may be said.

    Args:
        fitted: What `evolve.evolve` returned.
    """
    return not np.any(fitted["convergence"]["above_noise"])
