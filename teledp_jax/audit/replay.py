"""Replays on neighbouring fleets: the same randomness, one device more.

The second fit is given the answers of the first, so whatever differs in it is what the
device changes. Questions may differ by the declared sensitivity; all else, what is
saved, shown and returned, must be the same to the last bit.
"""

import collections
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np

from teledp_jax import arrays, base
from teledp_jax.audit import declared, fleets, trainings, transcript
from teledp_jax.privacy import findings, mechanisms

SENSITIVITY, FLOW, METADATA = "sensitivity", "control flow", "metadata"
KEYS = "noise keys"
CELLS = "private cells"


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
    """Returns all that replays say about a method."""
    said = declared.read(case.method.event)
    checks = [_flow(case, found), _metadata(case, found), _keys(case, found)]
    checks += _integers(case, found, said)
    checks += _choices(case, found, said) + _cells(case, found, said)
    trained = [
        (before, after)
        for pair in found
        if (before := _training(pair.first)) and (after := _training(pair.second))
    ]
    checks += trainings.check(case.name, trained, said)
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
    """Equal answers must give an equal fit and equal checkpoints."""
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
    """Tells whether two trees hold the same numbers in the same places, bit for bit."""
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
    """No noise key serves two mechanisms or two steps of one."""
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
        # Noise that no event states is a fault, though this device may change nothing.
        holds = most**2 <= limit + 1e-9 and entry <= limit_entry and limit > 0
        checks.append(
            findings.Finding(
                SENSITIVITY,
                f"{case.name}, counts of sigma {sigma:.3g}",
                f"L2 {most:.4g}, an entry by {entry}",
                f"L2 {limit**0.5:.4g}, an entry by {limit_entry}",
                findings.verdict(holds),
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
    ranges = set(said.choices) | {
        call.noise
        for pair in found
        for call in pair.first.calls
        if call.kind == transcript.CHOICE
    }
    for epsilon in sorted(ranges):
        most = max(
            float(np.abs(changes(pair, transcript.CHOICE, epsilon)).max(initial=0.0))
            for pair in found
        )
        # Of choices over parts of the fleet a device has a say in one.
        count = max(_num_changed(pair, epsilon) for pair in found)
        limit = said.choices.get(epsilon, 0)
        checks.append(
            findings.Finding(
                SENSITIVITY,
                f"{case.name}, choices of range {epsilon:.3g}",
                f"a score by {most:.4g}, in {count} choices",
                f"a score by 1, in {limit} choices",
                findings.verdict(most <= 1 + 1e-6 and count <= limit),
            )
        )
    return checks


def _num_changed(pair: Pair, epsilon: float) -> int:
    """Number of choices whose scores the device changes, or that have others."""
    return sum(
        before.exact.shape != after.exact.shape
        or bool((before.exact != after.exact).any())
        for before, after in zip(pair.first.calls, pair.second.calls, strict=False)
        if before.kind == transcript.CHOICE and before.noise == epsilon
    )


def _cells(
    case: fleets.Case, found: Sequence[Pair], said: declared.Declared
) -> list[findings.Finding]:
    """How likely cells are to show that only the device has."""
    calls = [call for pair in found for call in pair.first.calls if call.cells]
    if not calls and not said.failure:
        return []
    most = max(sum(call.chance for call in pair.second.calls) for pair in found)
    return [
        findings.Finding(
            CELLS,
            case.name,
            f"own cells show with a chance of {most:.3g}",
            f"at most {said.failure:.3g}",
            findings.verdict(most <= said.failure * (1 + 1e-9)),
        )
    ]


def _training(found: transcript.Transcript) -> transcript.Training | None:
    """The training of a fit."""
    for call in found.calls:
        if call.training is not None:
            return call.training
    return None
