"""Draws discrete Gaussian noise inside jit, exact far beyond any delta.

The noise is X = B Y + Z of two discrete Gaussians Y and Z of parameter s = 3 B, drawn
from one table. X is a discrete Gaussian of parameter sigma = s sqrt(B^2 + 1), up to a
factor within 1 +- 4 exp(-18 pi^2) of each mass. Proof: complete the square in

    P(X = x) = sum over y of P(Y = y) P(Z = x - B y),

which leaves the mass of a discrete Gaussian at x times a sum over y of a Gaussian of
parameter s / sqrt(B^2 + 1) = 3 around a center that depends on x. By Poisson summation
that sum differs from its mean over centers by a factor within 1 +- 2 exp(-18 pi^2)
(Micciancio and Walter 2017, IACR ePrint 2017/259, theorem 3, with s / B = 3).

Y and Z are found by inversion: a uniform number of 192 bits is compared with cumulative
masses, rounded to 192 bits. `MISSING` bounds what all of this moves, in total variation
per number. The first 32 bits decide all but one draw in a hundred thousand; the other
bits are drawn only for rows that hold such a draw.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, Integer, Key, UInt

_BASE = 300  # B
_PARAMETER = 3 * _BASE  # s
_WORDS = 6  # of 32 bits, of a uniform number
_FRACTION = 320  # bits of the fixed point numbers that the table is made with
_CELLS = 11  # bits after the leading one that choose a cell of the guide
_ROW, _ROWS = 256, 16  # most draws in a row; most rows that are drawn on at once

SIGMA = _PARAMETER * math.sqrt(_BASE**2 + 1)
"""Parameter of the noise: P(x) is proportional to exp(-x^2 / (2 SIGMA^2))."""


class _Table(NamedTuple):
    """Cumulative masses of a discrete Gaussian, and where to begin to look.

    Attributes:
        words: `[threshold, 6]`: words of the mass below an outcome and at it, the
            highest word first.
        lowest: Outcome below the first threshold.
        guide: `[cell]`: thresholds whose first word is below each cell.
        steps: Most thresholds whose first words lie in one cell.
    """

    words: UInt[np.ndarray, "threshold word"]
    lowest: int
    guide: Int[np.ndarray, " cell"]
    steps: int


_REACH = 17  # parameters from 0 beyond which 192 bits show no mass
_ROUNDED = (2 * _REACH * _PARAMETER + 2) * 2.0 ** (-32 * _WORDS)

MISSING = 2 * 2 * _ROUNDED + 4.1 * math.exp(-18 * math.pi**2)
"""Most total variation between a number of `noise` and the exact discrete Gaussian.

Y and Z each have at most 2 * 17 s + 2 thresholds, and rounding moves each by less than
2^-192, which changes two masses. Twice that also covers the tails that the table leaves
out. The last term is the factor above, with the rounding of B^2 / (B^2 + 1) to 1.
"""


def noise(key: Key[Array, ""], size: int) -> Int[Array, " draw"]:
    """Draws independent discrete Gaussian noise of parameter `SIGMA`.

    Args:
        key: A noise key, spent on this call.
        size: Number of draws; static.

    Returns:
        `[size]` whole numbers, in absolute value below 17 SIGMA.

    References:
        Canonne et al. 2020 (arXiv:2004.00010), definition 1.
    """
    width = max(min(size, _ROW), 1)
    num_rows = -(-size // width)
    first_key, more_key = jax.random.split(key)
    first = jax.random.bits(first_key, (2 * num_rows, width), jnp.uint32)
    coarse, fine = jnp.split(_outcomes(more_key, first), 2)
    return (_BASE * coarse + fine).reshape(-1)[:size]


def _outcomes(
    key: Key[Array, ""], first: UInt[Array, "row draw"]
) -> Int[Array, "row draw"]:
    """Finds the outcomes of uniform numbers whose first words are known."""
    table = _table()
    words = jnp.asarray(table.words[:, 0])
    index = jnp.asarray(table.guide)[_cell(first)]
    for _ in range(table.steps):
        below = first > words.at[index].get(mode="fill", fill_value=2**32 - 1)
        index = index + below.astype(jnp.int32)
    tied = (first == words.at[index].get(mode="clip")).any(1)

    def draw_on(
        state: tuple[Int[Array, ""], Int[Array, "row draw"], Bool[Array, " row"]],
    ) -> tuple[Int[Array, ""], Int[Array, "row draw"], Bool[Array, " row"]]:
        """Draws the other words of some rows that hold a tie."""
        turn, index, tied = state
        count = min(_ROWS, len(tied))
        (rows,) = jnp.nonzero(tied, size=count, fill_value=len(tied))
        shape = (_WORDS - 1, count, first.shape[1])
        more = jax.random.bits(jax.random.fold_in(key, turn), shape, jnp.uint32)
        found = _search(first.at[rows].get(mode="clip"), more)
        index = index.at[rows].set(found, mode="drop")
        return turn + 1, index, tied.at[rows].set(False, mode="drop")

    state = (jnp.int32(0), index, tied)
    index = jax.lax.while_loop(lambda state: state[2].any(), draw_on, state)[1]
    return index + table.lowest


def _search(
    first: UInt[Array, "row draw"], more: UInt[Array, "word row draw"]
) -> Int[Array, "row draw"]:
    """Counts the thresholds that are at most a uniform number, all words known."""
    words = jnp.asarray(_table().words)

    def is_above(index: Int[Array, "row draw"]) -> Bool[Array, "row draw"]:
        """Whether a threshold exceeds the uniform number, word by word."""
        own = words.at[index].get(mode="clip")
        above = own[..., -1] > more[-1]
        for place in range(_WORDS - 2, 0, -1):
            drawn = more[place - 1]
            above = (own[..., place] > drawn) | ((own[..., place] == drawn) & above)
        return (own[..., 0] > first) | ((own[..., 0] == first) & above)

    def halve(
        turn: Int[Array, ""],
        bounds: tuple[Int[Array, "row draw"], Int[Array, "row draw"]],
    ) -> tuple[Int[Array, "row draw"], Int[Array, "row draw"]]:
        """Halves where the answer may lie, `low` to `high`, until one is left."""
        del turn
        low, high = bounds
        middle = (low + high) // 2
        above = is_above(middle) & (low < high)
        higher = ~above & (low < high)
        return jnp.where(higher, middle + 1, low), jnp.where(above, middle, high)

    low = jnp.zeros(first.shape, jnp.int32)
    high = jnp.full(first.shape, len(words), jnp.int32)
    halvings = len(words).bit_length()
    return jax.lax.fori_loop(jnp.int32(0), jnp.int32(halvings), halve, (low, high))[0]


def _cell(first: UInt[Array, "*draw"]) -> Int[Array, "*draw"]:
    """The cell of a first word: fine in both tails, as a float is near zero.

    Half of the cells are for each side; the distance to the side's end chooses the
    cell by its leading one and the bits after that.
    """
    upper = first >> jnp.uint32(31) == 1
    distance = jnp.where(upper, ~first, first)
    zeros = jax.lax.clz(distance)
    shifted = jnp.where(zeros < 32, distance << jnp.minimum(zeros, jnp.uint32(31)), 0)
    digits = (shifted >> jnp.uint32(31 - _CELLS)) & jnp.uint32((1 << _CELLS) - 1)
    octave = jnp.uint32(32) - zeros
    cell = (octave << jnp.uint32(_CELLS)) | digits
    return (cell + jnp.where(upper, _half(), 0).astype(jnp.uint32)).astype(jnp.int32)


def _half() -> int:
    """Cells of one side."""
    return 32 << _CELLS


@functools.cache
def _table() -> _Table:
    """Makes the table once per process, with whole numbers."""
    masses = _masses()
    total = masses[0] + 2 * sum(masses[1:])
    below, thresholds = 0, []
    for mass in masses[:0:-1] + masses[:-1]:
        below += mass
        thresholds.append((below << 32 * _WORDS) // total)
    shifts = [32 * (_WORDS - 1 - place) for place in range(_WORDS)]
    words = np.array(
        [[(t >> shift) & 0xFFFFFFFF for shift in shifts] for t in thresholds], np.uint32
    )
    starts, stops = _cell_bounds()
    lows = np.searchsorted(words[:, 0], starts, side="left")
    highs = np.searchsorted(words[:, 0], stops, side="left")
    return _Table(
        words=words,
        lowest=1 - len(masses),
        guide=lows.astype(np.int32),
        steps=int(np.max(highs - lows)),
    )


def _masses() -> list[int]:
    """exp(-k^2 / (2 s^2)) for k = 0, 1 ... in fixed point, while 192 bits show it."""
    one = 1 << _FRACTION
    exponent = one // (2 * _PARAMETER**2)
    ratio, term, place = 0, one, 0
    while term:  # exp(-1 / (2 s^2)) by its series
        ratio += term if place % 2 == 0 else -term
        place += 1
        term = term * exponent // (one * place)
    square = ratio * ratio >> _FRACTION
    masses, mass = [one], one
    # exp(-(k + 1)^2 / (2 s^2)) is exp(-k^2 / (2 s^2)) times exp(-(2 k + 1) / (2 s^2)).
    while mass >> (_FRACTION - 32 * _WORDS - 8):
        mass = mass * ratio >> _FRACTION
        ratio = ratio * square >> _FRACTION
        masses.append(mass)
    return masses


def _cell_bounds() -> tuple[Integer[np.ndarray, " cell"], Integer[np.ndarray, " cell"]]:
    """First word that begins each cell, and the last one that it holds."""
    octave, digits = np.divmod(np.arange(_half(), dtype=np.int64), 1 << _CELLS)
    width = np.maximum(octave - 1 - _CELLS, 0)  # bits that a cell leaves open
    drop = np.maximum(_CELLS + 1 - octave, 0)  # digits below the last bit
    start = np.where(octave > 0, (((1 << _CELLS) | digits) >> drop) << width, 0)
    stop = start + (1 << width) - 1
    ones = (1 << 32) - 1
    starts = np.concatenate([start, ones - stop])
    stops = np.concatenate([stop, ones - start])
    return starts.astype(np.uint32), stops.astype(np.uint32)
