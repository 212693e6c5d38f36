"""What one device changes of the sums that DP-SGD adds noise to, against the bound."""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax import keys
from teledp_jax.audit import declared, transcript
from teledp_jax.dpsgd import gaussian, sampling, steps, trainable
from teledp_jax.privacy import findings

SHARE = "DP-SGD sensitivity"
_ROUNDING = 1e-4  # of sums in float32


def check(
    method: str,
    trained: Sequence[tuple[transcript.Training, transcript.Training]],
    said: declared.Declared,
) -> list[findings.Finding]:
    """Holds the recipe of each training to its event, and the reach of a device.

    Args:
        method: Its name.
        trained: Trainings on fleets that differ in a device.
        said: What the event declares.
    """
    if not trained:
        if not said.steps:
            return []
        return [findings.Finding(SHARE, method, "no training", "steps", findings.FAILS)]
    shares = _Shares()
    rows = []
    for before, after in trained:
        recipe = after.recipe
        step = sampling.exact_probability(recipe.sampling_prob), recipe.noise_multiplier
        row = reach(before, after, method=method, shares=shares)
        missing = gaussian.failure_probability(num_parameters(after), recipe.num_steps)
        if recipe != before.recipe or said.steps != {step: recipe.num_steps}:
            row = row._replace(measured="another recipe", verdict=findings.FAILS)
        if said.inexactness < missing:
            row = row._replace(measured="inexact noise", verdict=findings.FAILS)
        rows.append(row)
    return [max(rows, key=lambda row: (row.is_bad, row.measured))]


def reach(
    before: transcript.Training,
    after: transcript.Training,
    *,
    method: str,
    shares: "_Shares | None" = None,
) -> findings.Finding:
    """Measures what a device changes of the sum under noise, against the bound."""
    most = (shares or _Shares()).of(before, after)
    limit = after.recipe.clip.l2_clip_norm
    return findings.Finding(
        SHARE,
        method,
        f"L2 {most:.4f}",
        f"L2 {limit:.4f}, and the declared steps",
        findings.verdict(most <= limit * (1 + _ROUNDING)),
    )


def num_parameters(found: transcript.Training) -> int:
    """Counts the numbers that each step of a training adds noise to."""
    return sum(np.size(leaf) for leaf in jax.tree.leaves(found.params))


class _Shares:
    """What devices change of the sum that DP-SGD adds noise to."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], Callable] = {}
        self._models: list[trainable.Model] = []

    def of(self, before: transcript.Training, after: transcript.Training) -> float:
        """Most that the device changes it, at its first and at other parameters.

        Every device is drawn, and drawn alike in both fleets.
        """
        before, after = _in_the_same_places(before, after)
        most = 0.0
        for params in (
            before.params,
            transcript.moved(before.params, before.streams.init),
        ):
            sums = [
                self._sum(before.model, found)(params, found.codes)
                for found in (before, after)
            ]
            change = jax.tree.map(jnp.subtract, *sums)
            squares = [
                float((np.asarray(x) ** 2).sum()) for x in jax.tree.leaves(change)
            ]
            most = max(most, sum(squares) ** 0.5)
        return most

    def _sum(self, model: trainable.Model, found: transcript.Training) -> Callable:
        """The exact sum of a fleet, compiled once for fleets of a size."""
        if not any(known is model for known in self._models):
            self._models.append(model)  # kept, so that no other takes its id
        name = id(model), len(found.codes)
        if name not in self._sums:
            recipe = dataclasses.replace(found.recipe, sampling_prob=1.0)
            step_keys = keys.Keys(*(jax.random.fold_in(k, 0) for k in found.streams))
            self._sums[name] = jax.jit(
                lambda params, codes: steps.drawn_sum(
                    model, params, step_keys, codes, recipe
                )
            )
        return self._sums[name]


def _in_the_same_places(
    before: transcript.Training, after: transcript.Training
) -> tuple[transcript.Training, transcript.Training]:
    """Two trainings with the device that only one has last.

    What is drawn for a device follows from its place, and all places draw alike. So a
    device that joins first changes what leaves as one that joins last does.
    """
    few, many = sorted((before.codes, after.codes), key=len)
    if len(many) != len(few) + 1:
        return before, after
    same = (few == many[:-1]).all(axis=1)
    place = len(few) if same.all() else int(same.argmin())
    moved = np.concatenate([np.delete(many, place, axis=0), many[place : place + 1]])
    if many is after.codes:
        return before, after._replace(codes=moved)
    return before._replace(codes=moved), after
