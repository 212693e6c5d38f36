"""How far a synthetic result is from the real one.

The definitions are those of the published scorer of the DP-synthetic-telemetry
benchmark. With `corrected=True` a metric leaves nothing out: a group that only one side
has counts as an error of 1, and two empty sets do not match.
"""

import collections
import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import scipy.stats

LARGER_IS_BETTER = frozenset({"coverage", "spearman", "agreement"})
SMALLEST_HALF_ERROR = 1e-8  # below it the published scorer drops a normalised error
FLOOR = 1e-3  # least denominator of a corrected normalised error

Key = Hashable
Cells = Mapping[Key, Any]


def cell_error(real: float, synthetic: float) -> float:
    """Returns |real - synthetic| / |real|; 0 if both are 0, infinite if only `real`."""
    if real == synthetic:
        return 0.0
    return abs(real - synthetic) / abs(real) if real else math.inf


def relative_error(real: Cells, synthetic: Cells, *, corrected: bool = False) -> float:
    """Computes the median relative error over common keys; infinite without one.

    Cells that are missing on either side are skipped. Corrected: median over the union
    of keys, where a key or cell that only one side has is an error of 1.
    """
    errors = []
    for key in (real.keys() | synthetic.keys()) if corrected else real.keys():
        one, other = real.get(key), synthetic.get(key)
        if one is not None and other is not None:
            errors.append(cell_error(float(one), float(other)))
        elif corrected and one is not other:
            errors.append(1.0)
    return median(errors, empty=math.inf)


def total_variation(real: Cells, synthetic: Cells) -> float:
    """Halves the L1 distance of shares over the union of keys; 1 if a side is empty.

    Missing cells count 0.
    """
    totals = [
        math.fsum(float(cell) for cell in side.values() if cell is not None)
        for side in (real, synthetic)
    ]
    if not all(totals):
        return 1.0
    # An exact sum: keys come in no order that two runs would share.
    return 0.5 * math.fsum(
        abs(
            float(real.get(key) or 0) / totals[0]
            - float(synthetic.get(key) or 0) / totals[1]
        )
        for key in real.keys() | synthetic.keys()
    )


def jaccard(
    real: Collection[Key], synthetic: Collection[Key], *, corrected: bool = False
) -> float:
    """Computes intersection over union; two empty sets give 1, corrected 0.

    Args:
        real: Keys of the real result.
        synthetic: Keys of the synthetic result.
        corrected: Whether two empty sets give 0.

    Returns:
        A number from 0 to 1.
    """
    union = set(real) | set(synthetic)
    if not union:
        return 0.0 if corrected else 1.0
    return len(set(real) & set(synthetic)) / len(union)


def spearman(real: Cells, synthetic: Cells) -> float | None:
    """Correlates ranks over common items, ties averaged.

    None if fewer than two items are common, or one side has the same value everywhere.
    """
    pairs = [
        (float(real[key]), float(synthetic[key]))
        for key in real
        if real[key] is not None and synthetic.get(key) is not None
    ]
    if len(pairs) < 2 or any(len(set(side)) < 2 for side in zip(*pairs, strict=True)):
        return None
    ranks = [scipy.stats.rankdata(side) for side in zip(*pairs, strict=True)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def agreement(real: Cells, synthetic: Cells) -> float:
    """Computes the share of real keys with the same value; 0 if there are none."""
    matches = sum(
        key in synthetic and real[key] == synthetic[key] and real[key] is not None
        for key in real
    )
    return matches / len(real) if real else 0.0


def row_count(real: int, synthetic: int) -> float:
    """Computes the relative error of the number of rows."""
    return cell_error(real, synthetic)


def mean_relative_error(real: Iterable[Any], synthetic: Iterable[Any]) -> float:
    """Computes the relative error of a mean; infinite if a side has no values."""
    sides = [
        [float(cell) for cell in side if cell is not None] for side in (real, synthetic)
    ]
    if not all(sides):
        return math.inf
    return cell_error(float(np.mean(sides[0])), float(np.mean(sides[1])))


def share_variation(real: Iterable[Any], synthetic: Iterable[Any]) -> float:
    """Compares shares of a column's values by total variation, without missing ones."""
    counts = [
        collections.Counter(cell for cell in side if cell is not None)
        for side in (real, synthetic)
    ]
    return total_variation(*counts)


def grouped_coverage(
    real: Mapping[Key, Cells], synthetic: Mapping[Key, Cells], *, corrected: bool
) -> float:
    """Averages the Jaccard overlap of items over common groups; 0 if none is common.

    A group whose key has a missing part matches for free in the published scorer, which
    finds no items in it on either side. Corrected: mean over the union of groups.

    Args:
        real: Values of items, by group.
        synthetic: Likewise.
        corrected: Whether the mean is over the union of groups.

    Returns:
        A number from 0 to 1.
    """
    if corrected:
        groups = real.keys() | synthetic.keys()
    else:
        groups = real.keys() & synthetic.keys()
    overlaps = [
        1.0
        if not corrected and is_partial(group)
        else jaccard(
            real.get(group, {}).keys(),
            synthetic.get(group, {}).keys(),
            corrected=corrected,
        )
        for group in groups
    ]
    return float(np.mean(overlaps)) if overlaps else 0.0


def grouped_spearman(
    real: Mapping[Key, Cells], synthetic: Mapping[Key, Cells], *, corrected: bool
) -> float | None:
    """Averages the rank correlation over common groups.

    Corrected: mean over the real groups that can be ranked, 0 where it is undefined.

    Args:
        real: Values of items, by group.
        synthetic: Likewise.
        corrected: Whether the mean is over the real groups that can be ranked.

    Returns:
        A number from -1 to 1; None if it is undefined in all groups.
    """
    values = []
    for group, cells in real.items():
        value = spearman(cells, synthetic.get(group, {}))
        if corrected:
            if spearman(cells, cells) is not None:
                values.append(0.0 if value is None else value)
        elif value is not None and not is_partial(group):
            values.append(value)
    return float(np.mean(values)) if values else None


def is_partial(group: Key) -> bool:
    """Tells whether a part of a group's key is missing.

    Args:
        group: The key.

    Returns:
        True if one of its parts is None.
    """
    return isinstance(group, tuple) and None in group


def error(metric: str, value: float) -> float:
    """Turns a metric into an error: 1 - value if larger is better."""
    return 1 - value if metric in LARGER_IS_BETTER else value


def normalized_error(
    metric: str, value: float, half_sample: float | None, *, corrected: bool = False
) -> float | None:
    """Divides an error by that which one half of the real fleet makes on the other.

    None, so left out, where the half-sample error is unknown or below 1e-8 and where
    either is infinite. Corrected: the denominator is at least `FLOOR` and infinite
    errors stay, 1 where both are.
    """
    if half_sample is None:
        return None
    own, half = error(metric, value), error(metric, half_sample)
    if corrected:
        if math.isinf(half):
            return 1.0 if math.isinf(own) else 0.0
        return own / max(half, FLOOR)
    if half < SMALLEST_HALF_ERROR or math.isinf(own) or math.isinf(half):
        return None
    return own / half


def median(values: Collection[float], *, empty: Any = None) -> Any:
    """Finds the median of numbers that may be infinite; `empty` if there are none."""
    if not values:
        return empty
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else (low + high) / 2
