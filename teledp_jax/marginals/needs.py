"""What is measured of a device for the queries of a workload, and how finely.

A query sums amounts in groups. For each group that the pool answers there is one count
of devices, and one sum for each ratio of the query: how far a device's numerator is
from what the pool's ratio m says of its denominator, (a - m b) / s, winsorised at 6
spreads s. Sums that are centred so need noise of the group's own spread, not of a
public bound. Groups, centres, spreads and weights come from the pool, a result of
differential privacy, and are public.

A half-sample errs by 2 sqrt(c) on a count of c devices. For G groups of a query, noise
of variance 1 / w^2 a group and a budget of squared norms, sum of c w^2, the mean
squared error in half-samples is least where w^2 is 1 / (c sqrt(G)).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from teledp_jax import base
from teledp_jax.marginals import clipped

_WINSOR = 6.0  # spreads beyond which a device's part of a sum is cut
_FEWEST = 50.0  # devices of the smallest group whose accuracy counts
_CLOSE = 0.2  # of a half-sample's error: what is closer is as good
_LEAST_RECORDS = 2  # of the pool, in a group that is measured
_MOST_GROUPS = 1_000  # of a query that is measured: weights of whole devices meet few
_PRIOR = 5.0  # records by which a group's centre and spread lean on the query's
_MOST_SUMS = 4.0  # sums of a group that weigh as a count each; more share their weight


class Need(NamedTuple):
    """What is measured for one query; public.

    Attributes:
        first: Position of its first statistic: the counts of all groups come first,
            then the sums of the first ratio, and so on.
        groups: Values of keys to the position of the group.
        expected: Devices of each group that the pool makes expect.
        ratios: Numerator and denominator of each ratio, as `base.Asked` has them.
        centres: What the ratio is in the pool.
        spreads: Of a device's part of a sum; 0: the sum is not measured.
        count_weights: Of the count of each group.
        sum_weight: Of a sum, over that of its group's count.
    """

    first: int
    groups: Mapping[tuple[Any, ...], int]
    expected: Float[np.ndarray, " group"]
    ratios: tuple[tuple[int, int], ...]
    centres: Float[np.ndarray, "ratio group"]
    spreads: Float[np.ndarray, "ratio group"]
    count_weights: Float[np.ndarray, " group"]
    sum_weight: float

    @property
    def size(self) -> int:
        """Number of statistics."""
        return len(self.groups) * (1 + len(self.ratios))


def plan(
    asked: Sequence[base.Asked],
    weights: Float[np.ndarray, " record"],
    *,
    num_devices: int,
) -> tuple[Need, ...]:
    """Decides from a public pool what to measure.

    Args:
        asked: What the records of the pool add to each query.
        weights: Of the records; they sum to one.
        num_devices: Noisy number of devices.

    Returns:
        What is measured for each query, in order.
    """
    needs: list[Need] = []
    for answer in asked:
        first = needs[-1].first + needs[-1].size if needs else 0
        needs.append(_need(answer, weights, num_devices, first))
    return tuple(needs)


def num_statistics(needs: Sequence[Need]) -> int:
    """Counts the statistics of all queries."""
    return sum(need.size for need in needs)


def counts(
    needs: Sequence[Need], totals: Float[np.ndarray, " statistic"]
) -> Float[np.ndarray, " statistic"]:
    """Gives for each statistic the devices of its group.

    Args:
        needs: What `plan` returned.
        totals: Released totals of the fleet.

    Returns:
        The larger of what the pool makes expect and of what was released.
    """
    expected = _spread([need.expected for need in needs], needs)
    weights = _spread([need.count_weights for need in needs], needs)
    return np.maximum(expected, totals[cells(needs)] / weights)


def noise_of_counts(
    needs: Sequence[Need], noise: float
) -> Float[np.ndarray, " statistic"]:
    """Gives for each statistic the noise of its group's count, in devices.

    Args:
        needs: What `plan` returned.
        noise: Standard deviation of the noise of each statistic.

    Returns:
        Standard deviations.
    """
    return noise / _spread([need.count_weights for need in needs], needs)


def tolerances(
    needs: Sequence[Need],
    devices: Float[np.ndarray, " statistic"],
    met: Bool[np.ndarray, " statistic"],
    noise: float,
) -> Float[np.ndarray, " statistic"]:
    """Says by how much each statistic of a pool may be off.

    What is closer than a part of a half-sample's error brings nothing, so noise and
    that part add up. Queries of many groups get less of the pool's freedom for each:
    the tolerance grows with the root of their number of statistics.

    Args:
        needs: What `plan` returned.
        devices: What `counts` returned.
        met: Statistics that a pool is to meet.
        noise: Standard deviation of the noise of each statistic.

    Returns:
        Tolerances, in the unit of the statistics.
    """
    found = [np.zeros(0)]
    for need in needs:
        own = slice(need.first, need.first + need.size)
        weights = np.tile(need.count_weights, 1 + len(need.ratios))
        weights[len(need.groups) :] *= need.sum_weight
        half = 2 * np.sqrt(np.maximum(devices[own], _FEWEST)) * weights
        crowd = max(int(met[own].sum()), 1)
        found.append(np.hypot(noise, _CLOSE * half) * crowd**0.5)
    return np.concatenate(found)


def _spread(
    parts: Sequence[Float[np.ndarray, " _"]], needs: Sequence[Need]
) -> Float[np.ndarray, " statistic"]:
    """Values of groups for each of their statistics."""
    tiled = [
        np.tile(part, 1 + len(need.ratios))
        for part, need in zip(parts, needs, strict=True)
    ]
    return np.concatenate([np.zeros(0), *tiled])


def cells(needs: Sequence[Need]) -> Integer[np.ndarray, " statistic"]:
    """Gives for each statistic the position of the count of its group.

    Args:
        needs: What `plan` returned.

    Returns:
        Positions among all statistics.
    """
    parts = [np.zeros(0, np.int64)]
    for need in needs:
        own = need.first + np.arange(len(need.groups))
        parts.append(np.tile(own, 1 + len(need.ratios)))
    return np.concatenate(parts)


def entries(needs: Sequence[Need], asked: Sequence[base.Asked]) -> clipped.Entries:
    """Makes the vector of each device: weighted counts and sums.

    Args:
        needs: What `plan` returned.
        asked: What devices add to each query, of the pool or of the fleet.

    Returns:
        The statistics of the devices, not yet clipped. What belongs to no group of the
        pool is left out.
    """
    parts = [
        part
        for need, answer in zip(needs, asked, strict=True)
        for part in _entries(need, answer)
    ]
    if not parts:
        none = np.zeros(0, np.int64)
        return clipped.Entries(none, none, np.zeros(0))
    return clipped.Entries(*map(np.concatenate, zip(*parts, strict=True)))


def _need(
    answer: base.Asked,
    weights: Float[np.ndarray, " record"],
    num_devices: int,
    first: int,
) -> Need:
    """What is measured for one query."""
    records, group, amounts = _by_device(answer, answer.group)
    num_records = np.bincount(group, minlength=len(answer.groups))
    kept = np.flatnonzero(num_records >= _LEAST_RECORDS)
    if len(kept) > _MOST_GROUPS:
        kept = kept[:0]
    position = np.full(len(answer.groups), -1)
    position[kept] = np.arange(len(kept))
    inside = position[group] >= 0
    records, group, amounts = records[inside], position[group[inside]], amounts[inside]
    share = weights[records]
    expected = num_devices * np.bincount(group, share, len(kept)).astype(np.float64)
    shapes = [
        _shape(share, group, amounts[:, top], amounts[:, bottom], num_records[kept])
        for top, bottom in answer.ratios
    ]
    empty = np.zeros((0, len(kept)))
    centres, spreads = (
        np.stack([shape[i] for shape in shapes]) if shapes else empty for i in (0, 1)
    )
    needed = np.maximum(expected, _FEWEST)
    return Need(
        first=first,
        groups={answer.groups[index]: place for place, index in enumerate(kept)},
        expected=expected,
        ratios=answer.ratios,
        centres=centres,
        spreads=spreads,
        count_weights=(needed * max(len(kept), 1) ** 0.5) ** -0.5,
        sum_weight=min(1.0, _MOST_SUMS / max(len(shapes), 1)) ** 0.5,
    )


def _shape(
    share: Float[np.ndarray, " row"],
    group: Integer[np.ndarray, " row"],
    top: Float[np.ndarray, " row"],
    bottom: Float[np.ndarray, " row"],
    num_records: Integer[np.ndarray, " group"],
) -> tuple[Float[np.ndarray, " group"], Float[np.ndarray, " group"]]:
    """Centre and spread of a ratio in each group; small groups lean on the query's."""
    size = len(num_records)

    def sums(values: Float[np.ndarray, " row"]) -> Float[np.ndarray, " group"]:
        return np.bincount(group, share * values, minlength=size).astype(np.float64)

    if not size:
        return np.zeros(0), np.zeros(0)
    held = np.maximum(sums(np.ones(len(share))), 1e-300)
    lean = _PRIOR / np.maximum(num_records, 1)
    tops, bottoms = sums(top), sums(bottom)
    whole = tops.sum() / bottoms.sum() if bottoms.sum() else 0.0
    typical = bottoms.sum() / held.sum()
    below = bottoms + lean * held * typical
    centres = np.divide(tops + lean * held * typical * whole, below, where=below != 0,
                        out=np.full(size, whole))  # fmt: skip
    squares = sums((top - centres[group] * bottom) ** 2)
    mean = squares.sum() / held.sum()
    return centres, np.sqrt((squares / held + lean * mean) / (1 + lean))


def _by_device(
    answer: base.Asked, group: Integer[np.ndarray, " row"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Device, group and amounts, one row for each group that a device is in."""
    kept = np.flatnonzero(group >= 0)
    amounts = np.nan_to_num(answer.amounts[kept], nan=0.0)
    order = np.lexsort((*amounts.T, group[kept], answer.device[kept]))
    device, group = answer.device[kept][order], group[kept][order]
    opens = np.ones(len(device), bool)
    opens[1:] = (device[1:] != device[:-1]) | (group[1:] != group[:-1])
    starts = np.flatnonzero(opens)
    if not len(starts):
        return device, group, amounts
    amounts = np.add.reduceat(amounts[order], starts, axis=0)
    amounts[:, 0] = 1.0  # a device is one, however many rows it has
    return device[starts], group[starts], amounts


def _entries(
    need: Need, answer: base.Asked
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Devices, statistics and values of one query."""
    known = [need.groups.get(name, -1) for name in answer.groups]
    group = np.asarray([*known, -1])[answer.group]
    device, group, amounts = _by_device(answer, group)
    weight = need.count_weights[group]
    parts = [(device, need.first + group, weight)]
    for index, (top, bottom) in enumerate(need.ratios):
        spread = need.spreads[index, group]
        apart = amounts[:, top] - need.centres[index, group] * amounts[:, bottom]
        apart = np.divide(apart, spread, out=np.zeros(len(apart)), where=spread > 0)
        value = need.sum_weight * weight * np.clip(apart, -_WINSOR, _WINSOR)
        statistic = need.first + (1 + index) * len(need.groups) + group
        parts.append((device, statistic, value))
    return parts
