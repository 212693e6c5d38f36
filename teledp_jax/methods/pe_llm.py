"""Private evolution with a foundation model behind a chat endpoint as its API."""

import dataclasses
import functools
import os
from typing import Literal

import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import margins, measure, noisy, transport
from teledp_jax.pe import apis, endpoint, evolve, foundation, population
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
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
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
    max_rows: int = 0

    def __post_init__(self) -> None:
        population.check(check := checks.Fields("pe_llm", self))
        check.one_of("response_format", _FORMATS)
        check.number("num_records", at_least=1)
        check.number(
            "num_variations", "max_tokens", "temperature", "max_retries",
            "requests_per_minute", "prompt_price", "completion_price", "max_rows",
            at_least=0,
        )  # fmt: skip
        check.number("presence", "spread", at_least=0, at_most=1)
        check.number("first_degree", above=0, at_most=1)
        check.number("last_degree", above=0, at_most=self.first_degree)
        check.number("timeout_s", above=0, at_most=3600)
        check.number("records_per_request", "concurrency", at_least=1, at_most=64)


def fit(
    config: Config,
    schema: schemas.Schema,
    calibrated: split.Calibrated,
    rules: evolve.Rules,
    server: endpoint.Endpoint,
    streams: keys.Keys,
    devices: arrays.DeviceArrays,
    context: base.Context,
) -> base.Tree:
    """Asks the model for records, measures marginals and lets a pool evolve by votes.

    Args:
        config: Choices.
        schema: The public schema.
        calibrated: Noise of the marginals, in counts.
        rules: Sizes and noise of the evolution.
        server: Where the model is.
        streams: Random streams of the fit.
        devices: The private devices of this process.
        context: Store, progress, noise and processes.

    Returns:
        What `evolve.evolve` returns, and what was asked and what it cost as facts.
    """
    devices = arrays.narrow(schema, devices)
    once = context.part.once  # of several processes, the first one asks
    model = _foundation(config, schema, server, context)
    # First of all, so that an endpoint that is down costs no budget.
    asking = jax.random.fold_in(streams.init, 2)
    first = once(lambda: model.random_api(asking, config.num_records))
    if few := once(lambda: foundation.too_few(model.usage())):
        logging.warning(few)
    sigma = calibrated.noise("start_sigma")
    one_way = noisy.one_way_model(streams, schema, devices, context, sigma=sigma)

    def start(key: Key[Array, ""], count: int) -> np.ndarray:
        spreading, moving = jax.random.split(key)
        pool = foundation.spread(spreading, schema, first, count, degree=config.spread)
        generator, records = apis.generator_of(moving), arrays.unflatten(schema, pool)
        moved = transport.move(generator, schema, one_way, records)
        return arrays.flatten(schema, moved)

    fitted = population.run(
        config, schema, streams, devices, context, rules=rules, start=start,
        margins=functools.partial(margins.one_way, schema, one_way),
        variation=lambda *asked: once(lambda: model.variation_api(*asked)),
    )  # fmt: skip
    if population.is_silent(fitted):
        logging.warning(population.SILENT)
    prices = {"prompt": config.prompt_price, "completion": config.completion_price}
    return {**fitted, base.FACTS: foundation.with_price(once(model.usage), **prices)}


def _foundation(
    config: Config,
    schema: schemas.Schema,
    server: endpoint.Endpoint,
    context: base.Context,
) -> foundation.Foundation:
    """The model as the config wants it asked; says how far requests are."""
    client = endpoint.Client(
        server, timeout_s=config.timeout_s, max_retries=config.max_retries,
        requests_per_minute=config.requests_per_minute,
    )  # fmt: skip
    requests = foundation.Requests(
        server.model, config.records_per_request, config.concurrency, config.presence,
        config.temperature, config.max_tokens, config.response_format,
    )  # fmt: skip

    def tell(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            logging.info("%d of %d requests to the model done", done, total)

    return foundation.Foundation(schema, context, client.complete, requests, tell)


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
    schema = schema.narrowed(config.max_rows)
    server = endpoint.from_environment(os.environ)
    share, num_vectors = config.start_share, len(measure.pooled_vectors(schema))
    parts = (
        split.Counts("start_sigma", num_vectors, share),
        split.Votes("vote_sigma", config.num_iterations, 1 - share, config.vote_growth),
    )
    calibrated = split.calibrate(parts, budget)
    sigmas = calibrated.series("vote_sigma")
    num_candidates, pool = population.sizes(
        config.num_candidates, config.pool,
        num_devices=budget.num_devices, sigma=max(sigmas),
    )  # fmt: skip
    pool = max(pool, config.num_records)
    rules = evolve.Rules(
        "self_normalised", num_candidates, pool, sigmas, config.first_degree,
        config.last_degree, min(config.num_variations / pool, 1.0),
        num_sweeps=config.num_sweeps,
    )  # fmt: skip
    model = {"model": server.model, "endpoint": server.host}
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, rules, server),
        sample=functools.partial(sample, schema),
        facts=calibrated.facts | {"num_vectors": num_vectors} | rules.facts | model,
        max_rows=schema.max_rows,
    )
