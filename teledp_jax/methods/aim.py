"""Noisy pairs of attributes, each chosen because the model so far fits it badly."""

import dataclasses
from collections.abc import Sequence

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import aim, graph, merge, model, mst, relation
from teledp_jax.privacy import accounting, budgets, events, mechanisms

_SHARE_OF_CHOICES = 0.1  # of the budget, as published
_DRAWN = 100_000  # records that stand for the model where pairs are compared


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the adaptive choice.

    Nine tenths of the budget measure: single attributes, then the pairs, all under one
    noise; a tenth chooses. The number of rounds bounds the time, which is spent on
    fitting; the limits on cells and on memory bound each round. No limit looks at a
    clock.

    Attributes:
        num_rounds: Times that pairs are chosen and the model is fitted.
        pairs_per_attribute: Pairs in all, per attribute of the relation.
        max_cells: Most cells of a pair, in merged codes.
        max_model_mb: Most memory of the model's tables.
        num_iterations: Steps of mirror descent in a round; the last takes three times
            as many.
    """

    num_rounds: int = 6
    pairs_per_attribute: float = 2.0
    max_cells: int = 10_000
    max_model_mb: float = 8.0
    num_iterations: int = 500

    def __post_init__(self) -> None:
        for name in dataclasses.asdict(self):
            if not getattr(self, name) > 0:
                raise errors.InputError(f"Expected {name} > 0.")


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of counts and of choices.

    A device is one record over all tables (`marginals.relation`): it changes one cell
    by one in each marginal that is measured, and each score by at most one.
    """
    attributes = relation.attributes(schema)
    candidates = mst.candidates(attributes)
    num_pairs = min(
        max(round(config.pairs_per_attribute * len(attributes)), 1), len(candidates)
    )
    num_counts = len(attributes) + num_pairs

    def parts(noise_multiplier: float) -> tuple[float, float]:
        """Sigma of a count and range of a choice."""
        sigma = noise_multiplier * (num_counts / (1 - _SHARE_OF_CHOICES)) ** 0.5
        choice = 2 / noise_multiplier * (_SHARE_OF_CHOICES / max(num_pairs, 1)) ** 0.5
        return sigma, choice

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        sigma, choice = parts(noise_multiplier)
        repeated = dp_accounting.SelfComposedDpEvent
        return dp_accounting.ComposedDpEvent(
            [
                repeated(events.DiscreteGaussianDpEvent(sigma), num_counts),
                repeated(events.ExponentialMechanismDpEvent(choice), num_pairs),
            ]
        )

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigma, epsilon_choice = parts(noise_multiplier)

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        records = relation.records(
            streams.batch, schema, devices, first=context.part.first
        )
        single = model.measure_once(
            context,
            "single",
            lambda: context.integer_noise(
                jax.random.fold_in(streams.noise, 0),
                context.part.total(np.concatenate(model.one_way(schema, records))),
                sigma,
            ),
        )
        merged = model.merge_all(schema, model.split(single, schema), sigma=sigma)
        search = _Search(
            config=config,
            schema=schema,
            merged=merged,
            records=graph.merge_records(merged, records),
            total=budget.num_devices,
            sigma=sigma,
            epsilon_choice=epsilon_choice,
        )
        shares = np.array_split(np.arange(num_pairs), config.num_rounds)
        for number, part in enumerate(shares):
            search.fit(config.num_iterations)
            search.choose_and_measure(streams, context, number, len(part))
            context.progress(number + 1, config.num_rounds + 1, {})
        search.fit(3 * config.num_iterations)
        context.progress(config.num_rounds + 1, config.num_rounds + 1, {})
        return model.pack(merged, search.steps, search.tables)

    def sample(
        key: Key[Array, ""], fitted: base.Tree, count: int
    ) -> arrays.DeviceArrays:
        return model.sample(key, schema, fitted, count)

    return base.Synthesizer(
        event=make_event(noise_multiplier),
        fit=fit,
        sample=sample,
        facts={
            "noise_multiplier": noise_multiplier,
            "sigma": sigma,
            "epsilon_choice": epsilon_choice,
            "num_attributes": len(attributes),
            "num_pairs": num_pairs,
            "num_rounds": config.num_rounds,
            "max_model_mb": config.max_model_mb,
        },
    )


class _Search:
    """The model of a fit and what was measured for it."""

    def __init__(
        self,
        *,
        config: Config,
        schema: schemas.Schema,
        merged: Sequence[merge.Merged],
        records: relation.Records,
        total: int,
        sigma: float,
        epsilon_choice: float,
    ) -> None:
        self._config, self._records, self._total = config, records, total
        self._sigma, self._epsilon_choice = sigma, epsilon_choice
        self._sizes = [part.num_groups for part in merged]
        self._details = model.details(schema)
        self._candidates = mst.candidates(relation.attributes(schema))
        self._measurements = model.measurements(merged, sigma=sigma)
        self._pairs: list[mst.Pair] = []
        self._model = None
        self.steps: tuple[graph.Step, ...] = ()
        self.tables: list[np.ndarray] = []

    def fit(self, num_iterations: int) -> None:
        """Fits the model to what was measured; without pairs, that is independence."""
        self.steps = graph.plan(self._sizes, self._pairs, self._details)
        if not self._pairs:
            positive = [np.maximum(own.values, 0.0) for own in self._measurements]
            self.tables = [positive[step.attribute][None, :] for step in self.steps]
            return
        self._model = graph.estimate(
            self._sizes,
            self._measurements,
            total=self._total,
            num_iterations=num_iterations,
            start=self._model,
        )
        self.tables = graph.conditionals(self._sizes, self._model, self.steps)

    def choose_and_measure(
        self, streams: keys.Keys, context: base.Context, number: int, count: int
    ) -> None:
        """One round: chooses pairs and counts them under noise, once."""
        name = f"round{number}"
        saved = context.store.load(name)
        if saved is None:
            pairs = self._choose(streams, context, number, count)
            exact = self._exact(context, pairs)
            key = jax.random.fold_in(jax.random.fold_in(streams.noise, 1), number)
            flat = np.concatenate([*exact, np.zeros(0, np.int64)])
            saved = {
                "pairs": np.array(pairs, np.int64).reshape(-1, 2),
                "counts": context.integer_noise(key, flat, self._sigma),
            }
            context.store.save(name, saved)
        start = 0
        for pair in ((int(first), int(second)) for first, second in saved["pairs"]):
            stop = start + self._sizes[pair[0]] * self._sizes[pair[1]]
            values = np.asarray(saved["counts"])[start:stop].astype(np.float64)
            stddev = np.full(stop - start, self._sigma)
            self._measurements.append(graph.Measurement(pair, values, stddev))
            self._pairs.append(pair)
            start = stop

    def _exact(
        self, context: base.Context, pairs: Sequence[mst.Pair]
    ) -> list[np.ndarray]:
        """Counts of pairs over the fleet. Private."""
        return context.part.total(
            [graph.marginal(self._sizes, self._records, pair) for pair in pairs]
        )

    def _choose(
        self, streams: keys.Keys, context: base.Context, number: int, count: int
    ) -> list[mst.Pair]:
        """Pairs that the model fits badly, fewer if too few are affordable."""
        generator = np.random.default_rng(
            np.asarray(
                jax.random.key_data(jax.random.fold_in(streams.sample, number))
            ).ravel()
        )
        drawn = graph.draw_merged(
            generator, self._sizes, self.steps, self.tables, _DRAWN
        )
        exact = self._exact(context, self._candidates)
        scores = aim.scores(
            self._sizes,
            exact,
            drawn,
            self._candidates,
            total=self._total,
            sigma=self._sigma,
        )
        key = jax.random.fold_in(jax.random.fold_in(streams.noise, 2), number)
        chosen: list[mst.Pair] = []
        for position in range(count):
            allowed = aim.affordable(
                self._sizes,
                self._candidates,
                [*self._pairs, *chosen],
                self._details,
                max_cells=self._config.max_cells,
                max_mb=self._config.max_model_mb,
            )
            if not allowed:
                break
            best = mechanisms.exponential_choice(
                jax.random.fold_in(key, position),
                scores[allowed],
                epsilon=self._epsilon_choice,
            )
            chosen.append(self._candidates[allowed[best]])
        return chosen
