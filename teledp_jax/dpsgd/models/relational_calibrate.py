"""Draws from the relational model, held to noisy one-way marginals while it draws.

A normalised clip weighs devices that report much less than others, so that a model
alone draws too few of them; and an error of an early variable shifts all later ones.
Table by table, a shift of each code's logit makes the mean of a large batch meet the
noisy marginals, given all that was drawn before; the shifts are kept and used for all
devices that are drawn.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from teledp_jax import keys
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
    generator = keys.generator(key)
    uniforms = relational_sample.device_uniforms(layout, num_samples, generator)
    found, own = _settle(
        goals[0],
        functools.partial(
            relational_sample.draw_device, layout, params, bases[0],
            uniforms=jnp.asarray(uniforms),
        ),
    )  # fmt: skip
    shifts, context, codes = [found], own.context, np.asarray(own.codes)
    for index in range(len(layout.tables)):
        uniforms = relational_sample.table_uniforms(layout, index, codes, generator)
        found, drawn = _settle(
            goals[index + 1],
            functools.partial(
                relational_sample.draw_table, layout, index, params, bases[index + 1],
                uniforms=jnp.asarray(uniforms), context=context, own=own.codes,
            ),
        )  # fmt: skip
        shifts.append(found)
        context = drawn.context
    return tuple(shifts)


def _settle(
    goal: Goal,
    draw: Callable[[relational_draw.GroupShifts], relational_sample.Drawn],
) -> tuple[relational_draw.GroupShifts, relational_sample.Drawn]:
    """Iterative scaling: the shifts at which probabilities meet a goal."""
    shifts = tuple(np.zeros(len(counts), np.float32) for counts in goal.counts)
    wanted: list[np.ndarray] = []
    for number in range(_PASSES):
        drawn = draw(shifts)
        shares = [_shares(np.asarray(part, np.float64)) for part in drawn.sums]
        if not number:
            wanted = [
                matching.targets(counts[None], prior[None], stddev=stddev)[0]
                for counts, stddev, prior in zip(*goal, shares, strict=True)
            ]
        if number + 1 < _PASSES:
            shifts = tuple(
                shift + np.log(target / share).astype(np.float32)
                for shift, target, share in zip(shifts, wanted, shares, strict=True)
            )
    return shifts, drawn


def _shares(sums: Float[np.ndarray, " code"]) -> Float[np.ndarray, " code"]:
    """Probabilities that sum to one; uniform where nothing was drawn."""
    shares = np.maximum(sums / max(sums.sum(), 1.0), _FLOOR)
    return shares / shares.sum()
