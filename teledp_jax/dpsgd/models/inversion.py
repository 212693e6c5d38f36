"""Draws codes by the inverse of their distribution functions."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

_BLOCK = 16  # codes that one product sums up


def draw(
    odds: Float[Array, "*row code"],
    uniforms: Float[Array, "*row"],
    last: int | Int[np.ndarray, "..."],
) -> Int[Array, "*row"]:
    """Draws a code for each uniform number.

    Running sums are products with triangles of ones, which compile in a fraction of the
    time of other ways. They round, so that a code whose odds are zero may come once in
    millions of draws.

    Args:
        odds: Probabilities of codes, up to a factor of each row.
        uniforms: Numbers in [0, 1).
        last: The last code of each row that may come.

    Returns:
        The codes.
    """
    num_blocks = -(-odds.shape[-1] // _BLOCK)
    more = num_blocks * _BLOCK - odds.shape[-1]
    filled = jnp.pad(odds, [(0, 0)] * uniforms.ndim + [(0, more)])
    blocks = filled.reshape(*uniforms.shape, num_blocks, _BLOCK)
    exact = jax.lax.Precision.HIGHEST
    # Sums within blocks, up to each code and with it; then what blocks before hold.
    inside = np.triu(np.ones((_BLOCK, _BLOCK), np.float32))
    sums = jnp.matmul(blocks, inside, precision=exact)
    if num_blocks > 1:
        earlier = np.triu(np.ones((num_blocks, num_blocks), np.float32), k=1)
        before = jnp.matmul(sums[..., -1], earlier, precision=exact)
        sums = sums + before[..., None]
    point = uniforms * sums[..., -1, -1]
    codes = (sums <= point[..., None, None]).sum((-2, -1), dtype=jnp.int32)
    return jnp.minimum(codes, jnp.asarray(last, jnp.int32))
