"""Draws random numbers by counter: each depends only on seed, purpose, device, row.

A device therefore sends the same rows whatever the size of its fleet or of a chunk.
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

_DEVICE_STEP = np.uint64(0x9E3779B97F4A7C15)
_ROW_STEP = np.uint64(0xD1B54A32D192ED03)
_LARGEST_EXACT_RATE = 30.0


@dataclasses.dataclass(frozen=True)
class Draws:
    """Holds the draws of some rows.

    Attributes:
        seed: Of the fleet.
        purpose: A prefix that separates these draws from those of other tables.
        ids: Number of each row's device in the fleet.
        rows: Number of each row among those of its device, or None: one row per device.
    """

    seed: int
    purpose: str
    ids: Ints
    rows: Ints | None = None

    def bits(self, name: str) -> Bits:
        """Draws 64 random bits per row, for the purpose `name`."""
        text = f"{self.seed}/{self.purpose}/{name}".encode()
        salt = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
        mixed = self.ids.astype(np.uint64)
        mixed *= _DEVICE_STEP
        mixed += np.uint64(salt)
        _mix(mixed)
        if self.rows is not None:
            mixed += (self.rows.astype(np.uint64) + np.uint64(1)) * _ROW_STEP
            _mix(mixed)
        return mixed

    def uniform(self, name: str) -> Floats:
        """Draws uniformly, strictly between 0 and 1."""
        places = (self.bits(name) >> np.uint64(11)).astype(np.float64)
        return np.asarray((places + 0.5) * 2.0**-53)

    def normal(self, name: str) -> Floats:
        """Draws from the standard normal distribution, by inversion."""
        return np.asarray(special.ndtri(self.uniform(name)))

    def chance(self, name: str, share: float | Floats) -> Bools:
        """Draws True with the given probability."""
        return np.asarray(self.uniform(name) < share)

    def poisson(self, name: str, rate: Floats) -> Ints:
        """Draws Poisson counts; rounded normal draws where `rate` exceeds 30."""
        uniform = self.uniform(name)
        spread = np.sqrt(rate) * special.ndtri(uniform)
        counts = np.maximum(np.rint(rate + spread), 0).astype(np.int64)
        open_rows = np.flatnonzero(rate <= _LARGEST_EXACT_RATE)
        counts[open_rows] = 0
        mass = np.exp(-rate[open_rows])
        below = mass.copy()
        step = 0
        while open_rows.size and step < 8 * _LARGEST_EXACT_RATE:
            step += 1
            going = uniform[open_rows] > below
            open_rows, mass, below = open_rows[going], mass[going], below[going]
            counts[open_rows] = step
            mass *= rate[open_rows] / step
            below += mass
        return counts


def _mix(bits: Bits) -> None:
    """Scrambles bits in place.

    References:
        Steele, Lea and Flood 2014 (the finalizer of SplitMix64).
    """
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)


class Choice:
    """Makes weighted choices, with one set of weights per kind of row."""

    def __init__(self, weights: Sequence[Sequence[float]] | Floats) -> None:
        table = np.asarray(weights, dtype=np.float64)
        cumulative = np.cumsum(table, axis=1)
        cumulative /= cumulative[:, -1:]
        self._num_values = table.shape[1]
        self._cumulative = (cumulative + np.arange(len(table))[:, None]).ravel()

    def pick(self, uniform: Floats, kind: Ints | int = 0) -> Ints:
        """Finds the number of the value that each uniform draw picks."""
        place = np.searchsorted(self._cumulative, uniform + kind, side="right")
        chosen = place - kind * self._num_values
        return np.asarray(np.clip(chosen, 0, self._num_values - 1), dtype=np.int64)


class Vocabulary:
    """Holds values with a set of weights for each kind of row.

    Attributes:
        values: All values of all kinds.
        kinds: The names of the kinds, in the order of their numbers.
    """

    def __init__(self, weights_by_kind: Mapping[str, Mapping[Any, float]]):
        self.kinds = list(weights_by_kind)
        self.values: list[Any] = list(
            dict.fromkeys(v for w in weights_by_kind.values() for v in w)
        )
        self._choice = Choice(
            [[w.get(v, 0.0) for v in self.values] for w in weights_by_kind.values()]
        )

    def pick(self, uniform: Floats, kind: Ints | int = 0) -> Ints:
        """Finds the number of the value that each uniform draw picks."""
        return self._choice.pick(uniform, kind)


def unfold(counts: Ints) -> tuple[Ints, Ints]:
    """Numbers the rows of devices.

    Args:
        counts: Rows of each device.

    Returns:
        The device of each row, and the number of the row within its device.
    """
    device = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return device, np.arange(len(device)) - first[device]
