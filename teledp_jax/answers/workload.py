"""Noisy sums of what devices contribute to a workload of queries, under one budget.

A query counts and sums amounts in cells. A device adds to at most `max_cells` cells of
a query, and to each amount there at most a public bound; amounts are taken in
hundredths of their bounds, as whole numbers. So a device changes at most
`num_changes(blocks)` numbers of the whole workload, each by at most 100, and all of
them get the same discrete Gaussian noise.

Few devices come near a public bound, and noise is in hundredths of it. So a part of the
budget first counts devices by the size of each amount, in halvings of its bound; the
amounts are then bounded by the largest size that clearly many devices reach.
"""

import hashlib
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import base
from teledp_jax.privacy import budgets, mechanisms, split
from teledp_jax.privacy import release as door

STEPS = 100  # of an amount's bound
_SHARE_OF_DELTA = 0.1  # goes to the selection of private keys, where there are any
_BOUND_SHARE = 0.1  # of the budget, to find bounds
_HALVINGS = 40  # sizes of an amount that are told apart
_CLEAR = 3.0  # standard deviations of noise from which a size is reached by many


class Block(NamedTuple):
    """What one query sums; public.

    Attributes:
        name: Name of the query.
        max_cells: Most cells that a device adds to.
        bounds: Least and greatest value of each amount. The first is 1 for each cell
            that a device adds to, so its sum counts devices.
        is_private: Whether cells are selected under privacy, as their keys may not be
            named otherwise.
    """

    name: str
    max_cells: int
    bounds: tuple[tuple[float, float], ...]
    is_private: bool


class Noise(NamedTuple):
    """The calibrated mechanism.

    Attributes:
        event: What the answers of all blocks cost.
        sigma: Of the discrete Gaussian, in hundredths of bounds.
        delta: Failure probability of the selection of each private block.
        bound_sigma: Of the discrete Gaussian on counts of devices by size; 0: bounds
            stay the public ones.
    """

    event: dp_accounting.DpEvent
    sigma: float
    delta: float
    bound_sigma: float = 0.0


def num_changes(blocks: Sequence[Block]) -> int:
    """Counts the numbers of the workload that a device changes at most.

    Args:
        blocks: What each query sums.
    """
    return sum(block.max_cells * len(block.bounds) for block in blocks)


def calibrate(blocks: Sequence[Block], budget: budgets.Budget) -> Noise:
    """Finds the least noise at which all answers meet the budget.

    Args:
        blocks: What each query sums.
        budget: What may be spent in all, and what was spent before.

    Returns:
        The noise, its event stated.

    Raises:
        InputError: If no noise meets it.
    """
    count = num_changes(blocks)
    num_private = sum(block.is_private for block in blocks)
    delta = _SHARE_OF_DELTA * budget.delta / max(num_private, 1)

    others: list[split.Part] = [split.Thresholds("selections", num_private, delta)]
    num_bounds = sum(len(block.bounds) - 1 for block in blocks)
    if not num_bounds:
        counts = split.Counts("sigma", count, sensitivity=STEPS)
        found = split.calibrate_wide(counts, others, budget)
        return Noise(found.event, found.noise("sigma"), delta)
    others.append(split.Counts("bound_sigma", num_bounds, _BOUND_SHARE))
    counts = split.Counts("sigma", count, 1 - _BOUND_SHARE, STEPS)
    found = split.calibrate_wide(counts, others, budget)
    return Noise(found.event, found.noise("sigma"), delta, found.noise("bound_sigma"))


def narrowed(
    key: Key[Array, ""],
    block: Block,
    device: Integer[np.ndarray, " row"],
    amounts: Float[np.ndarray, "row amount"],
    noise: Noise,
    *,
    context: base.Context,
) -> Block:
    """Finds bounds of amounts under noise: what few devices exceed.

    Args:
        key: A noise key, spent on these bounds.
        block: The query.
        device: Number of the device of each row.
        amounts: Amounts of each row. Private.
        noise: The mechanism.
        context: Store and sampler; the noisy counts are saved under the block's name.

    Returns:
        The block with bounds no wider than its public ones.
    """
    if not noise.bound_sigma or len(block.bounds) == 1:
        return block

    def counts() -> Integer[np.ndarray, " size"]:
        return np.concatenate(
            [
                _by_size(device, amounts[:, position], max(-low, high))
                for position, (low, high) in enumerate(block.bounds)
                if position
            ]
        )

    noisy = door.count_once(
        f"bounds_{block.name}",
        counts,
        key=key,
        sigma=noise.bound_sigma,
        context=context,
    ).reshape(-1, _HALVINGS)
    bounds = [block.bounds[0]]
    for (low, high), own in zip(block.bounds[1:], noisy, strict=True):
        reached = np.flatnonzero(own > _CLEAR * noise.bound_sigma)
        most = max(-low, high) / 2.0 ** int(reached[0] if len(reached) else 0)
        bounds.append((max(low, -most), min(high, most)))
    return block._replace(bounds=tuple(bounds))


def _by_size(
    device: Integer[np.ndarray, " row"], amounts: Float[np.ndarray, " row"], most: float
) -> Integer[np.ndarray, " size"]:
    """Counts devices by how often their largest amount may double below the bound.

    A device adds one to one count. Of those without an amount above zero it is the
    last.
    """
    sizes = np.minimum(np.abs(np.nan_to_num(amounts)) / most, 1.0)
    halvings = np.floor(-np.log2(np.maximum(sizes, 2.0**-_HALVINGS)))
    halvings = np.minimum(halvings, _HALVINGS - 1).astype(np.int64)
    order = np.lexsort((halvings, device))
    opens = np.diff(device[order], prepend=-1) != 0
    return np.bincount(halvings[order][opens], minlength=_HALVINGS).astype(np.int64)


def coins(key: Key[Array, ""], ids: Sequence[str]) -> Float[np.ndarray, " device"]:
    """Draws a number in [0, 1) for each device, only by its id.

    So other devices do not change how the amounts of a device are rounded.

    Args:
        key: A secret key.
        ids: Ids of the devices.

    Returns:
        The numbers: those of a keyed hash.
    """
    secret = np.asarray(jax.random.key_data(key)).tobytes()
    found = b"".join(
        hashlib.blake2b(own.encode(), digest_size=8, key=secret).digest() for own in ids
    )
    return (np.frombuffer(found, np.uint64) >> np.uint64(11)) * 2.0**-53


def tally(
    coin: Float[np.ndarray, " row"],
    block: Block,
    device: Integer[np.ndarray, " row"],
    cell: Integer[np.ndarray, " row"],
    amounts: Float[np.ndarray, "row amount"],
    *,
    num_cells: int,
) -> Integer[np.ndarray, "cell amount"]:
    """Sums bounded contributions, in hundredths of bounds. Exact, so private.

    A device's second row of a cell is dropped; of the others those with the largest
    second amount are kept (the first is 1 everywhere), of equal ones the lowest cells.

    Args:
        coin: A number in [0, 1) of each row's device, from `coins`: rounds amounts up
            or down at random, so that sums are right on average.
        block: The query.
        device: Number of the device of each row.
        cell: Cell of each row.
        amounts: Amounts of each row; NaN is 0, and what is out of bounds is clipped.
        num_cells: Number of cells.

    Returns:
        The sums of each cell and amount; a device changes at most
        `max_cells * len(bounds)` of them, each by at most `STEPS`.
    """
    rank = amounts[:, 1] if amounts.shape[1] > 1 else np.zeros(len(amounts))
    order = np.lexsort((-np.nan_to_num(rank), cell, device))
    coin, device, cell, amounts = (
        part[order] for part in (coin, device, cell, amounts)
    )
    first = np.ones(len(device), bool)
    first[1:] = (device[1:] != device[:-1]) | (cell[1:] != cell[:-1])
    coin, device, cell, amounts = (
        part[first] for part in (coin, device, cell, amounts)
    )
    rank = amounts[:, 1] if amounts.shape[1] > 1 else np.zeros(len(amounts))
    order = np.lexsort((cell, -np.nan_to_num(rank), device))
    coin, device, cell, amounts = (
        part[order] for part in (coin, device, cell, amounts)
    )
    starts = np.searchsorted(device, device, side="left")
    kept = np.arange(len(device)) - starts < block.max_cells
    coin, cell, amounts = coin[kept], cell[kept], amounts[kept]
    sums = np.zeros((num_cells, len(block.bounds)), np.int64)
    for position, (low, high) in enumerate(block.bounds):
        clipped = np.clip(np.nan_to_num(amounts[:, position]), low, high)
        steps = clipped / max(-low, high) * STEPS
        np.add.at(sums[:, position], cell, np.floor(steps + coin).astype(np.int64))
    return sums


def release(
    key: Key[Array, ""],
    block: Block,
    sums: Integer[np.ndarray, "cell amount"],
    noise: Noise,
    *,
    cells: Sequence[Hashable],
    context: base.Context,
) -> tuple[Integer[np.ndarray, " shown"], Float[np.ndarray, "shown amount"]]:
    """Releases noisy sums, and which cells they are of.

    Where cells are private, only those that hold a kept contribution are asked: of the
    cells that noise may show, at most `max_cells` are then one device's own, which is
    what delta counts. A cell that is there only because a row was dropped never shows.

    Args:
        key: A noise key, spent on this block.
        block: The query.
        sums: What `tally` returned.
        noise: The mechanism.
        cells: Values of the keys of each cell.
        context: Store and sampler; the noisy sums are saved under the block's name.

    Returns:
        Positions of cells: all, or those selected; and their sums in the units of the
        amounts.
    """
    name = f"answers_{block.name}"
    asked = np.arange(len(sums))
    if block.is_private:
        asked = np.flatnonzero(sums[:, 0])  # counts devices, so above 0 if one is kept
        threshold = mechanisms.selection_threshold(
            noise.sigma, most=block.max_cells, failure=noise.delta, sensitivity=STEPS
        )
        noisy = door.count_cells(
            name,
            [cells[position] for position in asked.tolist()],
            sums[asked],
            key=key,
            sigma=noise.sigma,
            least=threshold,
            context=context,
        )
        is_shown = noisy[:, 0] >= threshold
    else:
        noisy = door.count_once(
            name, lambda: sums, key=key, sigma=noise.sigma, context=context
        )
        is_shown = np.ones(len(asked), bool)
    scales = np.array([max(-low, high) for low, high in block.bounds])
    return asked[is_shown], noisy[is_shown] * scales / STEPS
