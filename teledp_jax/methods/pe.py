"""Private evolution for device records, without a foundation model."""

import dataclasses
from typing import Literal

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Integer, Key

from teledp_jax import arrays, base, errors, keys
from teledp_jax import schema as schema_lib
from teledp_jax.marginals import independent, measure
from teledp_jax.methods import independent as independent_method
from teledp_jax.pe import apis, embedding, evolve, weights
from teledp_jax.privacy import accounting, events
from teledp_jax.privacy import budget as budget_lib


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
        num_candidates: Candidates of each vote.
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
            ones; `uniform` weighs every column alike.
        focus: Share of columns that a vote weighs in full, drawn anew for each vote
            from a public key; the others count a tenth.
    """

    start: Literal["marginals", "uniform"] = "marginals"
    start_share: float = 0.5
    selection: Literal["self_normalised", "published"] = "self_normalised"
    num_iterations: int = 16
    num_candidates: int = 200
    pool: int = 0
    presence: float = 0.3
    first_degree: float = 0.5
    last_degree: float = 0.01
    varied: float = 0.0
    rank_last: int = 3
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform"] = "balanced"
    focus: float = 0.1

    def __post_init__(self) -> None:
        allowed = {
            "start": ("marginals", "uniform"),
            "selection": ("self_normalised", "published"),
            "distance": ("balanced", "uniform"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise errors.InputError(f"pe.{name}: expected one of {values}.")
        for name in ("num_iterations", "num_candidates"):
            if getattr(self, name) < 1:
                raise errors.InputError(f"pe.{name}: expected 1 or more.")
        for name in ("pool", "rank_last", "num_sweeps"):
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
    config: Config, schema: schema_lib.Schema, budget: budget_lib.Budget
) -> base.Synthesizer:
    """Calibrates the noise of the start and of all votes together."""
    num_vectors = len(measure.pooled_vectors(schema))
    from_marginals = config.start == "marginals"
    start_share = config.start_share if from_marginals else 0.0
    # Gaussian mechanisms compose by the sum of 1 / sigma^2: shares of that are split.
    start_ratio = (num_vectors / start_share) ** 0.5 if from_marginals else 0.0
    vote_ratio = (config.num_iterations / (1 - start_share)) ** 0.5

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        vote = events.DiscreteGaussianDpEvent(noise_multiplier * vote_ratio)
        parts = [dp_accounting.SelfComposedDpEvent(vote, config.num_iterations)]
        if from_marginals:
            count = events.DiscreteGaussianDpEvent(noise_multiplier * start_ratio)
            parts.insert(0, dp_accounting.SelfComposedDpEvent(count, num_vectors))
        return dp_accounting.ComposedDpEvent(parts)

    noise_multiplier = accounting.calibrate(make_event, budget)
    settings = _settings(config, budget.num_devices, noise_multiplier * vote_ratio)
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
            return _margins(schema, model, codes) if from_marginals else []

        def embeddings(step: int) -> embedding.Embedding:
            key = jax.random.fold_in(jax.random.fold_in(streams.init, 1), step)
            return _embedding(key, config, schema)

        codes = arrays.flatten(schema, devices)
        return evolve.evolve(
            streams, schema, codes, context, embeddings=embeddings, settings=settings,
            start=start, margins=margins,
        )  # fmt: skip

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        generator = apis.generator_of(key)
        index = weights.draw(generator, np.asarray(fitted["weights"]), count)
        return arrays.unflatten(schema, np.asarray(fitted["codes"])[index])

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "vote_sigma": settings.sigma,
            "start_sigma": start_sigma,
            "num_vectors": num_vectors if from_marginals else 0,
            "num_iterations": config.num_iterations,
            "num_candidates": config.num_candidates,
            "pool": settings.pool,
            "start": config.start,
            "selection": config.selection,
        },
    )


def _settings(config: Config, num_devices: int, sigma: float) -> evolve.Settings:
    """Sizes of the evolution, from public numbers."""
    pool = config.pool or min(max(2 * num_devices, 20_000), 200_000)
    return evolve.Settings(
        selection=config.selection,
        num_iterations=config.num_iterations,
        num_candidates=config.num_candidates,
        pool=pool,
        sigma=sigma,
        first_degree=config.first_degree,
        last_degree=config.last_degree,
        varied=config.varied,
        rank_last=config.rank_last,
        num_sweeps=config.num_sweeps,
    )


def _embedding(
    key: Key[Array, ""], config: Config, schema: schema_lib.Schema
) -> embedding.Embedding:
    """The distance of one vote; the key, which is public, draws its focus."""
    weights_of_heads = embedding.head_weights(schema)
    if config.distance == "uniform":
        weights_of_heads = np.ones(len(schema.heads))
    if config.focus < 1:
        weights_of_heads = embedding.focused(
            apis.generator_of(key), weights_of_heads, config.focus
        )
    return embedding.make(schema, weights_of_heads)


def _margins(
    schema: schema_lib.Schema,
    model: base.Tree,
    codes: Integer[np.ndarray, "candidate head"],
) -> list[weights.Margin]:
    """The noisy marginals as shares of devices that a pool should meet."""
    devices = arrays.unflatten(schema, codes)
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
    schema: schema_lib.Schema,
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
