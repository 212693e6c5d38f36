"""Private evolution with a foundation model behind a chat endpoint as its API."""

import dataclasses
import math
import os
from collections.abc import Mapping
from typing import Literal

import dp_accounting
import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import independent, measure, transport
from teledp_jax.methods import independent as independent_method
from teledp_jax.methods import pe
from teledp_jax.pe import apis, embedding, endpoint, evolve, foundation, weights
from teledp_jax.privacy import accounting, budgets, events

_FORMATS = ("json_schema", "json_object", "text")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Choices of private evolution with a foundation model.

    The endpoint is any that speaks OpenAI's protocol; the environment names it:
    `OPENAI_BASE_URL`, `OPENAI_MODEL` and, if it wants a key, `OPENAI_API_KEY`. It sees
    the public schema and, for variations, candidates that noisy votes have drawn.

    The model's records and programmatic variations of them are the pool. A model knows
    what goes together, but not how often: the pool is moved to noisy one-way marginals,
    numbers by rank, categories in as few records as can be. Then it is weighed by
    votes as in `pe`; before each vote but the first, the model varies records drawn by
    weight (Xie et al. 2024, arXiv:2403.01749, do so for texts).

    Attributes:
        num_records: Records that the model is asked for at first.
        num_variations: Variations that it is asked for before each vote but the first.
        records_per_request: Records of one request; fewer where answers break off at
            `max_tokens`, which the report shows as answers without records.
        presence: Public guess of the share of devices that a table knows: that share
            of the tables may stand in the records of a request.
        spread: Degree of the programmatic variations that fill the pool.
        start_share: Share of the privacy loss that noisy marginals get.
        num_iterations: Votes of each device.
        vote_growth: As in `pe.Config`.
        num_candidates: As in `pe.Config`.
        pool: Records of the pool; 0 follows the rule of `pe.Config`.
        first_degree: Degree of the model's variations after the first vote.
        last_degree: Degree of its variations before the last vote.
        num_sweeps: Passes of raking to the noisy marginals after each vote.
        distance: As in `pe.Config`.
        focus: As in `pe.Config`.
        features: As in `pe.Config`.
        temperature: Of the model's draws.
        max_tokens: Longest answer, in tokens; 0 leaves it to the endpoint, as some
            models want.
        response_format: What the endpoint is told of the form of an answer:
            `json_schema` where it can hold the model to one, else `json_object` or
            `text`. Records are checked in any case.
        timeout_s: Longest that an attempt may take, in seconds.
        max_retries: Attempts after the first, with growing pauses between them.
        concurrency: Requests on their way at a time.
        requests_per_minute: Most attempts that begin in a minute; 0: no limit.
        prompt_price: Price of a million tokens of prompts; 0: not known.
        completion_price: Price of a million tokens of answers; 0: not known.
    """

    num_records: int = 1000
    num_variations: int = 200
    records_per_request: int = 5
    presence: float = 0.3
    spread: float = 0.1
    start_share: float = 0.5
    num_iterations: int = 4
    vote_growth: float = 1.0
    num_candidates: int = 0
    pool: int = 0
    first_degree: float = 0.5
    last_degree: float = 0.1
    num_sweeps: int = 3
    distance: Literal["balanced", "uniform", "workload"] = "balanced"
    focus: float = 0.1
    features: tuple[tuple[str, ...], ...] | None = None
    temperature: float = 1.0
    max_tokens: int = 8192
    response_format: Literal["json_schema", "json_object", "text"] = "json_schema"
    timeout_s: float = 120.0
    max_retries: int = 6
    concurrency: int = 4
    requests_per_minute: float = 0.0
    prompt_price: float = 0.0
    completion_price: float = 0.0

    def __post_init__(self) -> None:
        for name, values in (("distance", pe.DISTANCES), ("response_format", _FORMATS)):
            if getattr(self, name) not in values:
                raise errors.InputError(f"pe_llm.{name}: expected one of {values}.")
        for name in ("num_records", "num_iterations"):
            if getattr(self, name) < 1:
                raise errors.InputError(f"pe_llm.{name}: expected 1 or more.")
        for name in (
            "num_variations", "num_candidates", "pool", "num_sweeps", "max_tokens",
            "temperature", "max_retries", "requests_per_minute", "prompt_price",
            "completion_price",
        ):  # fmt: skip
            if not 0 <= getattr(self, name) < math.inf:
                raise errors.InputError(f"pe_llm.{name}: expected 0 or more.")
        for name in ("presence", "spread", "focus"):
            if not 0 <= getattr(self, name) <= 1:
                raise errors.InputError(f"pe_llm.{name}: expected a share in 0 to 1.")
        if not 0 < self.start_share < 1:
            raise errors.InputError("pe_llm.start_share: expected 0 < start_share < 1.")
        if not 0 < self.last_degree <= self.first_degree <= 1:
            raise errors.InputError("pe_llm.last_degree: expected 0 to first_degree.")
        if not 0.1 <= self.vote_growth <= 10:
            raise errors.InputError("pe_llm.vote_growth: expected 0.1 to 10.")
        if not 0 < self.timeout_s <= 3600:
            raise errors.InputError("pe_llm.timeout_s: expected up to 3600 seconds.")
        for name in ("records_per_request", "concurrency"):
            if not 1 <= getattr(self, name) <= 64:
                raise errors.InputError(f"pe_llm.{name}: expected 1 to 64.")


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of marginals and votes together; asks nothing yet.

    Raises:
        InputError: If the environment names no endpoint, or the budget can't be met.
    """
    server = endpoint.from_environment(os.environ)
    num_vectors = len(measure.pooled_vectors(schema))
    # Gaussian mechanisms compose by the sum of 1 / sigma^2: shares of that are split.
    start_ratio = (num_vectors / config.start_share) ** 0.5
    ratios = pe.vote_ratios(
        1 - config.start_share, config.num_iterations, config.vote_growth
    )

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        one = events.DiscreteGaussianDpEvent(noise_multiplier * start_ratio)
        start = dp_accounting.SelfComposedDpEvent(one, num_vectors)
        votes = pe.vote_event(noise_multiplier, ratios)
        return dp_accounting.ComposedDpEvent([start, votes])

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigmas = tuple(noise_multiplier * ratio for ratio in ratios)
    settings = _settings(config, budget.num_devices, sigmas)
    start_sigma = noise_multiplier * start_ratio

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        once = context.part.once  # of several processes, the first one asks
        model = _foundation(config, schema, server, context)
        # First of all, so that an endpoint that is down costs no budget.
        asking = jax.random.fold_in(streams.init, 2)
        first = once(lambda: model.random_api(asking, config.num_records))
        once(lambda: _warn_if_few(model.usage()))
        noisy = independent_method.noisy_counts(
            streams, schema, devices, context, sigma=start_sigma
        )
        one_way = independent.estimate(schema, noisy, sigma=start_sigma)

        def start(key: Key[Array, ""], count: int) -> np.ndarray:
            spreading, moving = jax.random.split(key)
            pool = foundation.spread(
                spreading, schema, first, count, degree=config.spread
            )
            generator = apis.generator_of(moving)
            devices = arrays.unflatten(schema, pool)
            moved = transport.move(generator, schema, one_way, devices)
            return arrays.flatten(schema, moved)

        def margins(codes: np.ndarray) -> list[weights.Margin]:
            devices = arrays.unflatten(schema, codes)
            return pe.one_way_margins(schema, one_way, devices)

        def embeddings(step: int) -> embedding.Embedding:
            return pe.distance_of(
                jax.random.fold_in(streams.init, 1), step, schema,
                distance=config.distance, focus=config.focus, features=config.features,
            )  # fmt: skip

        codes = arrays.flatten(schema, devices)
        fitted = evolve.evolve(
            streams, schema, codes, context, embeddings=embeddings, settings=settings,
            start=start, margins=margins,
            variation=lambda *asked: once(lambda: model.variation_api(*asked)),
        )  # fmt: skip
        pe.warn_if_silent(fitted)
        usage = once(model.usage)
        return {**fitted, base.FACTS: _facts(config, usage)}

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        return pe.draw_devices(key, schema, fitted, count)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "start_sigma": start_sigma,
            "first_vote_sigma": sigmas[0],
            "last_vote_sigma": sigmas[-1],
            "num_vectors": num_vectors,
            "num_iterations": config.num_iterations,
            "num_candidates": settings.num_candidates,
            "pool": settings.pool,
            "model": server.model,
            "endpoint": server.host,
        },
    )


def _settings(
    config: Config, num_devices: int, sigmas: tuple[float, ...]
) -> evolve.Settings:
    """Sizes of the evolution, from public numbers."""
    num_candidates, pool = pe.sizes(
        config.num_candidates, config.pool, num_devices=num_devices, sigma=max(sigmas)
    )
    pool = max(pool, config.num_records)
    return evolve.Settings(
        selection="self_normalised",
        num_candidates=num_candidates,
        pool=pool,
        sigmas=sigmas,
        first_degree=config.first_degree,
        last_degree=config.last_degree,
        varied=min(config.num_variations / pool, 1.0),
        rank_last=0,
        num_sweeps=config.num_sweeps,
    )


def _foundation(
    config: Config,
    schema: schemas.Schema,
    server: endpoint.Endpoint,
    context: base.Context,
) -> foundation.Foundation:
    """The model as the config wants it asked."""
    client = endpoint.Client(
        server,
        timeout_s=config.timeout_s,
        max_retries=config.max_retries,
        requests_per_minute=config.requests_per_minute,
    )
    settings = foundation.Settings(
        model=server.model,
        records_per_request=config.records_per_request,
        concurrency=config.concurrency,
        presence=config.presence,
        temperature=config.temperature,
        max_tokens=config.max_tokens,
        response_format=config.response_format,
    )
    return foundation.Foundation(schema, context, client.complete, settings, _tell)


def _tell(done: int, total: int) -> None:
    """Says now and then how far the requests are."""
    if done % 50 == 0 or done == total:
        logging.info("%d of %d requests to the model done", done, total)


def _warn_if_few(usage: Mapping[str, int]) -> None:
    """Says so if the pool stands on few records: public, so it may be said."""
    if 2 * usage["records_valid"] < usage["records_asked"]:
        logging.warning(
            "Only %d of %d records of the model are valid; programmatic variations of "
            "these fill the pool. See the report for why the others are not.",
            usage["records_valid"],
            usage["records_asked"],
        )


def _facts(config: Config, usage: Mapping[str, int]) -> dict[str, float]:
    """What was asked and what it cost; nothing of private data is in it."""
    facts: dict[str, float] = dict(usage)
    if config.prompt_price or config.completion_price:
        cost = usage["prompt_tokens"] * config.prompt_price
        cost += usage["completion_tokens"] * config.completion_price
        facts["price"] = cost / 1e6
    return facts
