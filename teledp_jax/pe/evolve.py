"""The loop of private evolution: candidates, votes, noise, the next population."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import base, keys, schemas
from teledp_jax.pe import apis, embedding, voting, weights
from teledp_jax.privacy import release

Start = Callable[[Key[Array, ""], int], Integer[np.ndarray, "candidate head"]]
Embeddings = Callable[[int], embedding.Embedding]
Margins = Callable[
    [Integer[np.ndarray, "candidate head"]],
    Sequence[tuple[Integer[np.ndarray, "record part"], Float[np.ndarray, " cell"]]],
]
"""Gives the cells and shares of `weights.Margin` for the codes of a pool."""
Variation = Callable[
    [Key[Array, ""], Integer[np.ndarray, "candidate head"], float],
    Integer[np.ndarray, "candidate head"],
]


class Rules(NamedTuple):
    """What one evolution does; `methods.pe.Config` documents the choices.

    Attributes:
        selection: `self_normalised`: weigh a pool by private over own votes;
            `published`: candidates are the population, resampled, then ranked.
        num_candidates: Candidates of each vote.
        pool: Records of the pool; `published` has none.
        sigmas: Discrete Gaussian parameter of the vote counts, for each iteration.
        first_degree: Degree of variation after the first vote.
        last_degree: Degree of variation before the last vote.
        varied: Share of the pool that is varied before each vote but the first.
        rank_last: Iterations at the end that keep the most voted candidates.
        num_sweeps: Passes of raking after each vote.
    """

    selection: Literal["self_normalised", "published"]
    num_candidates: int
    pool: int
    sigmas: tuple[float, ...]
    first_degree: float = 0.0
    last_degree: float = 0.0
    varied: float = 0.0
    rank_last: int = 0
    num_sweeps: int = 0

    @property
    def facts(self) -> dict[str, int]:
        """Returns sizes to show with results."""
        return {
            "num_iterations": self.num_iterations,
            "num_candidates": self.num_candidates,
            "pool": self.pool,
        }

    @property
    def num_iterations(self) -> int:
        """Votes of each device."""
        return len(self.sigmas)


class Population(NamedTuple):
    """Records and their weights, which sum to one. Only DP outputs."""

    codes: Integer[np.ndarray, "record head"]
    weights: Float[np.ndarray, " record"]


def evolve(
    streams: keys.Keys,
    schema: schemas.Schema,
    codes: Integer[np.ndarray, "device head"],
    context: base.Context,
    *,
    embeddings: Embeddings,
    rules: Rules,
    start: Start,
    margins: Margins,
    variation: Variation | None = None,
) -> base.Tree:
    """Runs the evolution, or goes on where a killed one stopped.

    Args:
        streams: Random streams of the fit.
        schema: The public schema.
        codes: Flattened private records, or those of a shard; only `votes_of` looks
            at them.
        context: Store, progress, noise and what other processes hold.
        embeddings: States the distance of the vote of each step.
        rules: Sizes and rules.
        start: Draws first records from what is public or paid for.
        margins: Shares that a pool is raked to, for the codes of the pool.
        variation: Changes a share of what records hold; none: `apis.variation_api`. A
            resumed fit must get the same offspring.

    Returns:
        `codes` and `weights` of the last population, and `convergence`: for each
        iteration `sigma`, `above_noise` (the share of candidates with votes above two
        sigma) and `distance` (total variation between the noisy votes and those that
        the population itself casts, or, if `published`, equal ones).
    """
    variation = variation or _programmatic(schema)
    state = context.store.load("population")
    if state is None:
        is_pool = rules.selection == "self_normalised"
        size = rules.pool if is_pool else rules.num_candidates
        first = start(jax.random.fold_in(streams.init, 0), size)
        shares = weights.normalise(np.ones(size))
        if is_pool:
            shares = weights.rake(
                shares, _margins(margins, first), num_sweeps=rules.num_sweeps
            )
        state = _save(context, 0, Population(first, shares), np.zeros((0, 3)))
    history = np.asarray(state["history"], np.float64)
    raked: tuple[Any, list[weights.Margin]] = (None, [])
    population = Population(np.asarray(state["codes"]), np.asarray(state["weights"]))
    for step in range(int(state["step"]), rules.num_iterations):
        key = jax.random.fold_in(streams.sample, step)
        nearness, sigma = embeddings(step), rules.sigmas[step]
        population = _vary(key, schema, population, step, rules, variation)
        candidates = population.codes
        if rules.selection == "self_normalised":
            candidates = _candidates(key, population, rules.num_candidates)
        noisy = votes_of(
            streams, codes, candidates, context, distance=nearness, step=step,
            sigma=sigma,
        )  # fmt: skip
        own = np.full(len(candidates), 1 / len(candidates))
        if rules.selection == "self_normalised":
            chosen = voting.nearest(nearness, population.codes, candidates)
            own = np.bincount(chosen, population.weights, minlength=len(candidates))
            shares = weights.reweight(population.weights, chosen, noisy, sigma=sigma)
            if population.codes is not raked[0]:
                raked = population.codes, _margins(margins, population.codes)
            shares = weights.rake(shares, raked[1], num_sweeps=rules.num_sweeps)
            population = Population(population.codes, shares)
        else:
            population = _selected(key, population, noisy, step, rules)
        above = float(np.mean(noisy > 2 * sigma))
        distance = float(np.abs(weights.positive(noisy) - own).sum() / 2)
        history = np.append(history, [[sigma, above, distance]], axis=0)
        state = _save(context, step + 1, population, history)
        context.progress(
            step + 1,
            rules.num_iterations,
            {"above_noise": above, "distance": distance},
        )
    names = ("sigma", "above_noise", "distance")
    return {
        "codes": state["codes"],
        "weights": state["weights"],
        "convergence": dict(zip(names, np.asarray(state["history"]).T, strict=True)),
    }


def votes_of(
    streams: keys.Keys,
    codes: Integer[np.ndarray, "device head"],
    candidates: Integer[np.ndarray, "candidate head"],
    context: base.Context,
    *,
    distance: embedding.Embedding,
    step: int,
    sigma: float,
) -> Integer[np.ndarray, " candidate"]:
    """Counts the votes of the private devices under noise: drawn once, saved, used.

    Args:
        streams: Random streams of the fit; a step has a noise key of its own.
        codes: Flattened private records of this process.
        candidates: What devices vote for.
        context: Store, noise and what other processes hold.
        distance: By which a device finds its nearest candidate.
        step: Number of the vote, from 0.
        sigma: Parameter of the discrete Gaussian noise of a count.

    Returns:
        Noisy votes, in devices.
    """
    return release.count_once(
        f"votes_{step}",
        lambda: voting.count_votes(
            voting.nearest(distance, codes, candidates), len(candidates)
        ),
        key=jax.random.fold_in(streams.noise, step + 1),  # 0 is the start's
        sigma=sigma,
        context=context,
    )


def _margins(
    margins: Margins, codes: Integer[np.ndarray, "candidate head"]
) -> list[weights.Margin]:
    """The margins of a pool."""
    return [weights.Margin(*own) for own in margins(codes)]


def _save(
    context: base.Context,
    step: int,
    population: Population,
    history: Float[np.ndarray, "step fact"],
) -> dict[str, Any]:
    """Saves where the evolution stands, before anything is made of it."""
    state = {
        "step": step,
        "codes": population.codes,
        "weights": population.weights,
        "history": history,
    }
    context.store.save("population", state)
    return state


def _vary(
    key: Key[Array, ""],
    schema: schemas.Schema,
    population: Population,
    step: int,
    rules: Rules,
    variation: Variation,
) -> Population:
    """The population with its offspring, before every vote but the first."""
    count = round(rules.varied * len(population.codes))
    is_pool = rules.selection == "self_normalised"
    if step == 0 or (is_pool and not count):
        return population
    degree = apis.falling_degree(
        step - 1,
        rules.num_iterations - 1,
        first=rules.first_degree,
        last=rules.last_degree,
    )
    drawing, varying = jax.random.split(jax.random.fold_in(key, 1))
    if not is_pool:
        offspring = variation(varying, population.codes, degree)
        return Population(offspring, population.weights)
    generator = keys.generator(drawing)
    drawn = weights.draw(generator, population.weights, len(population.codes))
    kept = population.codes[drawn]
    offspring = variation(varying, kept[:count], degree)
    codes = np.concatenate([offspring, kept[count:]])
    return Population(codes, weights.normalise(np.ones(len(codes))))


def _programmatic(schema: schemas.Schema) -> Variation:
    """Variation without a model."""
    return lambda key, codes, degree: apis.variation_api(
        key, schema, codes, degree=degree
    )


def _candidates(
    key: Key[Array, ""], population: Population, count: int
) -> Integer[np.ndarray, "candidate head"]:
    """Candidates drawn from the pool by weight."""
    generator = keys.generator(jax.random.fold_in(key, 2))
    return population.codes[weights.draw(generator, population.weights, count)]


def _selected(
    key: Key[Array, ""],
    population: Population,
    noisy: Integer[np.ndarray, " candidate"],
    step: int,
    rules: Rules,
) -> Population:
    """The published rule: resample early, rank late, keep votes as last weights."""
    shares = weights.positive(noisy)
    if step + 1 == rules.num_iterations:
        return Population(population.codes, shares)
    count = len(population.codes)
    if step + 1 + rules.rank_last >= rules.num_iterations:
        best = np.argsort(-noisy, kind="stable")[: max(count // 2, 1)]
        chosen = np.resize(best, count)
    else:
        generator = keys.generator(jax.random.fold_in(key, 3))
        chosen = weights.draw(generator, shares, count)
    return Population(population.codes[chosen], weights.normalise(np.ones(count)))
