"""Private domains: bins, vocabularies and presence rates that cost budget.

What a header states is public and free. Where it has wide public bounds only, no list
of values, or a list that is not all, what methods need to know is asked here, for the
whole suite in one call, under one share of the budget:

- bins of numbers by quantiles, each a choice of the exponential mechanism; a few even
  ones between the public bounds are free and stand among them;
- vocabularies by partition selection: weighted counts of devices under noise, of which
  those above a threshold show (`privacy.texts`); a device adds a vector of norm 1 over
  all vocabularies together. Texts that are public are nobody's and cost nothing;
- the share of devices that a table knows, by a noisy count.

A device brings one value to each number (of an entity table, one of its rows).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import base, errors, schemas
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import (
    budgets,
    checks,
    learnt_domain,
    quantiles,
    release,
    split,
    texts,
)

_SHARE_OF_DELTA = 0.5  # of the share's delta, for the thresholds


@dataclasses.dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked of private data; public itself.

    Attributes:
        numbers: `table.column` of numbers, and the column with its wide public bounds.
        vocabularies: `table.column` of categories, each with the texts that are public.
        presences: Names of tables.
        num_levels: Levels of halving: 4 give 16 bins beside the even ones.
        max_texts: Most texts that a device brings, over all vocabularies.
        max_size: Most texts that a vocabulary keeps, those of the largest counts.
    """

    numbers: Mapping[str, schemas.Column]
    vocabularies: Mapping[str, Sequence[str]]
    presences: Sequence[str]
    num_levels: int = 4
    max_texts: int = 256
    max_size: int = 1000

    def __post_init__(self) -> None:
        check = checks.Fields("domains", self)
        check.number("num_levels", at_least=1, at_most=10)
        check.number("max_texts", at_least=1, at_most=10_000)
        check.number("max_size", at_least=1, at_most=10_000)
        if not (self.numbers or self.vocabularies or self.presences):
            raise errors.InputError("domains: nothing is private.")


class Mechanism(NamedTuple):
    """The calibrated mechanism.

    Attributes:
        event: What all answers cost.
        epsilon_choice: Range of a choice of an edge.
        sigma_texts: Of the sums over texts, in steps of `texts.GRID`.
        sigma_presences: Of the counts of tables' devices.
        threshold: Noisy sum from which a text shows, in steps.
    """

    event: dp_accounting.DpEvent
    epsilon_choice: float
    sigma_texts: float
    sigma_presences: float
    threshold: float


def calibrate(
    questions: Questions, *, epsilon: float, delta: float, share: float
) -> Mechanism:
    """Finds the least noise at which all answers cost a share of a budget.

    Args:
        questions: What is asked.
        epsilon: Of the whole release.
        delta: Of the whole release.
        share: Of both, for the domains.

    Returns:
        The mechanism, its event as the ledger states it.

    Raises:
        InputError: If the share is none or cannot be met.
    """
    if not 0 < share < 1:
        raise errors.InputError(
            f"domains: expected a share of the budget, got {share}."
        )
    failure = _SHARE_OF_DELTA * share * delta
    asked = (
        len(questions.numbers) * questions.num_levels,
        len(questions.vocabularies),
        len(questions.presences),
    )
    kinds = sum(count > 0 for count in asked)  # each costs the same
    choices = split.Choices("epsilon_choice", asked[0], 1 / kinds)
    in_texts = split.ClippedSums("sigma_texts", texts.GRID, 1 / kinds)
    presences = split.Counts("sigma_presences", asked[2], 1 / kinds)
    parts: list[split.Part] = [choices] if asked[0] else []
    parts += [in_texts, split.Thresholds("threshold", 1, failure)] if asked[1] else []
    parts += [presences] if asked[2] else []
    budget = budgets.unspent(share * epsilon, share * delta)
    found = split.calibrate(parts, budget)
    # What is not asked has a noise too, so that no field is empty.
    (sigma_texts,) = in_texts.noise(found.noise_multiplier)
    return Mechanism(
        event=found.event,
        epsilon_choice=choices.noise(found.noise_multiplier)[0],
        sigma_texts=sigma_texts,
        sigma_presences=presences.noise(found.noise_multiplier)[0],
        threshold=texts.threshold(
            sigma_texts, max_texts=questions.max_texts, failure=failure
        ),
    )


def estimate(
    noise: Key[Array, ""],
    questions: Questions,
    mechanism: Mechanism,
    values: values_lib.Values,
    *,
    context: base.Context,
) -> learnt_domain.Domain:
    """Answers all questions, once; the mechanism's event is in the ledger by now.

    Args:
        noise: A noise key, spent on this call.
        questions: What is asked.
        mechanism: What `calibrate` found for it.
        values: The private data.
        context: Store and sampler of noise.

    Returns:
        What was learnt, safe to release.
    """
    streams = [jax.random.fold_in(noise, stream) for stream in range(3)]
    edges = {}
    for position, (name, column) in enumerate(questions.numbers.items()):
        edges[name] = quantiles.edges(
            jax.random.fold_in(streams[0], position),
            column,
            values.numbers[name],
            num_levels=questions.num_levels,
            epsilon=mechanism.epsilon_choice,
        )
    vocabularies = {}
    if questions.vocabularies:
        vocabularies = texts.select(
            streams[1],
            tuple(questions.vocabularies),
            values,
            max_texts=questions.max_texts,
            max_size=questions.max_size,
            sigma=mechanism.sigma_texts,
            least=mechanism.threshold,
            context=context,
        )
    presences = {}
    if questions.presences:
        noisy = release.count_once(
            "presences",
            lambda: np.array([values.presences[name] for name in questions.presences]),
            key=streams[2],
            sigma=mechanism.sigma_presences,
            context=context,
        )
        presences = {
            name: max(int(count), 0)
            for name, count in zip(questions.presences, noisy, strict=True)
        }
    is_open = {name for name, public in questions.vocabularies.items() if public}
    return learnt_domain.Domain(edges, vocabularies, frozenset(is_open), presences)
