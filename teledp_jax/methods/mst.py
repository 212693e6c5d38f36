"""Noisy pairs of attributes that span a tree, and the graphical model they imply."""

import dataclasses

import dp_accounting
import jax
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, schemas
from teledp_jax.marginals import graph, model, mst, relation
from teledp_jax.privacy import accounting, budgets, events, mechanisms


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the spanning tree.

    A third of the budget measures single attributes, a third chooses pairs and a third
    measures them, as published. Rounds are one for each attribute less one; time and
    memory follow from the schema alone, not from the data.

    Attributes:
        num_iterations: Steps of mirror descent at the end.
    """

    num_iterations: int = 1000

    def __post_init__(self) -> None:
        if self.num_iterations < 1:
            raise errors.InputError("Expected num_iterations > 0.")


def make(
    config: Config, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Calibrates the noise of single attributes, of choices and of pairs.

    A device is one record over all tables (`marginals.relation`): it changes one cell
    by one in each marginal that is measured.
    """
    attributes = relation.attributes(schema)
    num_single, num_pairs = len(attributes), max(len(attributes) - 1, 1)
    num_choices = mst.num_choices(attributes)

    def parts(noise_multiplier: float) -> tuple[float, float, float]:
        """Sigma of single attributes, range of a choice, sigma of pairs."""
        single = noise_multiplier * (3 * num_single) ** 0.5
        choice = 2 / (noise_multiplier * (3 * max(num_choices, 1)) ** 0.5)
        return single, choice, noise_multiplier * (3 * num_pairs) ** 0.5

    def make_event(noise_multiplier: float) -> dp_accounting.DpEvent:
        single, choice, pair = parts(noise_multiplier)
        repeated = dp_accounting.SelfComposedDpEvent
        return dp_accounting.ComposedDpEvent(
            [
                repeated(events.DiscreteGaussianDpEvent(single), num_single),
                repeated(events.ExponentialMechanismDpEvent(choice), num_choices),
                repeated(events.DiscreteGaussianDpEvent(pair), num_pairs),
            ]
        )

    noise_multiplier = accounting.calibrate(make_event, budget)
    sigma_single, epsilon_choice, sigma_pair = parts(noise_multiplier)

    def fit(
        streams: keys.Keys, devices: arrays.DeviceArrays, context: base.Context
    ) -> base.Tree:
        arrays.check(schema, devices)
        part = context.part
        records = relation.records(streams.batch, schema, devices, first=part.first)

        def noisy(number: int, counts: np.ndarray, sigma: float) -> np.ndarray:
            key = jax.random.fold_in(streams.noise, number)
            return context.integer_noise(key, part.total(counts), sigma)

        single = model.measure_once(
            context,
            "single",
            lambda: noisy(
                0, np.concatenate(model.one_way(schema, records)), sigma_single
            ),
        )
        context.progress(1, 3, {})
        merged = model.merge_all(
            schema, model.split(single, schema), sigma=sigma_single
        )
        records = graph.merge_records(merged, records)
        sizes = [own.num_groups for own in merged]
        shares = [np.maximum(own.counts, 0) for own in merged]
        shares = [own / max(own.sum(), 1.0) for own in shares]

        def score(pair: mst.Pair) -> float:
            independent = np.outer(*(shares[index] for index in pair)).ravel()
            exact = part.total(graph.marginal(sizes, records, pair))
            return float(np.abs(exact - budget.num_devices * independent).sum())

        def choose(number: int, scores: np.ndarray) -> int:
            key = jax.random.fold_in(streams.noise, 2 + number)
            return mechanisms.exponential_choice(key, scores, epsilon=epsilon_choice)

        saved = context.store.load("pairs")
        if saved is None:
            found = mst.grow(attributes, score, choose)
            saved = {"pairs": np.array(found, np.int64).reshape(-1, 2)}
            context.store.save("pairs", saved)
        pairs = [(int(first), int(second)) for first, second in saved["pairs"]]
        context.progress(2, 3, {})

        counted = model.measure_once(
            context,
            "counted",
            lambda: noisy(
                1,
                np.concatenate(
                    [graph.marginal(sizes, records, pair) for pair in pairs]
                    or [np.zeros(0, np.int64)]
                ),
                sigma_pair,
            ),
        )
        measured = model.measurements(merged, sigma=sigma_single)
        start = 0
        for pair in pairs:
            stop = start + sizes[pair[0]] * sizes[pair[1]]
            cells = counted[start:stop].astype(np.float64)
            measured.append(
                graph.Measurement(pair, cells, np.full(stop - start, sigma_pair))
            )
            start = stop
        fitted = graph.estimate(
            sizes,
            measured,
            total=budget.num_devices,
            num_iterations=config.num_iterations,
        )
        steps = graph.plan(sizes, pairs, model.details(schema))
        context.progress(3, 3, {})
        return model.pack(merged, steps, graph.conditionals(sizes, fitted, steps))

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
            "sigma_single": sigma_single,
            "sigma_pair": sigma_pair,
            "epsilon_choice": epsilon_choice,
            "num_attributes": num_single,
            "num_rounds": num_choices,
        },
    )
