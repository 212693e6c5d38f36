"""What methods by private evolution share: settings, sizes, the run, the devices."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.pe import apis, distances, evolve, weights
from teledp_jax.privacy import checks

SILENT = (
    "No candidate had votes above the noise, so the votes changed little: the "
    "release is the start. Lower num_candidates or num_iterations, or raise "
    "budget.epsilon."
)
"""What to tell people if `is_silent`."""

_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 2000
_FIRST_DEGREE, _LAST_DEGREE = 0.5, 0.01  # of variation, as published
_RANK_LAST = 3  # iterations that rank
_PRESENCE = 0.3  # guess of the share of devices in a table
_SMALLEST_POOL, _LARGEST_POOL = 20_000, 200_000


@runtime_checkable
class Choices(Protocol):
    """The settings of a vote that every method by private evolution has."""

    @property
    def distance(self) -> str:
        """One of `distances.KINDS`."""
        ...

    @property
    def focus(self) -> float:
        """Share of columns that a vote weighs in full."""
        ...

    @property
    def features(self) -> Sequence[Sequence[str]] | None:
        """The variables that each query names."""
        ...


def check(fields: checks.Fields) -> None:
    """Checks the settings that methods by private evolution have in common.

    Args:
        fields: The config of a method.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.one_of("distance", distances.KINDS)
    fields.number("num_iterations", at_least=1)
    fields.number("vote_growth", at_least=0.1, at_most=10)
    fields.number("num_candidates", "pool", "num_sweeps", at_least=0)
    fields.number("focus", at_least=0, at_most=1)
    fields.number("start_share", above=0, below=1)


def run(
    choices: Choices,
    schema: schemas.Schema,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
    *,
    rules: evolve.Rules,
    start: evolve.Start,
    margins: evolve.Margins,
    variation: evolve.Variation | None = None,
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

    Returns:
        What `evolve.evolve` returns: the last population.
    """
    embeddings = distances.by_step(
        jax.random.fold_in(streams.init, 1), schema,
        kind=choices.distance, focus=choices.focus, features=choices.features,
    )  # fmt: skip
    return evolve.evolve(
        streams, schema, arrays.flatten(schema, devices), context,
        embeddings=embeddings, rules=rules, start=start, margins=margins,
        variation=variation,
    )  # fmt: skip


class _PublishedVote(NamedTuple):
    """How a device of the published recipe votes: by all columns alike."""

    distance: str = "uniform"
    focus: float = 1.0
    features: None = None


def published(
    num_candidates: int, sigmas: Sequence[float], num_devices: int
) -> evolve.Rules:
    """Returns the rules of the published recipe.

    Args:
        num_candidates: Candidates of each vote; 0: as `sizes` chooses.
        sigmas: Noise of each vote.
        num_devices: Noisy number of devices.
    """
    num_candidates, _ = sizes(
        num_candidates, 0, num_devices=num_devices, sigma=max(sigmas)
    )
    return evolve.Rules(
        "published", num_candidates, 0, tuple(sigmas), _FIRST_DEGREE, _LAST_DEGREE,
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
    fitted = run(
        _PublishedVote(), schema, streams, arrays.narrow(schema, devices), context,
        rules=rules, start=functools.partial(apis.random_start, schema, _PRESENCE),
        margins=lambda codes: [],
    )  # fmt: skip
    if is_silent(fitted):
        warn_fn(SILENT)
    return fitted


def sizes(
    num_candidates: int, pool: int, *, num_devices: int, sigma: float
) -> tuple[int, int]:
    """Returns the numbers of candidates and of records of the pool.

    Args:
        num_candidates: As configured; 0 takes as many as can expect ten standard
            deviations of noise in votes each, in 50 to 2,000.
        pool: As configured; 0 takes twice the number of devices, within
            `pool_within`.
        num_devices: Noisy number of devices.
        sigma: Noise of the noisiest vote.

    Returns:
        Candidates of each vote, and records of the pool.
    """
    expected = int(num_devices / (10 * sigma))
    candidates = min(max(expected, _FEWEST_CANDIDATES), _MOST_CANDIDATES)
    return num_candidates or candidates, pool or pool_within(2 * num_devices)


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
    generator = apis.generator_of(key)
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
