"""What methods by private evolution share: settings, sizes, the run, the devices."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Literal

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.pe import apis, distances, evolve, weights
from teledp_jax.privacy import checks

_SILENT = (
    "No candidate had votes above the noise, so the votes changed little: the "
    "release is the start. Lower num_candidates or num_iterations, or raise "
    "budget.epsilon."
)

_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 2000
_FIRST_DEGREE, _LAST_DEGREE = 0.5, 0.01  # of variation, as published
_RANK_LAST = 3  # iterations that rank
_PRESENCE = 0.3  # guess of the share of devices in a table
_SMALLEST_POOL, _LARGEST_POOL = 20_000, 200_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Voting:
    """Settings of votes for the nearest candidates.

    Attributes:
        num_iterations: Votes of each device.
        vote_growth: Privacy loss of a vote over that of the one before.
        num_candidates: Candidates of each vote; 0: by their noise, 50 to 2,000.
        pool: Records of the pool; 0: the noisy number of devices or twice that, 20,000
            or more.
        distance: See `pe.distances.KINDS`.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote
            from a public key; the others count a tenth. Not for `workload`.
        features: The variables that each query names, as `table/column` and
            `table/rows`, for `workload`; none: as the job's queries name them.
        max_rows: Most rows of a device that a vote reads in any table, the first ones;
            0: as many as each table's `fixed_rows`.
    """

    num_iterations: int = 1
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.1
    features: tuple[tuple[str, ...], ...] | None = None
    max_rows: int = 0


def check(fields: checks.Fields) -> None:
    """Checks the settings of `Voting`.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.one_of("distance", distances.KINDS)
    fields.number("num_iterations", at_least=1)
    fields.number("vote_growth", at_least=0.1, at_most=10)
    fields.number("num_candidates", "pool", "max_rows", at_least=0)
    fields.number("focus", at_least=0, at_most=1)


def run(
    choices: Voting,
    schema: schemas.Schema,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    rules: evolve.Rules,
    start: evolve.Start,
    margins: evolve.Margins,
    variation: evolve.Variation | None = None,
    warn_fn: Callable[[str], None],
) -> base.Tree:
    """Lets a population of a schema's records evolve by the votes of devices.

    Args:
        choices: Config of the method.
        schema: The public schema.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.
        rules: As `evolve.evolve` takes them.
        start: As `evolve.evolve` takes it.
        margins: As `evolve.evolve` takes them.
        variation: As `evolve.evolve` takes it.
        warn_fn: Told if no vote stood above its noise.

    Returns:
        What `evolve.evolve` returns: the last population.
    """
    embeddings = distances.by_step(
        jax.random.fold_in(streams.init, 1), schema,
        kind=choices.distance, focus=choices.focus, features=choices.features,
    )  # fmt: skip
    fitted = evolve.evolve(
        streams, schema, arrays.flatten(schema, devices), context,
        embeddings=embeddings, rules=rules, start=start, margins=margins,
        variation=variation,
    )  # fmt: skip
    if is_silent(fitted):
        warn_fn(_SILENT)
    return fitted


_PUBLISHED_VOTE = Voting(distance="uniform", focus=1.0)  # all columns alike


def published(
    configured: int, sigmas: Sequence[float], num_devices: int
) -> evolve.Rules:
    """Returns the rules of the published recipe.

    Args:
        configured: Candidates of each vote; 0: as `num_candidates` chooses.
        sigmas: Noise of each vote.
        num_devices: Noisy number of devices.

    Returns:
        Sizes and noise of the votes.
    """
    count = num_candidates(configured, sigmas, num_devices)
    return evolve.Rules(
        "published", count, 0, tuple(sigmas), _FIRST_DEGREE, _LAST_DEGREE,
        rank_last=_RANK_LAST,
    )  # fmt: skip


def fit_published(
    schema: schemas.Schema,
    rules: evolve.Rules,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    warn_fn: Callable[[str], None],
) -> base.Tree:
    """Lets uniform records evolve as published.

    Args:
        schema: The public schema; of each device the first rows within it are read.
        rules: What `published` returned.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.
        warn_fn: Told if no vote stood above its noise.

    Returns:
        What `evolve.evolve` returns.
    """
    return run(
        _PUBLISHED_VOTE, schema, streams, arrays.narrow(schema, devices), context,
        rules=rules, start=functools.partial(apis.random_start, schema, _PRESENCE),
        margins=lambda codes: [], warn_fn=warn_fn,
    )  # fmt: skip


def num_candidates(configured: int, sigmas: Sequence[float], num_devices: int) -> int:
    """Returns the number of candidates of each vote.

    Args:
        configured: As configured; 0 takes as many as can expect ten standard
            deviations of noise in votes each, in 50 to 2,000.
        sigmas: Noise of each vote; the largest counts.
        num_devices: Noisy number of devices.

    Returns:
        Candidates of each vote.
    """
    expected = int(num_devices / (10 * max(sigmas)))
    return configured or min(max(expected, _FEWEST_CANDIDATES), _MOST_CANDIDATES)


def pool_within(num_records: int) -> int:
    """Returns a number of records, brought into 20,000 to 200,000.

    Args:
        num_records: Any number.

    Returns:
        The nearest number in that range.
    """
    return min(max(num_records, _SMALLEST_POOL), _LARGEST_POOL)


def draw_devices(
    schema: schemas.Schema, key: Key[Array, ""], fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from a weighted population.

    Args:
        schema: The public schema.
        key: Draws them; public.
        fitted: What `evolve.evolve` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    generator = keys.generator(key)
    index = weights.draw(generator, np.asarray(fitted["weights"]), count)
    return arrays.unflatten(schema, np.asarray(fitted["codes"])[index])


def is_silent(fitted: base.Tree) -> bool:
    """Tells whether no vote stood above its noise: a DP output, so it may be said.

    Args:
        fitted: What `evolve.evolve` returned.

    Returns:
        Whether all votes of all candidates were below two sigma.
    """
    return not np.any(fitted["convergence"]["above_noise"])
