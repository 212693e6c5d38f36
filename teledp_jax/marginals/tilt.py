"""Tilts a pool of records to the noisy statistics of a workload's own queries.

The same questions are asked of the pool and of the fleet. The fleet's statistics are
clipped per device and released once (`clipped`); the pool's records are then weighed so
that their statistics, clipped alike, meet the noisy ones (`dual`). What the clip takes
of the fleet it takes of the pool, so it leaves no bias. Only the release reads private
data.
"""

from typing import NamedTuple

import jax
import numpy as np
import scipy.sparse
from absl import logging
from jaxtyping import Array, Bool, Float, Integer, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import clipped, dual, needs
from teledp_jax.privacy import split

SIGMA = "tilt_sigma"
"""Name of the part of a budget; its noise is in steps of 1 / 10,000 of the clip."""

_STREAM = 2**30 + 1  # of noise keys; pairs have 2**30, tables and votes count from 0
_UNCLIPPED = 0.9  # share of the pool's records that the clip leaves whole
_ABOVE_NOISE = 3.0  # standard deviations of a count whose group is met
_FEWEST = 25.0  # devices of a group that is met
_PULLS = tuple(0.4 / 2**step for step in range(10))  # alphas, the strongest first
_HELD_OUT = 0.2  # share of groups that a pull is chosen by
_FEWEST_HELD_OUT = 30  # statistics; fewer tell nothing
_LEAST_SAMPLE = 0.2  # effective sample, of that by the prior


class Tilted(NamedTuple):
    """A tilted pool.

    Attributes:
        weights: Of the records; they sum to one.
        facts: Public numbers of the fit, for `base.FACTS`.
    """

    weights: Float[np.ndarray, " record"]
    facts: dict[str, float]


def part(tilt_share: float) -> tuple[split.Part, ...]:
    """Gives what a tilt adds to the parts of a method's budget.

    Args:
        tilt_share: Share of the privacy loss; 0 is no tilt.
    """
    return (split.ClippedSums(SIGMA, clipped.STEPS, tilt_share),) if tilt_share else ()


def tilt(
    streams: keys.Keys,
    schema: schemas.Schema,
    pool: arrays.DeviceArrays,
    prior: Float[np.ndarray, " record"],
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    sigma: float,
    num_devices: int,
) -> Tilted:
    """Weighs a pool by what the fleet answers to the questions of the context.

    Its event is that of `part`. Without questions nothing is read and no weight
    changes.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        pool: Records, DP outputs, the same in all processes.
        prior: Their weights, which sum to one.
        devices: The private devices of this process.
        context: Of the fit.
        sigma: Noise of each statistic, in steps: that of the part `SIGMA`.
        num_devices: Noisy number of devices.

    Returns:
        The weights of the pool's records: DP outputs.
    """
    questions = context.questions
    if questions is None:
        logging.warning("tilt_share: no workload asks anything; the pool stays.")
        return Tilted(prior, {})
    asked = questions(pool, pool)
    planned = needs.plan(asked, prior, num_devices=num_devices)
    own = needs.entries(planned, asked)
    count = needs.num_statistics(planned)
    norm = _clip_norm(own)
    totals = clipped.release(
        "tilt",
        lambda: needs.entries(planned, questions(devices, pool)),
        num_statistics=count,
        l2_clip_norm=norm,
        key=jax.random.fold_in(streams.noise, _STREAM),
        sigma=sigma,
        context=context,
    )
    noise = sigma * norm / clipped.STEPS

    def solved() -> dict[str, np.ndarray]:
        met, tolerances = _aims(planned, totals, noise)
        values = _values(own, norm, (len(prior), count))[:, met]
        weights, alpha = _fit(
            jax.random.fold_in(streams.init, _STREAM),
            (values @ scipy.sparse.diags_array(1 / tolerances)).tocsr(), prior,
            totals[met] / tolerances, needs.cells(planned)[met], num_devices,
        )  # fmt: skip
        facts = np.array([alpha, met.sum(), dual.effective_sample(weights, prior)])
        return {"weights": weights, "facts": facts}

    found = context.part.once(solved)
    names = ("tilt_pull", "num_statistics", "effective_sample")
    facts = dict(zip(names, map(float, found["facts"]), strict=True))
    return Tilted(found["weights"], facts | {"tilt_clip_norm": norm})


def _clip_norm(own: clipped.Entries) -> float:
    """The bound that leaves most records of the pool whole."""
    squares = np.bincount(own.device, own.value**2)
    norms = np.sqrt(squares[squares > 0])
    return float(np.quantile(norms, _UNCLIPPED)) if len(norms) else 1.0


def _aims(
    planned: tuple[needs.Need, ...],
    totals: Float[np.ndarray, " statistic"],
    noise: float,
) -> tuple[Bool[np.ndarray, " statistic"], Float[np.ndarray, " met"]]:
    """The statistics that the pool is to meet, and how closely.

    Those of groups whose count stands above its noise and is not too small to matter.
    """
    devices = needs.counts(planned, totals)
    met = (devices > _FEWEST) & (
        devices > _ABOVE_NOISE * needs.noise_of_counts(planned, noise)
    )
    return met, needs.tolerances(planned, devices, met, noise)[met]


def _values(
    own: clipped.Entries, norm: float, shape: tuple[int, int]
) -> scipy.sparse.csr_array:
    """Statistics of the pool, clipped as those of devices."""
    found = clipped.clip(own, l2_clip_norm=norm)
    places = (found.device, found.statistic)
    return scipy.sparse.csr_array((found.steps * (norm / clipped.STEPS), places), shape)


def _fit(
    key: Key[Array, ""],
    values: scipy.sparse.csr_array,
    prior: Float[np.ndarray, " record"],
    totals: Float[np.ndarray, " statistic"],
    cells: Integer[np.ndarray, " statistic"],
    num_devices: int,
) -> tuple[Float[np.ndarray, " record"], float]:
    """Weights, and their pull; 0: the pool is as it was.

    Of the pulls at which the effective sample is kept, that which errs least on groups
    that were held out; the weakest, if too few are held out to tell.
    """
    groups, group = np.unique(cells, return_inverse=True)
    held = (np.asarray(jax.random.uniform(key, (len(groups),))) < _HELD_OUT)[group]
    if held.sum() < _FEWEST_HELD_OUT:
        held[:] = False
    train, rest = values[:, ~held], values[:, held]
    least, start, chosen = np.inf, None, []
    for alpha in _PULLS:
        found = dual.solve(
            train, prior, totals[~held], num_devices=num_devices, alpha=alpha,
            start=start,
        )  # fmt: skip
        start = found.multipliers
        error = ((num_devices * (rest.T @ found.weights) - totals[held]) ** 2).sum()
        if dual.effective_sample(found.weights, prior) < _LEAST_SAMPLE or error > least:
            break
        least = error
        chosen.append(alpha)
    for alpha in reversed(chosen):
        found = dual.solve(values, prior, totals, num_devices=num_devices, alpha=alpha)
        if dual.effective_sample(found.weights, prior) >= _LEAST_SAMPLE:
            return found.weights, alpha
    return prior, 0.0
