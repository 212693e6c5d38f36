"""Draws from the relational model, held to noisy one-way marginals while it draws.

A normalised clip weighs devices that report much less than others, so that a model
alone draws too few of them; and an error of an early variable shifts all later ones.
Table by table, a shift of each code's logit makes the mean of a large batch meet the
noisy marginals, given all that was drawn before; the shifts are kept and used for all
devices that are drawn.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from teledp_jax.dpsgd import clipping
from teledp_jax.dpsgd.models import (
    matching,
    relational_bases,
    relational_draw,
    relational_layout,
    relational_sample,
)

_PASSES = 12


_FLOOR = 1e-6


class Goal(NamedTuple):
    """What the codes of a group are to meet.

    Attributes:
        counts: For each variable, noisy counts of its codes over existing rows.
        stddevs: For each variable, the standard deviation of each count's noise.
    """

    counts: tuple[Float[np.ndarray, " _"], ...]
    stddevs: tuple[float, ...]


def calibrate(
    layout: relational_layout.Layout,
    params: clipping.Params,
    bases: relational_bases.AllBases,
    goals: tuple[Goal, ...],
    key: Key[Array, ""],
    *,
    num_samples: int,
) -> relational_sample.Shifts:
    """Finds the shifts at which samples meet noisy marginals, given all drawn before.

    Args:
        layout: Groups of variables.
        params: Parameters of the model, safe to release.
        bases: Functions of codes.
        goals: Noisy marginals of each group.
        key: Draws the samples.
        num_samples: Devices to average over.

    Returns:
        A shift of each logit of each variable, in nats.
    """
    own_key, table_key = jax.random.split(key)

    def own_pass(
        shifts: relational_draw.GroupShifts,
    ) -> tuple[relational_draw.Row, relational_draw.GroupShifts]:
        row = relational_sample.draw_device(
            layout, num_samples, params, bases[0], shifts, own_key
        )
        return row, row.sums

    found, own = _settle(goals[0], own_pass)
    shifts, context = [found], own.features[:, : layout.device.num_shown]
    for index in range(len(layout.tables)):
        found, seen = _calibrate_table(
            layout,
            index,
            params,
            bases[index + 1],
            goals[index + 1],
            jax.random.fold_in(table_key, index),
            context,
            relational_sample.rows_of(layout, index, own.codes),
        )
        shifts.append(found)
        context = jnp.concatenate([context, seen], axis=1)
    return tuple(shifts)


def _calibrate_table(
    layout: relational_layout.Layout,
    index: int,
    params: clipping.Params,
    bases: relational_bases.GroupBases,
    goal: Goal,
    key: Key[Array, ""],
    context: Float[Array, "device feature"],
    num_rows: Int[Array, " device"],
) -> tuple[relational_draw.GroupShifts, Array]:
    """Shifts of a table, and what later tables see of it."""

    def one_pass(
        shifts: relational_draw.GroupShifts,
    ) -> tuple[Array, relational_draw.GroupShifts]:
        _, seen, sums = relational_sample.draw_table(
            layout, index, params, bases, shifts, key, context, num_rows
        )
        return seen, sums

    return _settle(goal, one_pass)


def _settle(
    goal: Goal,
    one_pass: Callable[
        [relational_draw.GroupShifts], tuple[Any, relational_draw.GroupShifts]
    ],
) -> tuple[relational_draw.GroupShifts, Any]:
    """Iterative scaling: the shifts at which probabilities meet a goal."""
    shifts = tuple(jnp.zeros(len(counts), jnp.float32) for counts in goal.counts)
    wanted: list[Array] = []
    for number in range(_PASSES):
        drawn, sums = one_pass(shifts)
        shares = [_shares(part) for part in sums]
        if not number:
            wanted = [
                matching.targets(
                    jnp.asarray(counts, jnp.float32)[None],
                    prior[None],
                    stddev=jnp.float32(stddev),
                )[0]
                for counts, stddev, prior in zip(*goal, shares, strict=True)
            ]
        if number + 1 < _PASSES:
            shifts = tuple(
                shift + jnp.log(target) - jnp.log(share)
                for shift, target, share in zip(shifts, wanted, shares, strict=True)
            )
    return shifts, drawn


def _shares(sums: Float[Array, " code"]) -> Float[Array, " code"]:
    """Probabilities that sum to one; uniform where nothing was drawn."""
    shares = jnp.maximum(sums / jnp.maximum(sums.sum(), 1.0), _FLOOR)
    return shares / shares.sum()
