"""Sums of sparse vectors, each clipped in L2, and their one noisy release.

What is measured of a device is one vector over all statistics. `clip` shrinks it to an
L2 norm of at most a public bound and writes it in whole steps of bound / `STEPS`, so
that `release` can add integer noise.

Sensitivity: a device that joins adds its own vector of whole numbers to the sums and
changes nothing else, and the L2 norm of that vector is at most `STEPS`.

Proof. In exact arithmetic the clipped vector has a norm of at most `STEPS` steps.
Rounding to double precision changes a sum of k squares by a share below k / 10^15, and
truncation toward zero makes no entry larger. So the sum of the squares of the whole
numbers is below STEPS^2 (1 + k / 10^15), so below STEPS^2 + 1 as long as a device
has under 10^6 entries; as it is a whole number, it is at most STEPS^2. `check_norms`
asserts that on the numbers themselves, whatever the number of entries.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import base
from teledp_jax.privacy import release as door

STEPS = 10_000  # norm of a clipped vector, in steps of the grid: the L2 sensitivity
_MOST_ENTRIES = 10**6  # of a device: beyond, rounding may reach the next whole number
_MOST = 1e100  # of a value: squares of larger ones could overflow


class Entries(NamedTuple):
    """Statistics of devices, a sparse matrix; entries of the same place add up.

    Attributes:
        device: Index of the device of each entry, at least 0.
        statistic: Index of the statistic of each entry, at least 0.
        value: What the device adds to the statistic; NaN is 0.
    """

    device: Integer[np.ndarray, " entry"]
    statistic: Integer[np.ndarray, " entry"]
    value: Float[np.ndarray, " entry"]


class Clipped(NamedTuple):
    """Clipped statistics in whole steps: one entry per place, ordered by device.

    Attributes:
        device: Index of the device of each entry.
        statistic: Index of the statistic of each entry.
        steps: The value, in steps of bound / `STEPS`.
    """

    device: Integer[np.ndarray, " entry"]
    statistic: Integer[np.ndarray, " entry"]
    steps: Integer[np.ndarray, " entry"]


def clip(entries: Entries, *, l2_clip_norm: float) -> Clipped:
    """Clips the vector of each device in L2 and writes it in whole steps.

    Args:
        entries: The statistics, of any devices: the private ones or those of a pool.
        l2_clip_norm: The public bound, above 0, in the unit of the values.

    Returns:
        The clipped statistics. The squares of a device's steps add up to at most
        `STEPS` squared, whatever its values.

    Raises:
        ValueError: If the bound is not above 0.
    """
    if not l2_clip_norm > 0:
        raise ValueError(f"Expected {l2_clip_norm=} > 0.")
    device, statistic = (np.asarray(part, np.int64) for part in entries[:2])
    value = np.nan_to_num(np.asarray(entries.value, np.float64), nan=0.0)
    if not _is_ordered(device, statistic):
        order = np.lexsort((statistic, device))
        device, statistic, value = device[order], statistic[order], value[order]
    if not len(device):
        return Clipped(device, statistic, np.zeros(0, np.int64))
    opens = _opens(device)
    places = np.flatnonzero(opens | _opens(statistic))
    value = np.add.reduceat(np.clip(value, -_MOST, _MOST), places)
    device, statistic = device[places], statistic[places]

    starts = np.flatnonzero(_opens(device))
    counts = np.diff(np.append(starts, len(device)))
    norms = np.sqrt(np.add.reduceat(value**2, starts))
    scale = STEPS / np.maximum(norms, l2_clip_norm)
    scale[counts >= _MOST_ENTRIES] = 0.0  # no proof covers it, so it adds nothing
    steps = np.trunc(value * np.repeat(scale, counts)).astype(np.int64)
    kept = steps != 0
    clipped = Clipped(device[kept], statistic[kept], steps[kept])
    check_norms(clipped)
    return clipped


def check_norms(clipped: Clipped) -> None:
    """Asserts the L2 sensitivity that the privacy analysis rests on.

    Args:
        clipped: What `clip` returned.

    Raises:
        ValueError: If the steps of a device have a norm above `STEPS`.
    """
    if not len(clipped.device):
        return
    starts = np.flatnonzero(_opens(clipped.device))
    if (np.add.reduceat(clipped.steps**2, starts) > STEPS**2).any():
        raise ValueError(f"A device's clipped vector is longer than {STEPS} steps.")


def totals(
    clipped: Clipped, num_statistics: int
) -> Integer[np.ndarray, " num_statistics"]:
    """Adds the clipped statistics of all devices up, exactly.

    Args:
        clipped: What `clip` returned.
        num_statistics: Number of statistics.

    Returns:
        Sums, in steps. Private, if the devices are.
    """
    # Sums of whole numbers below 2^53 are exact in float64.
    sums = np.bincount(clipped.statistic, clipped.steps, minlength=num_statistics)
    return sums.astype(np.int64)


def release(
    name: str,
    entries_fn: Callable[[], Entries],
    *,
    num_statistics: int,
    l2_clip_norm: float,
    key: Key[Array, ""],
    sigma: float,
    context: base.Context,
) -> Float[np.ndarray, " num_statistics"]:
    """Releases the sums of clipped statistics of all processes, once, under noise.

    Its event is `events.VectorGaussianDpEvent(sigma, STEPS)`.

    Args:
        name: What the noisy sums are saved under; one name, one measurement.
        entries_fn: Gives the statistics of the devices that this process holds.
        num_statistics: Number of statistics; public, the same in all processes.
        l2_clip_norm: The public bound of a device's vector.
        key: A noise key, spent on this measurement and on nothing else.
        sigma: Parameter of the discrete Gaussian noise, in steps.
        context: Store, sampler and processes of the fit.

    Returns:
        Noisy sums in the unit of the values: safe to release under that event.
    """
    noisy = door.count_once(
        name,
        lambda: totals(clip(entries_fn(), l2_clip_norm=l2_clip_norm), num_statistics),
        key=key,
        sigma=sigma,
        context=context,
    )
    return noisy * (l2_clip_norm / STEPS)


def _is_ordered(
    device: Integer[np.ndarray, " entry"], statistic: Integer[np.ndarray, " entry"]
) -> bool:
    """Whether entries lie by device, and of a device by statistic."""
    ahead = np.diff(device)
    return bool(((ahead > 0) | ((ahead == 0) & (np.diff(statistic) >= 0))).all())


def _opens(ordered: Integer[np.ndarray, " entry"]) -> np.ndarray:
    """Where an entry differs from the one before; True for the first."""
    return np.append(True, ordered[1:] != ordered[:-1])
