"""Codes that few devices have, merged before pairs of attributes are measured."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax.marginals import independent, relation

_LOW = 3.0  # groups have counts of so many standard deviations of noise or more


class Merged(NamedTuple):
    """The groups of an attribute's codes.

    Attributes:
        group: The group of each code.
        shares: The share of each code in its group.
        counts: Noisy count of each group.
        sizes: Number of codes in each group.
    """

    group: Integer[np.ndarray, " code"]
    shares: Float[np.ndarray, " code"]
    counts: Float[np.ndarray, " group"]
    sizes: Integer[np.ndarray, " group"]

    @property
    def num_groups(self) -> int:
        """Size of the merged domain."""
        return len(self.counts)


def merge(
    attribute: relation.Attribute, noisy: Float[np.ndarray, " code"], *, sigma: float
) -> Merged:
    """Merges codes whose noisy counts are low.

    Neighbours in an order are merged until they stand out from the noise; low codes
    without an order become one group. The code of devices without a row stays alone.
    What a group holds is spread over its codes as `independent.smooth` says.

    Args:
        attribute: The attribute.
        noisy: Its counts under noise.
        sigma: Standard deviation of the noise.

    Returns:
        Which group each code belongs to, and what each group holds.

    References:
        McKenna et al. 2021 (arXiv:2108.04978), section 4.2, for codes without an order.
    """
    fixed = {attribute.no_row} if attribute.no_row >= 0 else set()
    group = np.full(len(noisy), -1)
    pooled = -1
    count = 0
    run: list[int] = []
    for code in range(len(noisy)):
        low = noisy[code] < _LOW * sigma
        if code in fixed or (code < attribute.first_ordinal and not low):
            group[code], count = count, count + 1
        elif code < attribute.first_ordinal:
            if pooled < 0:
                pooled, count = count, count + 1
            group[code] = pooled
        else:
            run.append(code)
            if noisy[run].sum() >= _LOW * sigma * len(run) ** 0.5:
                group[run], count, run = count, count + 1, []
    if run:  # what is left over joins the group before it, if that has an order too
        before = group[run[0] - 1] if run[0] > attribute.first_ordinal else -1
        joins = before >= 0 and run[0] - 1 not in fixed
        group[run], count = (before, count) if joins else (count, count + 1)
    shares = independent.smooth(
        np.rint(noisy).astype(np.int64),
        sigma=sigma,
        first_ordinal=attribute.first_ordinal,
    )
    sizes = np.bincount(group, minlength=count)
    totals = np.bincount(group, shares, minlength=count)
    within = np.where(
        totals[group] > 0,
        shares / np.where(totals[group] > 0, totals[group], 1.0),
        1.0 / sizes[group],
    )
    return Merged(group, within, np.bincount(group, noisy, minlength=count), sizes)


def spread(merged: Merged) -> Float[np.ndarray, "group code"]:
    """Spreads each group over its codes.

    Args:
        merged: Merged codes.

    Returns:
        Shares of codes in each group.
    """
    table = np.zeros((merged.num_groups, len(merged.group)))
    table[merged.group, np.arange(len(merged.group))] = merged.shares
    return table
