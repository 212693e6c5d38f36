"""The part of each cell of a clipped release that survives the clip.

Before there is a pool, that is told by the totals of the tables, which are never
clipped; later by a pool of synthetic devices, which are measured with the clip and
without it.
"""

import numpy as np
from jaxtyping import Float

from teledp_jax import arrays, schemas
from teledp_jax.marginals import noisy_sums, statistics, vectors

_SURVIVING = 0.1  # by how much tables' surviving parts are thought to differ
_LEAN = 50.0  # weighed rows of a pool from which a cell tells its own surviving part


def by_tables(noisy: noisy_sums.Noisy) -> Float[np.ndarray, " cell"]:
    """Estimates the part of each cell that survives the clip, by tables' totals.

    Args:
        noisy: The noisy sums.

    Returns:
        Parts in (0, 1].
    """
    totals = {b.table: i for i, b in enumerate(noisy.plan.blocks) if b.is_total}
    usual = _fraction(noisy, None, float(noisy.num_devices), 1.0, np.inf)
    found = {}
    for name, index in totals.items():
        block = noisy.plan.blocks[index]
        total = float(noisy.values[block.cells].sum())
        found[name] = _fraction(noisy, name, total, usual, _SURVIVING)
    parts = np.ones(noisy.plan.num_cells)
    for block in noisy.plan.blocks:
        own = {side.table for side in block.sides} & set(totals)
        if not block.is_total:
            # Tables of a block are thought to shorten a device each by its own factor.
            part = usual * float(np.prod([found[name] / usual for name in own]))
            parts[block.cells] = min(max(part, 0.05), 1.0)
    return parts


def _fraction(
    noisy: noisy_sums.Noisy,
    table: str | None,
    total: float,
    usual: float,
    spread: float,
) -> float:
    """Clipped over whole number of devices of a table, leaning on the usual one.

    Each block that a device with one row, or without several, adds one to tells it.
    """
    sums, variances = [], []
    for block, stddev in zip(noisy.plan.blocks, noisy.stddevs, strict=True):
        kinds = {side.kind for side in block.sides}
        own = (table in (None, block.table)) and not block.is_total
        is_count = len(block.sides) == 1 and (kinds == {"rows"} or block.spread == 1.0)
        if table is None:
            is_count = is_count and kinds == {"column"} and _is_anchor(noisy, block)
        if own and is_count:
            sums.append(float(noisy.values[block.cells].sum()))
            variances.append(float(stddev) ** 2 * block.num_cells)
    if not sums or total <= 0:
        return usual
    weights = 1 / np.maximum(np.array(variances), 1e-12)
    ratio = float(weights @ np.array(sums)) / weights.sum() / total
    precision = weights.sum() * total**2
    lean = 1 / spread**2
    return min(max((precision * ratio + lean * usual) / (precision + lean), 0.05), 1.0)


def _is_anchor(noisy: noisy_sums.Noisy, block: statistics.Block) -> bool:
    """Whether a block is of the anchor: the one table without a total."""
    return block.table not in {b.table for b in noisy.plan.blocks if b.is_total}


def by_pool(
    schema: schemas.Schema, noisy: noisy_sums.Noisy, pool: arrays.DeviceArrays
) -> Float[np.ndarray, " cell"]:
    """Computes the part of each cell that survives the clip in a pool of devices.

    Args:
        schema: The public schema.
        noisy: The noisy sums.
        pool: Synthetic devices.

    Returns:
        Parts in (0, 1]; a cell with few rows leans on its block.
    """
    short, whole = vectors.both_sums(schema, noisy.plan, pool, norm=noisy.norm)
    parts = np.ones(noisy.plan.num_cells)
    for block in noisy.plan.blocks:
        if block.is_total:
            continue
        own, full = (each[block.cells] / block.cell_weights for each in (short, whole))
        usual = own.sum() / full.sum() if full.sum() > 0 else 1.0
        parts[block.cells] = (own + _LEAN * usual) / (full + _LEAN)
    return np.clip(parts, 0.02, 1.0)
