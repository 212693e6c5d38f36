"""Private domains: bins, vocabularies and presence rates that cost budget.

What a header states is public and free. A column that is private has wide public bounds
alone, or no list of values; what methods need to know of it is asked here, for the
whole suite in one call, under one share of the budget:

- bins of numbers by quantiles, each a choice of the exponential mechanism; a few even
  ones between the public bounds are free and stand among them;
- vocabularies by partition selection: counts of devices under noise, of which those
  above a threshold show; a device brings few texts, over all vocabularies together;
- the share of devices that a table knows, by a noisy count.

A device brings one value to each number (of an entity table, one of its rows).
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import dp_accounting
import jax
import numpy as np
import scipy.stats
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import base, errors, schemas
from teledp_jax.data import values as values_lib
from teledp_jax.privacy import accounting, budgets, events, mechanisms

_COARSE = 8  # even bins, which keep narrow the bins that hold few devices
_GRID = 2048  # places where an edge may lie
_MOST = {"num_levels": 10, "max_texts": 1000, "max_size": 10_000}
_OTHER = "Other"
_SHARE_OF_DELTA = 0.5  # of the share's delta, for the thresholds


@dataclasses.dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked of private data; public itself.

    Attributes:
        numbers: `table.column` of numbers, and the column with its wide public bounds.
        vocabularies: `table.column` of categories.
        presences: Names of tables.
        num_levels: Levels of halving: 4 give 16 bins beside the even ones.
        max_texts: Most texts that a device brings, over all vocabularies.
        max_size: Most texts that a vocabulary keeps, those of the largest counts.
    """

    numbers: Mapping[str, schemas.Column]
    vocabularies: Sequence[str]
    presences: Sequence[str]
    num_levels: int = 4
    max_texts: int = 8
    max_size: int = 200

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise errors.InputError(f"domains: expected {name} in 1..{most}.")
        if not (self.numbers or self.vocabularies or self.presences):
            raise errors.InputError("domains: nothing is private.")


class Mechanism(NamedTuple):
    """The calibrated mechanism.

    Attributes:
        event: What all answers cost.
        epsilon_choice: Range of a choice of an edge.
        sigma_texts: Of the counts of texts.
        sigma_presences: Of the counts of tables' devices.
        threshold: Noisy count from which a text shows.
    """

    event: dp_accounting.DpEvent
    epsilon_choice: float
    sigma_texts: float
    sigma_presences: float
    threshold: float


class Domain(NamedTuple):
    """What was learnt, safe to release.

    Attributes:
        edges: Bin edges of each number.
        vocabularies: Texts of each vocabulary, the most common first.
        presences: Noisy number of devices of each table, not below 0.
    """

    edges: Mapping[str, tuple[float, ...]]
    vocabularies: Mapping[str, tuple[str, ...]]
    presences: Mapping[str, int]


def calibrate(
    questions: Questions, *, epsilon: float, delta: float, share: float
) -> Mechanism:
    """The least noise at which all answers cost a share of a budget.

    Args:
        questions: What is asked.
        epsilon: Of the whole release.
        delta: Of the whole release.
        share: Of both, for the domains.

    Raises:
        InputError: If the share is none or cannot be met.
    """
    if not 0 < share < 1:
        raise errors.InputError(
            f"domains: expected a share of the budget, got {share}."
        )
    num_choices = len(questions.numbers) * questions.num_levels
    num_texts = questions.max_texts if questions.vocabularies else 0
    counts = [num_choices, num_texts, len(questions.presences)]
    kinds = sum(count > 0 for count in counts)
    failure = _SHARE_OF_DELTA * share * delta

    def parts(noise_multiplier: float) -> tuple[float, float, float]:
        """Range of a choice and the two noises; kinds cost the same."""
        choices, texts, presences = (
            noise_multiplier * (kinds * max(count, 1)) ** 0.5 for count in counts
        )
        return 2 / choices, texts, presences

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        choice, texts, presences = parts(noise_multiplier)
        repeated = dp_accounting.SelfComposedDpEvent
        found: list[dp_accounting.DpEvent] = []
        if num_choices:
            event = events.ExponentialMechanismDpEvent(choice)
            found.append(repeated(event, num_choices))
        if num_texts:
            event = events.DiscreteGaussianDpEvent(texts)
            found += [repeated(event, num_texts), events.ThresholdDpEvent(failure)]
        if questions.presences:
            event = events.DiscreteGaussianDpEvent(presences)
            found.append(repeated(event, len(questions.presences)))
        return dp_accounting.ComposedDpEvent(found)

    budget = budgets.Budget(
        epsilon=share * epsilon,
        delta=share * delta,
        spent=dp_accounting.NoOpDpEvent(),
        num_devices=1,
    )
    noise_multiplier = accounting.calibrate(make_event, budget)
    choice, texts, presences = parts(noise_multiplier)
    # A text of one device passes with a probability of `failure / max_texts` at most;
    # the discrete Gaussian has the tail of a Gaussian one step further out.
    tail = float(scipy.stats.norm.isf(failure / questions.max_texts))
    return Mechanism(
        event=make_event(noise_multiplier),
        epsilon_choice=choice,
        sigma_texts=texts,
        sigma_presences=presences,
        threshold=2 + math.ceil(texts * tail),
    )


def estimate(
    noise: Key[Array, ""],
    questions: Questions,
    mechanism: Mechanism,
    values: values_lib.Values,
    *,
    integer_noise: base.IntegerNoise,
) -> Domain:
    """Answers all questions, once; the mechanism's event is in the ledger by now.

    Args:
        noise: A noise key, spent on this call.
        questions: What is asked.
        mechanism: What `calibrate` found for it.
        values: The private data.
        integer_noise: Sampler of the discrete Gaussian.
    """
    streams = [jax.random.fold_in(noise, stream) for stream in range(3)]
    edges = {}
    for position, (name, column) in enumerate(questions.numbers.items()):
        edges[name] = quantile_edges(
            jax.random.fold_in(streams[0], position),
            column,
            values.numbers[name],
            num_levels=questions.num_levels,
            epsilon=mechanism.epsilon_choice,
        )
    vocabularies = {}
    if questions.vocabularies:
        vocabularies = _select(streams[1], questions, mechanism, values, integer_noise)
    presences = {}
    if questions.presences:
        exact = np.array([values.presences[name] for name in questions.presences])
        noisy = integer_noise(streams[2], exact, mechanism.sigma_presences)
        presences = {
            name: max(int(count), 0)
            for name, count in zip(questions.presences, noisy, strict=True)
        }
    return Domain(edges, vocabularies, presences)


def grid(column: schemas.Column) -> Float[np.ndarray, " place"]:
    """Where edges of a number may lie: its public bounds, cut evenly on its scale."""
    return np.array(_even(column, _GRID))


def _even(column: schemas.Column, bins: int) -> tuple[float, ...]:
    """Edges of even bins between the public bounds of a number."""
    return schemas.spaced_edges(
        column.edges[0],
        column.bounds[1],
        bins,
        scale=column.scale,
        whole=column.kind == "integer",
    )


def split_scores(
    places: Float[np.ndarray, " place"], values: Float[np.ndarray, " value"]
) -> Float[np.ndarray, " place"]:
    """How evenly each place halves the values; a value changes each by at most 1."""
    below = np.searchsorted(np.sort(values), places, side="left")
    return -np.abs(2.0 * below - len(values))


def quantile_edges(
    key: Key[Array, ""],
    column: schemas.Column,
    values: Float[np.ndarray, " value"],
    *,
    num_levels: int,
    epsilon: float,
) -> tuple[float, ...]:
    """Edges of bins that hold about as many devices each, and of a few even bins.

    Intervals are halved again and again. A device lies in one interval of each level,
    so a level costs one choice, however many intervals it has.

    Args:
        key: A noise key, spent on this column.
        column: With wide public bounds.
        values: One a device, each with a bin; what is out of bounds is clamped.
            Private.
        num_levels: Levels of halving.
        epsilon: Range of a choice.

    References:
        Kaplan et al. 2022 (arXiv:2110.05429).
    """
    places = grid(column)
    values = np.clip(values, *column.bounds)
    intervals = [(0, len(places) - 1)]
    for level in range(num_levels):
        halves = []
        for number, (low, high) in enumerate(intervals):
            if high - low < 2:  # public: no place is left in between
                halves.append((low, high))
                continue
            inside = values[(values >= places[low]) & (values < places[high])]
            if high == len(places) - 1:
                inside = values[values >= places[low]]
            scores = split_scores(places[low + 1 : high], inside)
            own = jax.random.fold_in(jax.random.fold_in(key, level), number)
            choice = mechanisms.exponential_choice(own, scores, epsilon=epsilon)
            halves += [(low, low + 1 + choice), (low + 1 + choice, high)]
        intervals = halves
    bounds = {index for interval in intervals for index in interval}
    return tuple(sorted({*places[list(bounds)].tolist(), *_even(column, _COARSE)}))


def bound_texts(
    values: values_lib.Values, *, max_texts: int
) -> Integer[np.ndarray, " kept"]:
    """Positions of the texts that count: few a device, each once, the first by rank."""
    cell = values.vocabulary * len(values.texts) + values.text
    known, number = np.unique(cell, return_inverse=True)
    _, first = np.unique(values.device * len(known) + number, return_index=True)
    order = first[np.lexsort((values.rank[first], values.device[first]))]
    device = values.device[order]
    place = np.arange(len(device)) - np.searchsorted(device, device, side="left")
    kept: np.ndarray = order[place < max_texts]
    return kept


def _select(
    key: Key[Array, ""],
    questions: Questions,
    mechanism: Mechanism,
    values: values_lib.Values,
    integer_noise: base.IntegerNoise,
) -> dict[str, tuple[str, ...]]:
    """Texts whose noisy counts of devices reach the threshold."""
    kept = bound_texts(values, max_texts=questions.max_texts)
    size = max(len(values.texts), 1)
    cell = values.vocabulary[kept] * size + values.text[kept]
    cells, counts = np.unique(cell, return_counts=True)
    noisy = integer_noise(key, counts.astype(np.int64), mechanism.sigma_texts)
    found = {}
    for position, name in enumerate(questions.vocabularies):
        shown = (cells // size == position) & (noisy >= mechanism.threshold)
        texts = {
            values.texts[c % size]: n
            for c, n in zip(cells[shown], noisy[shown], strict=True)
        }
        ordered = sorted(texts, key=lambda text: (-texts[text], text))
        found[name] = tuple(ordered[: questions.max_size])
    return found


def apply(schema: schemas.Schema, domain: Domain) -> schemas.Schema:
    """The schema with bins and vocabularies as they were learnt.

    Of a column that was learnt the header's bins or values play no part. Of a
    vocabulary it keeps the text that stands for all others, `Other` where it has none.
    That comes last, after the most common first; in the column that caps a table the
    order is reversed, since the largest codes are kept.
    """
    tables = []
    for table in schema.tables:
        columns = []
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if name in domain.edges:
                column = dataclasses.replace(column, edges=domain.edges[name])
            elif name in domain.vocabularies:
                other = column.other or _OTHER
                texts = [text for text in domain.vocabularies[name] if text != other]
                texts.append(other)
                if column.name == table.cap_by:
                    texts.reverse()
                column = dataclasses.replace(
                    column, categories=tuple(texts), other=other
                )
            columns.append(column)
        tables.append(dataclasses.replace(table, columns=tuple(columns)))
    return dataclasses.replace(schema, tables=tuple(tables))


def to_json(domain: Domain) -> dict[str, Any]:
    """A domain as JSON can hold it."""
    return {name: dict(part) for name, part in domain._asdict().items()}


def from_json(saved: Mapping[str, Any]) -> Domain:
    """Inverse of `to_json`."""
    return Domain(
        edges={name: tuple(edges) for name, edges in saved["edges"].items()},
        vocabularies={
            name: tuple(texts) for name, texts in saved["vocabularies"].items()
        },
        presences=saved["presences"],
    )
