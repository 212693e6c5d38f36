"""Private evolution with a foundation model behind a chat endpoint as its API."""

import dataclasses
import functools
import os

import jax
import numpy as np
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import arrays, base, keys, schemas
from teledp_jax.marginals import margins, measure, noisy, transport
from teledp_jax.pe import apis, asking, endpoint, evolve, foundation, population
from teledp_jax.privacy import budgets, checks, split


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(asking.Asking, population.Voting):
    """Choices of private evolution with a foundation model.

    The model's records and programmatic variations of them are the pool. A model knows
    what goes together, but not how often: the pool is moved to noisy one-way marginals,
    numbers by rank, categories in few records. Votes for the nearest candidates weigh
    it; before each but the first, the model varies records drawn by weight, as Xie et
    al. do with texts (2024, arXiv:2403.01749).

    Attributes:
        num_records: Records that the model is asked for at first.
        num_variations: Variations that it is asked for before each vote but the first.
        spread: Degree of the programmatic variations that fill the pool.
        start_share: Share of the privacy loss that noisy marginals get.
        first_degree: Degree of the model's variations after the first vote.
        last_degree: Degree of its variations before the last vote.
        num_sweeps: Passes of raking to the noisy marginals after each vote.
        max_rows: Most rows of a device per table, the first ones; 0: its `fixed_rows`.
    """

    num_records: int = 1000
    num_variations: int = 200
    spread: float = 0.1
    start_share: float = 0.5
    num_iterations: int = 4
    first_degree: float = 0.5
    last_degree: float = 0.1
    num_sweeps: int = 3

    def __post_init__(self) -> None:
        population.check(check := checks.Fields("pe_llm", self))
        asking.check(check)
        check.number("num_records", at_least=1)
        check.number("num_variations", "num_sweeps", at_least=0)
        check.number("start_share", above=0, below=1)
        check.number("spread", at_least=0, at_most=1)
        check.number("first_degree", above=0, at_most=1)
        check.number("last_degree", above=0, at_most=self.first_degree)


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
    progress = functools.partial(logging.info, "%d of %d requests to the model done")
    model = foundation.connect(schema, context, server, config, progress)
    # First of all, so that an endpoint that is down costs no budget.
    first = foundation.first_records(
        model, jax.random.fold_in(streams.init, 2), config.num_records, context,
        warn_fn=logging.warning,
    )  # fmt: skip
    sigma = calibrated.noise("start_sigma")
    one_way = noisy.one_way_model(streams, schema, devices, context, sigma=sigma)

    def start(key: Key[Array, ""], count: int) -> np.ndarray:
        spreading, moving = jax.random.split(key)
        pool = apis.spread(spreading, schema, first, count, degree=config.spread)
        return transport.move(keys.generator(moving), schema, one_way, pool)

    fitted = population.run(
        config, schema, streams, devices, context, rules=rules, start=start,
        margins=functools.partial(margins.one_way, schema, one_way),
        variation=lambda *asked: once(lambda: model.variation_api(*asked)),
        warn_fn=logging.warning,
    )  # fmt: skip
    return {**fitted, base.FACTS: asking.with_price(once(model.usage), config)}


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
    share, size = config.start_share, len(measure.pooled_vectors(schema))
    parts = (
        split.Counts("start_sigma", size, share),
        split.Votes("vote_sigma", config.num_iterations, 1 - share, config.vote_growth),
    )
    calibrated, num_devices = split.calibrate(parts, budget), budget.num_devices
    sigmas = calibrated.series("vote_sigma")
    candidates = population.num_candidates(config.num_candidates, sigmas, num_devices)
    pool = config.pool or population.pool_within(2 * num_devices)
    pool = max(pool, config.num_records)
    rules = evolve.Rules(
        "self_normalised", candidates, pool, sigmas, config.first_degree,
        config.last_degree, min(config.num_variations / pool, 1.0),
        num_sweeps=config.num_sweeps,
    )  # fmt: skip
    return base.Synthesizer(
        event=calibrated.event,
        fit=functools.partial(fit, config, schema, calibrated, rules, server),
        sample=functools.partial(population.draw_devices, schema),
        facts={**calibrated.facts, **rules.facts, **server.facts, "num_vectors": size},
        max_rows=schema.max_rows,
    )
