"""Chooses pairs round by round, by how badly the model so far fits them, for `aim`."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from teledp_jax import base, keys, schemas
from teledp_jax.marginals import aim, chosen_pairs, graph, merge, model, mst, relation
from teledp_jax.privacy import mechanisms

_NUM_DRAWN = 100_000  # records that stand for the model where pairs are compared


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What a search may spend, in noise and in size of the model.

    Attributes:
        sigma: Noise of the count of a cell.
        epsilon_choice: Range of the privacy loss of a choice.
        num_devices: Noisy number of devices.
        max_cells: Most cells of a pair, in merged codes.
        max_model_mb: Most memory of the model's tables, in MB.
    """

    sigma: float
    epsilon_choice: float
    num_devices: int
    max_cells: int
    max_model_mb: float


class Search:
    """The model of a fit and what was measured for it."""

    def __init__(
        self,
        schema: schemas.Schema,
        merged: Sequence[merge.Merged],
        records: relation.Records,
        limits: Limits,
    ) -> None:
        """Begins with single attributes.

        Args:
            schema: The public schema.
            merged: Noisy groups of each attribute's codes.
            records: Records of the private devices of this process, in merged codes.
            limits: What the search may spend.
        """
        self._records, self._limits = records, limits
        self._sizes = [part.num_groups for part in merged]
        self._details = model.details(schema)
        self._candidates = mst.candidates(relation.attributes(schema))
        self._measurements = model.measurements(merged, sigma=limits.sigma)
        self._pairs: list[mst.Pair] = []
        self._model = None
        self.steps: tuple[graph.Step, ...] = ()
        self.tables: list[np.ndarray] = []

    def fit(self, num_iterations: int) -> None:
        """Fits the model to what was measured; without pairs, that is independence.

        Args:
            num_iterations: Steps of mirror descent.
        """
        self.steps = graph.drawing_steps(self._sizes, self._pairs, self._details)
        if not self._pairs:
            positive = [np.maximum(own.values, 0.0) for own in self._measurements]
            self.tables = [positive[step.attribute][None, :] for step in self.steps]
            return
        self._model = graph.estimate(
            self._sizes,
            self._measurements,
            total=self._limits.num_devices,
            num_iterations=num_iterations,
            start=self._model,
        )
        self.tables = graph.conditionals(self._sizes, self._model, self.steps)

    def choose_and_measure(
        self, streams: keys.Keys, context: base.Context, number: int, count: int
    ) -> None:
        """Chooses pairs and counts them under noise, once: one round.

        Args:
            streams: Random streams of the fit.
            context: Of the fit.
            number: Of the round, from 0.
            count: Pairs of the round; fewer are chosen if too few are affordable.
        """
        chosen = chosen_pairs.pairs_once(
            f"pairs{number}",
            lambda: self._choose(streams, context, number, count),
            context,
        )
        self._measurements += chosen_pairs.measured_pairs(
            f"round{number}",
            jax.random.fold_in(jax.random.fold_in(streams.noise, 1), number),
            self._sizes,
            self._records,
            chosen,
            context,
            sigma=self._limits.sigma,
        )
        self._pairs += chosen

    def _choose(
        self, streams: keys.Keys, context: base.Context, number: int, count: int
    ) -> list[mst.Pair]:
        """Pairs that the model fits badly, fewer if too few are affordable."""
        scores = self._scores(jax.random.fold_in(streams.sample, number), context)
        key = jax.random.fold_in(jax.random.fold_in(streams.noise, 2), number)
        chosen: list[mst.Pair] = []
        for position in range(count):
            allowed = aim.affordable(
                self._sizes,
                self._candidates,
                [*self._pairs, *chosen],
                self._details,
                max_cells=self._limits.max_cells,
                max_mb=self._limits.max_model_mb,
            )
            if not allowed:
                break
            best = mechanisms.exponential_choice(
                jax.random.fold_in(key, position),
                scores[allowed],
                epsilon=self._limits.epsilon_choice,
            )
            chosen.append(self._candidates[allowed[best]])
        return chosen

    def _scores(self, key: jax.Array, context: base.Context) -> np.ndarray:
        """How badly the model fits each candidate. Private."""
        generator = keys.generator(key)
        drawn = graph.draw_merged(
            generator, self._sizes, self.steps, self.tables, _NUM_DRAWN
        )
        exact = context.part.total(
            [
                graph.marginal(self._sizes, self._records, pair)
                for pair in self._candidates
            ]
        )
        return aim.scores(
            self._sizes,
            exact,
            drawn,
            self._candidates,
            total=self._limits.num_devices,
            sigma=self._limits.sigma,
        )
