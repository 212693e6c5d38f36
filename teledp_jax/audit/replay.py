"""Replays on neighbouring fleets: the same randomness, one device more.

The second fit is given the answers of the first, so whatever differs in it is what the
device changes. Questions may differ by the declared sensitivity; all else, what is
saved, shown and returned, must be the same to the last bit.
"""

import collections
import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from teledp_jax import arrays, base, keys
from teledp_jax.audit import declared, fleets, transcript
from teledp_jax.dpsgd import gaussian, sampling, steps, trainable
from teledp_jax.privacy import findings, mechanisms

SENSITIVITY, FLOW, METADATA = "sensitivity", "control flow", "metadata"
KEYS, SHARE = "noise keys", "DP-SGD sensitivity"
_ROUNDING = 1e-4  # of sums in float32


class Pair(NamedTuple):
    """Two fits on neighbouring fleets, the second told what the first was."""

    name: str
    first: transcript.Transcript
    second: transcript.Transcript


def pairs(
    case: fleets.Case,
    *,
    fleet_sizes: Sequence[int] = (0, 12),
    seed: int = 0,
    noise: base.IntegerNoise = mechanisms.seeded_integer_noise,
    source: arrays.DeviceArrays | None = None,
) -> list[Pair]:
    """Fits on fleets, and on each with one extreme device more.

    The device is the last, so that what goes by position stays with its device.

    Args:
        case: The method.
        fleet_sizes: Devices of each fleet.
        seed: Of fleets and fits.
        noise: Sampler of the discrete Gaussian.
        source: A simulated fleet whose first devices are taken; none: random ones.

    Returns:
        One pair per fleet and extreme device; of an empty fleet only the fullest.
    """
    found = []
    for size in fleet_sizes:
        if source is None:
            fleet = fleets.random_devices(case.schema, size, seed)
        else:
            fleet = arrays.take(source, slice(size))
        ask = case.questions
        first = transcript.record(
            case.method, fleet, seed=seed, noise=noise, questions=ask
        )
        extreme = fleets.extreme_devices(case.schema)
        for name in extreme if size else ("fullest",):
            device = extreme[name]
            joined = arrays.concatenate([fleet, device])
            second = transcript.record(
                case.method, joined, seed=seed, noise=noise, answers=first.calls,
                questions=ask,
            )  # fmt: skip
            found.append(Pair(f"{size} devices + {name}", first, second))
    return found


def check(case: fleets.Case, found: Sequence[Pair]) -> list[findings.Finding]:
    """All that replays say about a method."""
    said = declared.read(case.method.event)
    checks = [_flow(case, found), _metadata(case, found), _keys(case, found)]
    checks += _integers(case, found, said)
    checks += _choices(case, found, said)
    checks += _trainings(case, found, said)
    return checks


def _flow(case: fleets.Case, found: Sequence[Pair]) -> findings.Finding:
    """The same questions in the same form, the same saves, the same steps shown."""
    strayed = []
    for pair in found:
        first, second = pair.first, pair.second
        strayed += [f"{pair.name}: {text}" for text in first.strayed + second.strayed]
        if len(first.calls) != len(second.calls):
            strayed.append(f"{pair.name}: number of questions")
        if [name for name, _ in first.saved] != [name for name, _ in second.saved]:
            strayed.append(f"{pair.name}: what is saved")
        if first.shown != second.shown:
            strayed.append(f"{pair.name}: what progress shows")
    calls = found[-1].first.calls
    return findings.Finding(
        FLOW,
        case.name,
        strayed[0][:100] if strayed else f"same {len(calls)} questions",
        f"same in {len(found)} pairs",
        findings.verdict(not strayed),
    )


def _metadata(case: fleets.Case, found: Sequence[Pair]) -> findings.Finding:
    """Equal answers, hence an equal fit and equal checkpoints."""
    different = []
    for pair in found:
        first, second = pair.first, pair.second
        if not same(first.fitted, second.fitted):
            different.append(f"{pair.name}: the fit")
        for (name, before), (_, after) in zip(first.saved, second.saved, strict=False):
            if not same(before, after):
                different.append(f"{pair.name}: checkpoint {name}")
    return findings.Finding(
        METADATA,
        case.name,
        f"differs: {different[0]}" if different else "bit for bit the same",
        "same but through noise",
        findings.verdict(not different),
    )


def same(first: base.Tree | None, second: base.Tree | None) -> bool:
    """Whether two trees hold the same numbers, bit for bit, in the same places."""
    if first is None or second is None:
        return first is second
    leaves, structure = jax.tree.flatten(first)
    others, other_structure = jax.tree.flatten(second)
    return repr(structure) == repr(other_structure) and all(
        np.asarray(a).dtype == np.asarray(b).dtype
        and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        and np.shape(a) == np.shape(b)
        for a, b in zip(leaves, others, strict=True)
    )


def _keys(case: fleets.Case, found: Sequence[Pair]) -> findings.Finding:
    """No noise key serves two mechanisms, nor two steps of one."""
    most, count = 1, 0
    for pair in found:
        used = [key for call in pair.first.calls for key in transcript.noise_keys(call)]
        count = max(count, len(used))
        most = max([most, *collections.Counter(used).values()])
    return findings.Finding(
        KEYS,
        case.name,
        f"a key serves {most} of {count} draws of noise",
        "1 draw",
        findings.verdict(most == 1),
    )


def _integers(
    case: fleets.Case, found: Sequence[Pair], said: declared.Declared
) -> list[findings.Finding]:
    """What a device changes of the integers under each noise."""
    checks = []
    sigmas = set(said.squares) | {
        call.noise
        for pair in found
        for call in pair.first.calls
        if call.kind == transcript.INTEGERS
    }
    for sigma in sorted(sigmas):
        most, entry = 0.0, 0
        for pair in found:
            change = changes(pair, transcript.INTEGERS, sigma)
            most = max(most, float((change**2).sum()) ** 0.5)
            entry = max(entry, int(np.abs(change).max(initial=0)))
        limit, limit_entry = said.squares.get(sigma, 0.0), said.entries.get(sigma, 0)
        checks.append(
            findings.Finding(
                SENSITIVITY,
                f"{case.name}, counts of sigma {sigma:.3g}",
                f"L2 {most:.4g}, an entry by {entry}",
                f"L2 {limit**0.5:.4g}, an entry by {limit_entry}",
                findings.verdict(most**2 <= limit + 1e-9 and entry <= limit_entry),
            )
        )
    return checks


def changes(pair: Pair, kind: str, noise: float) -> np.ndarray:
    """Collects what the device changes of all that is asked under one noise.

    Args:
        pair: Two fits that differ in a device.
        kind: Kind of the calls.
        noise: Noise scale of the calls.

    Returns:
        All changes in one vector; infinite if the shapes differ.
    """
    parts = [np.zeros(0)]
    for before, after in zip(pair.first.calls, pair.second.calls, strict=False):
        if before.kind != kind or not np.isclose(before.noise, noise, rtol=1e-9):
            continue
        if before.exact.shape != after.exact.shape:
            parts.append(np.array([np.inf]))
        else:
            parts.append((after.exact - before.exact).astype(np.float64).ravel())
    return np.concatenate(parts)


def _choices(
    case: fleets.Case, found: Sequence[Pair], said: declared.Declared
) -> list[findings.Finding]:
    """What a device changes of the scores that candidates are chosen by."""
    checks = []
    asked: dict[float, int] = {}
    for call in found[-1].first.calls:
        if call.kind == transcript.CHOICE:
            asked[call.noise] = asked.get(call.noise, 0) + 1
    for epsilon in sorted(set(asked) | set(said.choices)):
        most = max(
            float(np.abs(changes(pair, transcript.CHOICE, epsilon)).max(initial=0.0))
            for pair in found
        )
        count, limit = asked.get(epsilon, 0), said.choices.get(epsilon, 0)
        checks.append(
            findings.Finding(
                SENSITIVITY,
                f"{case.name}, choices of range {epsilon:.3g}",
                f"a score by {most:.4g}, {count} choices",
                f"a score by 1, {limit} choices",
                findings.verdict(most <= 1 + 1e-6 and count <= limit),
            )
        )
    return checks


def _trainings(
    case: fleets.Case, found: Sequence[Pair], said: declared.Declared
) -> list[findings.Finding]:
    """The recipe of each training against its event, and the reach of a device."""
    trained = [
        (before, after)
        for pair in found
        if (before := _training(pair.first)) and (after := _training(pair.second))
    ]
    if not trained:
        if not said.steps:
            return []
        text = "no training"
        return [findings.Finding(SHARE, case.name, text, "steps", findings.FAILS)]
    shares = _Shares()
    rows = []
    for before, after in trained:
        recipe = after.recipe
        step = sampling.exact_probability(recipe.sampling_prob), recipe.noise_multiplier
        row = reach(before, after, method=case.name, shares=shares)
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
    """What a device changes of the sum that DP-SGD adds noise to, against the bound."""
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


def _training(found: transcript.Transcript) -> transcript.Training | None:
    """The training of a fit."""
    for call in found.calls:
        if call.training is not None:
            return call.training
    return None


class _Shares:
    """What devices change of the sum that DP-SGD adds noise to."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], Callable] = {}
        self._models: list[trainable.Model] = []

    def of(self, before: transcript.Training, after: transcript.Training) -> float:
        """Most that the device changes it, at its first and at other parameters.

        Every device is drawn, and drawn alike in both fleets.
        """
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
