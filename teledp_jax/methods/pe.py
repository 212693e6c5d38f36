"""Private evolution for device records, without a foundation model."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import dp_accounting
import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import independent, measure
from teledp_jax.methods import independent as independent_method
from teledp_jax.pe import apis, embedding, evolve, weights
from teledp_jax.privacy import accounting, budgets, events

DISTANCES = ("balanced", "uniform", "workload")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution.

    The published recipe (Lin et al. 2023, arXiv:2305.15560; Swanberg et al. 2025,
    arXiv:2502.05505) is `start="uniform", selection="published",
    num_iterations=10, num_candidates=2000, focus=1.0`.

    Attributes:
        start: Where the first records come from: `marginals`, draws from noisy
            one-way marginals that the ledger pays for, or `uniform`, the schema.
        start_share: Share of the privacy loss that noisy marginals get.
        selection: `self_normalised`: a pool is weighed by private votes over its own;
            `published`: candidates are resampled by votes, then ranked.
        num_iterations: Votes of each device.
        vote_growth: How many times the privacy loss of a vote that of the one before
            is; 1 splits the budget evenly.
        num_candidates: Candidates of each vote; 0 takes as many as can expect ten
            standard deviations of noise in votes each, in 50 to 2,000.
        pool: Records of the pool of `self_normalised`; 0 takes twice the noisy number
            of devices, in 20,000 to 200,000.
        presence: Public guess of the share of devices that a table knows, for a
            uniform start.
        first_degree: Degree of variation after the first vote.
        last_degree: Degree of variation before the last vote.
        varied: Share of the pool that is varied before a vote.
        rank_last: Iterations at the end that rank instead of resampling.
        num_sweeps: Passes of raking to the noisy marginals after each vote.
        distance: `balanced` weighs columns so that wide tables do not drown narrow
            ones; `uniform` weighs every column alike; `workload` has every vote weigh
            what one query names, in an order drawn from a public key, and the rest a
            hundredth.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote
            from a public key; the others count a tenth. Not for `workload`.
        features: The variables that each query names, as `table/column` and
            `table/rows`, for `workload`; none: as the job's queries name them.
    """

    start: Literal["marginals", "uniform"] = "marginals"
    start_share: float = 0.85
    selection: Literal["self_normalised", "published"] = "self_normalised"
    num_iterations: int = 3
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    presence: float = 0.3
    first_degree: float = 0.5
    last_degree: float = 0.01
    varied: float = 0.0
    rank_last: int = 3
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.3
    features: tuple[tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        allowed = {
            "start": ("marginals", "uniform"),
            "selection": ("self_normalised", "published"),
            "distance": DISTANCES,
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise errors.InputError(f"pe.{name}: expected one of {values}.")
        if self.num_iterations < 1:
            raise errors.InputError("pe.num_iterations: expected 1 or more.")
        if not 0.1 <= self.vote_growth <= 10:
            raise errors.InputError("pe.vote_growth: expected 0.1 to 10.")
        for name in ("num_candidates", "pool", "rank_last", "num_sweeps"):
            if getattr(self, name) < 0:
                raise errors.InputError(f"pe.{name}: expected 0 or more.")
        for name in ("presence", "first_degree", "last_degree", "varied", "focus"):
            if not 0 <= getattr(self, name) <= 1:
                raise errors.InputError(f"pe.{name}: expected a share in 0 to 1.")
        if not 0 < self.start_share < 1:
            raise errors.InputError("pe.start_share: expected 0 < start_share < 1.")
        if not 0 < self.last_degree <= self.first_degree:
            raise errors.InputError("pe.last_degree: expected 0 to first_degree.")


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of the start and of all votes together."""
    num_vectors = len(measure.pooled_vectors(schema))
    from_marginals = config.start == "marginals"
    start_share = config.start_share if from_marginals else 0.0
    # Gaussian mechanisms compose by the sum of 1 / sigma^2: shares of that are split.
    start_ratio = (num_vectors / start_share) ** 0.5 if from_marginals else 0.0
    ratios = vote_ratios(1 - start_share, config.num_iterations, config.vote_growth)

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        parts = [vote_event(noise_multiplier, ratios)]
        if from_marginals:
            count = events.DiscreteGaussianDpEvent(noise_multiplier * start_ratio)
            parts.insert(0, dp_accounting.SelfComposedDpEvent(count, num_vectors))
        return dp_accounting.ComposedDpEvent(parts)

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigmas = tuple(noise_multiplier * ratio for ratio in ratios)
    settings = _settings(config, budget.num_devices, sigmas)
    start_sigma = noise_multiplier * start_ratio

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        model: base.Tree = {}
        if from_marginals:
            noisy = independent_method.noisy_counts(
                streams, schema, devices, context, sigma=start_sigma
            )
            model = independent.estimate(schema, noisy, sigma=start_sigma)

        def start(key: Key[Array, ""], count: int) -> np.ndarray:
            if not from_marginals:
                return apis.random_api(key, schema, count, presence=config.presence)
            drawn = independent.sample(key, schema, model, count)
            return arrays.flatten(schema, drawn)

        def margins(codes: np.ndarray) -> list[weights.Margin]:
            if not from_marginals:
                return []
            return one_way_margins(schema, model, arrays.unflatten(schema, codes))

        def embeddings(step: int) -> embedding.Embedding:
            return distance_of(
                jax.random.fold_in(streams.init, 1), step, schema,
                distance=config.distance, focus=config.focus, features=config.features,
            )  # fmt: skip

        codes = arrays.flatten(schema, devices)
        fitted = evolve.evolve(
            streams, schema, codes, context, embeddings=embeddings, settings=settings,
            start=start, margins=margins,
        )  # fmt: skip
        warn_if_silent(fitted)
        return fitted

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        return draw_devices(key, schema, fitted, count)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "first_vote_sigma": sigmas[0],
            "last_vote_sigma": sigmas[-1],
            "start_sigma": start_sigma,
            "num_vectors": num_vectors if from_marginals else 0,
            "num_iterations": config.num_iterations,
            "num_candidates": settings.num_candidates,
            "pool": settings.pool,
            "start": config.start,
            "selection": config.selection,
        },
    )


def vote_ratios(share: float, num_iterations: int, growth: float) -> tuple[float, ...]:
    """Noise of each vote per unit of the noise multiplier of everything together.

    Args:
        share: Share of the privacy loss that votes get.
        num_iterations: Number of votes.
        growth: Privacy loss of a vote over that of the one before.
    """
    parts = np.power(growth, np.arange(num_iterations, dtype=np.float64))
    return tuple(((share * parts / parts.sum()) ** -0.5).tolist())


def vote_event(
    noise_multiplier: float, ratios: tuple[float, ...]
) -> dp_accounting.DpEvent:
    """The event of all votes: each device adds one to one count of each."""
    votes = [events.DiscreteGaussianDpEvent(noise_multiplier * r) for r in ratios]
    if len(set(ratios)) == 1:
        return dp_accounting.SelfComposedDpEvent(votes[0], len(votes))
    return dp_accounting.ComposedDpEvent(votes)


def sizes(
    num_candidates: int, pool: int, *, num_devices: int, sigma: float
) -> tuple[int, int]:
    """Candidates and pool, by the stated rules where they are 0.

    Args:
        num_candidates: As in `Config`.
        pool: As in `Config`.
        num_devices: Noisy number of devices.
        sigma: Noise of the noisiest vote.
    """
    candidates = num_candidates or min(max(int(num_devices / (10 * sigma)), 50), 2000)
    return candidates, pool or min(max(2 * num_devices, 20_000), 200_000)


def _settings(
    config: Config, num_devices: int, sigmas: tuple[float, ...]
) -> evolve.Settings:
    """Sizes of the evolution, from public numbers."""
    num_candidates, pool = sizes(
        config.num_candidates, config.pool, num_devices=num_devices, sigma=max(sigmas)
    )
    return evolve.Settings(
        selection=config.selection,
        num_candidates=num_candidates,
        pool=pool,
        sigmas=sigmas,
        first_degree=config.first_degree,
        last_degree=config.last_degree,
        varied=config.varied,
        rank_last=config.rank_last,
        num_sweeps=config.num_sweeps,
    )


def distance_of(
    key: Key[Array, ""],
    step: int,
    schema: schemas.Schema,
    *,
    distance: str,
    focus: float,
    features: Sequence[Sequence[str]] | None,
) -> embedding.Embedding:
    """The distance of the vote of a step; the key, which is public, draws its focus."""
    heads = embedding.head_weights(schema)
    if distance == "uniform":
        heads = np.ones(len(schema.heads))
    if distance == "workload" and features:
        order = apis.generator_of(key).permutation(len(features))
        named = frozenset(features[order[step % len(order)]])
        heads = embedding.on_features(schema, heads, named)
    elif focus < 1:
        generator = apis.generator_of(jax.random.fold_in(key, step))
        heads = embedding.focused(generator, heads, focus)
    return embedding.make(schema, heads)


def draw_devices(
    key: Key[Array, ""], schema: schemas.Schema, fitted: base.Tree, count: int
) -> arrays.DeviceArrays:
    """Draws devices from a weighted population."""
    generator = apis.generator_of(key)
    index = weights.draw(generator, np.asarray(fitted["weights"]), count)
    return arrays.unflatten(schema, np.asarray(fitted["codes"])[index])


def warn_if_silent(fitted: base.Tree) -> None:
    """Says so if no vote stood above its noise: a DP output, so it may be said."""
    if not np.any(fitted["convergence"]["above_noise"]):
        logging.warning(
            "No candidate had votes above the noise, so the votes changed little: the "
            "release is the start. Lower num_candidates or num_iterations, or raise "
            "budget.epsilon."
        )


def one_way_margins(
    schema: schemas.Schema, model: base.Tree, devices: arrays.DeviceArrays
) -> list[weights.Margin]:
    """The noisy marginals as shares of devices that a pool should meet."""
    margins = []
    for vector in measure.pooled_vectors(schema):
        shares = model[independent.name_of(schema, vector)]
        table = devices[vector.table]
        num_rows = np.asarray(table.mask).sum(axis=1)
        if vector.column < 0:
            margins.append(weights.Margin(num_rows[:, None], shares[0]))
            continue
        bucket = measure.row_bucket(num_rows)
        cells = np.asarray(table.codes)[:, :, vector.column].astype(np.int64)
        cells += bucket[:, None] * vector.num_codes
        missing = vector.num_buckets * vector.num_codes
        cells = np.where(np.asarray(table.mask), cells, -1)
        cells[:, 0] = np.where(num_rows > 0, cells[:, 0], missing)
        margins.append(weights.Margin(cells, _with_rows(schema, model, vector, shares)))
    return margins


def _with_rows(
    schema: schemas.Schema,
    model: base.Tree,
    vector: measure.Pooled,
    shares: np.ndarray,
) -> np.ndarray:
    """Shares of all devices by cell, the last for devices without the table."""
    if schema.table(vector.table).role == "anchor":
        return np.append(shares[0], 0.0)
    rows = model[f"{vector.table}/rows"][0]
    bucket = measure.row_bucket(np.arange(1, len(rows)))
    by_bucket = np.bincount(bucket, rows[1:], minlength=vector.num_buckets)
    return np.append((shares * by_bucket[:, None]).ravel(), rows[0])
