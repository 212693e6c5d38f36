"""Writes down what each release reads, before it is read."""

from collections.abc import Mapping
from typing import Any

import dp_accounting

from teledp_jax import errors
from teledp_jax.privacy import accounting, events

UNIT = "one device with all its rows in all tables"
ADJACENCY = "add or remove one device"
SHARED = ("count", "domains")
"""Stages that all releases of a run share: what they read is read once."""

Part = tuple[str, str, dp_accounting.DpEvent]
"""What was read: stage, mechanism, event."""


class Ledger:
    """Holds the events of one release, in the order in which they read the data."""

    def __init__(
        self, *, epsilon: float, delta: float, claim: Mapping[str, Any] | None = None
    ) -> None:
        """Opens the books.

        Args:
            epsilon: The budget.
            delta: The budget's.
            claim: What a published study says of such a release, where its books are
                kept as the study keeps them: then, and only then, events may exceed
                the budget. The entry says so, and must never be released.
        """
        self._epsilon = epsilon
        self._delta = delta
        self._claim = claim
        self._entries: list[Part] = []

    @property
    def event(self) -> dp_accounting.DpEvent:
        """All events composed."""
        return dp_accounting.ComposedDpEvent([entry[2] for entry in self._entries])

    def spend(self, stage: str, mechanism: str, event: dp_accounting.DpEvent) -> None:
        """Adds an event; call it before the stage reads private data.

        Args:
            stage: Name of the stage.
            mechanism: What reads, for people.
            event: What it reads.

        Raises:
            InputError: If the release would exceed its budget, and nobody claims that
                it does not; nothing is added.
        """
        if self._claim is not None:
            self._entries.append((stage, mechanism, event))
            return
        total = dp_accounting.ComposedDpEvent([self.event, event])
        epsilon = accounting.epsilon_pld(total, self._delta)
        if epsilon > self._epsilon:
            raise errors.InputError(
                f"Stage {stage} would bring epsilon to {epsilon:.4f}, above "
                f"budget.epsilon={self._epsilon}; nothing was read."
            )
        self._entries.append((stage, mechanism, event))

    def record(self, num_devices: int) -> dict[str, Any]:
        """Returns the release as an entry of `ledger.json`.

        Args:
            num_devices: Noisy number of devices, to set delta beside.

        Returns:
            What `record` returns, and the claim of a study if there is one.
        """
        entry = record(
            self._entries,
            epsilon=self._epsilon,
            delta=self._delta,
            num_devices=num_devices,
        )
        if self._claim is not None:
            entry["claimed"] = dict(self._claim)
        return entry


def record(
    entries: list[Part],
    *,
    epsilon: float | None,
    delta: float,
    num_devices: int,
) -> dict[str, Any]:
    """Makes an entry of `ledger.json` from (stage, mechanism, event) triples.

    Args:
        entries: What was read, in order.
        epsilon: The budget, or None where several releases are added up.
        delta: Delta at which epsilon is stated.
        num_devices: Noisy number of devices.

    Returns:
        Unit, adjacency, events, budget, epsilon by both accountants, and delta.
    """
    event = dp_accounting.ComposedDpEvent([entry[2] for entry in entries])
    spent = accounting.epsilon_pld(event, delta)
    result: dict[str, Any] = {
        "unit": UNIT,
        "adjacency": ADJACENCY,
        "events": [
            {
                "stage": stage,
                "mechanism": mechanism,
                "event": events.to_json(part),
                "text": events.describe(part),
            }
            for stage, mechanism, part in entries
        ],
        "budget": {"epsilon": epsilon, "delta": delta},
        "within_budget": None if epsilon is None else spent <= epsilon,
        "epsilon_pld": spent,
        "epsilon_rdp": None,
        "delta": delta,
        "delta_times_devices": delta * num_devices,
    }
    try:
        result["epsilon_rdp"] = accounting.epsilon_rdp(event, delta)
    except dp_accounting.UnsupportedEventError as error:
        result["rdp_note"] = str(error)
    return result


def total(
    entries: Mapping[str, Mapping[str, Any]], *, num_devices: int
) -> dict[str, Any]:
    """Adds up what all releases of a run cost, as an entry of `ledger.json`.

    Delta is stated at the largest delta of the releases. What they share (the number of
    devices, private domains) is read once.

    Args:
        entries: Label to entry; all begin with the events they share.
        num_devices: Noisy number of devices.

    Returns:
        An entry as `record` makes it, of all events; it has no budget.
    """
    parts: list[Part] = []
    shared = set()
    for label, entry in entries.items():
        for part in entry["events"]:
            if part["stage"] in shared:
                continue
            if part["stage"] in SHARED:
                shared.add(part["stage"])
            event = events.from_json(part["event"])
            parts.append((f"{label}: {part['stage']}", part["mechanism"], event))
    delta = max(entry["delta"] for entry in entries.values())
    return record(parts, epsilon=None, delta=delta, num_devices=num_devices)
