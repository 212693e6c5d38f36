"""Each device votes once, for the candidate nearest to it over all tables.

Exact, in two forms that share one table of costs, `[slot, candidate]`, where a slot is
one code of one head. On a CPU a device's distances are the sum of the few rows of that
table in which it differs from the candidates' commonest codes. On an accelerator they
are one product of its one-hot codes with the table: integers of at most 256 are exact
in bfloat16, and so are their sums in float32.
"""

import os
from collections.abc import Iterable
from concurrent import futures
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Int, Int16, Integer

from teledp_jax.pe import embedding

_BLOCK = 1024  # candidates in one call: their costs stay in a cache
_CHUNK = 2048  # devices in one call on a CPU
_LARGE_CHUNK = 8192  # devices in one call on an accelerator
_GROUP = 6  # rows of the table of costs added up between two passes


class _Costs(NamedTuple):
    """Distances of a block of candidates, split by head.

    Attributes:
        base: Distance of each candidate to the record of commonest codes.
        by_slot: What it changes if a head has another code; the last row is zero.
    """

    base: Int16[np.ndarray, " candidate"]
    by_slot: Int16[np.ndarray, "slot candidate"]


def nearest(
    distance: embedding.Embedding,
    devices: Integer[np.ndarray, "device head"],
    candidates: Integer[np.ndarray, "candidate head"],
    *,
    chunk: int | None = None,
    use_matmul: bool | None = None,
) -> Integer[np.ndarray, " device"]:
    """Finds each device's nearest candidate; among equals the first.

    Args:
        distance: States the distance.
        devices: Flattened records, as codes.
        candidates: Flattened records, as codes.
        chunk: Devices in one compiled call; changes memory and speed, no result.
        use_matmul: Whether to multiply by one-hot codes; none: only on accelerators.

    Returns:
        Position of a candidate for each device. Private if devices are.
    """
    if use_matmul is None:
        use_matmul = jax.default_backend() != "cpu"
    index = np.zeros(len(devices), np.int32)
    if not len(devices):
        return index
    common = _commonest(distance, candidates)
    blocks = [
        _costs(distance, candidates[start : start + _BLOCK], common)
        for start in range(0, len(candidates), _BLOCK)
    ]
    size = chunk or (_LARGE_CHUNK if use_matmul else _CHUNK)
    # A stable order, so that those who differ in few heads share a call.
    order = np.argsort(_num_different(devices, common), kind="stable")
    parts = np.split(order, range(size, len(order), size))
    vote = _by_matmul if use_matmul else _by_sum
    for part, chosen in zip(
        parts, vote(distance, devices, parts, size, common, blocks), strict=True
    ):
        index[part] = chosen
    return index


def _merge(
    found: Iterable[tuple[np.ndarray, np.ndarray]],
) -> Integer[np.ndarray, " device"]:
    """The place of the least distance over blocks, from (distance, place in block)."""
    best = index = None
    for number, (value, place) in enumerate(found):
        place = place + number * _BLOCK
        if best is None or index is None:
            best, index = value, place
            continue
        closer = value < best  # strictly: the earlier block wins a tie
        best, index = np.where(closer, value, best), np.where(closer, place, index)
    assert index is not None
    return index


def _commonest(
    distance: embedding.Embedding,
    candidates: Integer[np.ndarray, "candidate head"],
) -> Integer[np.ndarray, " head"]:
    """The commonest code of each head among the candidates."""
    return np.array(
        [
            np.bincount(candidates[:, head], minlength=size).argmax()
            for head, size in enumerate(distance.num_codes.tolist())
        ]
    )


def _num_different(
    devices: Integer[np.ndarray, "device head"], common: Integer[np.ndarray, " head"]
) -> Integer[np.ndarray, " device"]:
    """Number of heads in which each device differs from a record."""
    parts = range(0, len(devices), _LARGE_CHUNK)
    return np.concatenate(
        [(devices[i : i + _LARGE_CHUNK] != common).sum(axis=1) for i in parts]
    )


def _costs(
    distance: embedding.Embedding,
    candidates: Integer[np.ndarray, "candidate head"],
    common: Integer[np.ndarray, " head"],
) -> _Costs:
    """The costs of a block; partial sums are distances too, so they are below 2^15."""
    points = distance.embed(candidates).T
    base = np.zeros(len(candidates), np.int16)
    rows = []
    for head, size in enumerate(distance.num_codes.tolist()):
        apart = np.abs(distance.points[head, :size, None] - points[head][None, :])
        costs = np.minimum(apart, distance.caps[head])
        base += costs[common[head]]
        rows.append(costs - costs[common[head]])
    rows.append(np.zeros((1, len(candidates)), np.int16))
    return _Costs(base, np.concatenate(rows))


def _by_sum(
    distance: embedding.Embedding,
    devices: Integer[np.ndarray, "device head"],
    parts: list[Integer[np.ndarray, " _"]],
    size: int,
    common: Integer[np.ndarray, " head"],
    blocks: list[_Costs],
) -> list[Integer[np.ndarray, " _"]]:
    """The nearest candidate of each part, in as many threads as cores."""
    tables = [(jnp.asarray(base), jnp.asarray(rows)) for base, rows in blocks]
    first = np.cumsum(distance.num_codes) - distance.num_codes
    zero = int(distance.num_codes.sum())

    def of_part(
        part: Integer[np.ndarray, " device"],
    ) -> Integer[np.ndarray, " device"]:
        padded, num_groups = _slots(devices[part], common, first, zero, size)
        slots, rows = jnp.asarray(padded), np.arange(len(part))

        def of_block(base: Array, by_slot: Array) -> tuple[np.ndarray, np.ndarray]:
            apart = np.asarray(_sums(base, by_slot, slots, num_groups))[: len(part)]
            place = apart.argmin(axis=1)  # NumPy's is many times faster than XLA's
            return apart[rows, place], place

        return _merge(of_block(*table) for table in tables)

    with futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(of_part, parts))


def _slots(
    codes: Integer[np.ndarray, "device head"],
    common: Integer[np.ndarray, " head"],
    first: Integer[np.ndarray, " head"],
    zero: int,
    size: int,
) -> tuple[Int[np.ndarray, "place padded"], int]:
    """Slots of the codes that differ, filled up by `zero`; and the groups in use."""
    device, head = np.nonzero(codes != common)
    count = np.bincount(device, minlength=len(codes))
    place = np.arange(len(device)) - np.repeat(np.cumsum(count) - count, count)
    width = -(-codes.shape[1] // _GROUP) * _GROUP
    slots = np.full((width, size), zero, np.int32)
    slots[place, device] = first[head] + codes[device, head]
    return slots, -(-int(count.max()) // _GROUP)


@jax.jit
def _sums(
    base: Int16[Array, " candidate"],
    by_slot: Int16[Array, "slot candidate"],
    slots: Int[Array, "place device"],
    num_groups: int | Int[Array, ""],
) -> Int16[Array, "device candidate"]:
    """Distances as sums of rows of the table of costs."""

    def add(
        group: Int[Array, ""], total: Int16[Array, "device candidate"]
    ) -> Int16[Array, "device candidate"]:
        rows = jax.lax.dynamic_slice_in_dim(slots, group * _GROUP, _GROUP)
        for i in range(_GROUP):
            total = total + by_slot.at[rows[i]].get(mode="promise_in_bounds")
        return total

    start = jnp.broadcast_to(base, (slots.shape[1], base.shape[0]))
    return jax.lax.fori_loop(0, num_groups, add, start)


def _by_matmul(
    distance: embedding.Embedding,
    devices: Integer[np.ndarray, "device head"],
    parts: list[Integer[np.ndarray, " _"]],
    size: int,
    common: Integer[np.ndarray, " head"],
    blocks: list[_Costs],
) -> list[Integer[np.ndarray, " _"]]:
    """The nearest candidate of each part; all work is sent off before any is awaited.

    The blocks are put together again: an accelerator wants one large product.
    """
    del common
    sizes = distance.num_codes
    # XLA multiplies no bfloat16 on a CPU.
    dtype = jnp.float32 if jax.default_backend() == "cpu" else jnp.bfloat16
    head = np.repeat(np.arange(len(sizes)), sizes)
    code = np.arange(len(head)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    base = jnp.asarray(np.concatenate([block.base for block in blocks]), jnp.float32)
    rows = np.concatenate([block.by_slot[:-1] for block in blocks], axis=1)
    by_slot = jnp.asarray(rows, dtype)
    sent = []
    for part in parts:
        codes = np.pad(devices[part], ((0, size - len(part)), (0, 0)))
        sent.append(_products(base, by_slot, jnp.asarray(codes), head, code))
    return [
        np.asarray(place)[: len(part)] for part, place in zip(parts, sent, strict=True)
    ]


@jax.jit
def _products(
    base: Float32[Array, " candidate"],
    by_slot: Float[Array, "slot candidate"],
    codes: Integer[Array, "device head"],
    head: Int[Array, " slot"],
    code: Int[Array, " slot"],
) -> Int[Array, " device"]:
    """The lowest place of the least distance, by one product of one-hot codes."""
    here = codes[:, head] == code[None, :].astype(codes.dtype)
    products = jnp.matmul(
        here.astype(by_slot.dtype), by_slot, preferred_element_type=jnp.float32
    )
    return (base[None, :] + products).argmin(axis=1)


def count_votes(
    chosen: Integer[np.ndarray, " device"], num_candidates: int
) -> Integer[np.ndarray, " candidate"]:
    """Counts one unit vote per device: a device that joins adds one to one entry.

    Args:
        chosen: What `nearest` returned.
        num_candidates: Number of candidates.

    Returns:
        Exact votes. Private.
    """
    return np.bincount(chosen, minlength=num_candidates).astype(np.int64)
