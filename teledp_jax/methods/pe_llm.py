"""Private evolution with a foundation model behind a chat endpoint as its API."""

import dataclasses
import functools
import os
from collections.abc import Mapping
from typing import Literal

import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import margins, measure, noisy, transport
from teledp_jax.pe import apis, distances, endpoint, evolve, foundation, population
from teledp_jax.privacy import budgets, checks, split

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
        vote_growth: Privacy loss of a vote over that of the one before.
        num_candidates: Candidates of each vote; 0: see `pe.population.sizes`.
        pool: Records of the pool; 0: likewise.
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
        check = checks.Fields("pe_llm", self)
        check.one_of("distance", distances.KINDS)
        check.one_of("response_format", _FORMATS)
        check.number("num_records", "num_iterations", at_least=1)
        check.number(
            "num_variations", "num_candidates", "pool", "num_sweeps", "max_tokens",
            "temperature", "max_retries", "requests_per_minute", "prompt_price",
            "completion_price", at_least=0,
        )  # fmt: skip
        check.number("presence", "spread", "focus", at_least=0, at_most=1)
        check.number("start_share", above=0, below=1)
        check.number("first_degree", above=0, at_most=1)
        check.number("last_degree", above=0, at_most=self.first_degree)
        check.number("vote_growth", at_least=0.1, at_most=10)
        check.number("timeout_s", above=0, at_most=3600)
        check.number("records_per_request", "concurrency", at_least=1, at_most=64)


def shares(config: Config, schema: schemas.Schema) -> tuple[split.Part, ...]:
    """Splits the budget into one-way marginals and votes."""
    share, num_vectors = config.start_share, len(measure.pooled_vectors(schema))
    return (
        split.Counts("start_sigma", num_vectors, share),
        split.Votes("vote_sigma", config.num_iterations, 1 - share, config.vote_growth),
    )


def fit(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    settings: evolve.Settings,
    server: endpoint.Endpoint,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Asks the model for records, measures marginals and lets a pool evolve by votes.

    Args:
        config: Choices.
        schema: The public schema.
        calibrated: Noise of marginals and votes.
        settings: Sizes and noise of the evolution.
        server: Where the model is.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns, and what was asked and what it cost as facts.
    """
    arrays.check(schema, devices)
    once = context.part.once  # of several processes, the first one asks
    model = _foundation(config, schema, server, context)
    # First of all, so that an endpoint that is down costs no budget.
    asking = jax.random.fold_in(streams.init, 2)
    first = once(lambda: model.random_api(asking, config.num_records))
    once(lambda: _warn_if_few(model.usage()))
    one_way = noisy.one_way_model(
        streams, schema, devices, context, sigma=calibrated.noise("start_sigma")
    )

    def start(key: Key[Array, ""], count: int) -> np.ndarray:
        spreading, moving = jax.random.split(key)
        pool = foundation.spread(spreading, schema, first, count, degree=config.spread)
        generator, records = apis.generator_of(moving), arrays.unflatten(schema, pool)
        moved = transport.move(generator, schema, one_way, records)
        return arrays.flatten(schema, moved)

    fitted = evolve.evolve(
        streams, schema, arrays.flatten(schema, devices), context,
        embeddings=distances.by_step(
            jax.random.fold_in(streams.init, 1), schema,
            kind=config.distance, focus=config.focus, features=config.features,
        ),
        settings=settings, start=start,
        margins=functools.partial(margins.one_way, schema, one_way),
        variation=lambda *asked: once(lambda: model.variation_api(*asked)),
    )  # fmt: skip
    if population.is_silent(fitted):
        logging.warning(population.SILENT)
    return {**fitted, base.FACTS: _facts(config, once(model.usage))}


sample = population.draw_devices


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of marginals and votes together; asks nothing yet.

    Args:
        config: Choices.
        schema: The public schema.
        budget: What a fit may spend.

    Returns:
        The method, its event stated.

    Raises:
        InputError: If the environment names no endpoint, or no noise meets the budget.
    """
    server = endpoint.from_environment(os.environ)
    calibrated = split.calibrate(shares(config, schema), budget)
    settings = _settings(config, budget.num_devices, calibrated.series("vote_sigma"))
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, settings, server),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts
        | {
            "num_vectors": len(measure.pooled_vectors(schema)),
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
    num_candidates, pool = population.sizes(
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
