"""Enters noisy answers into a ledger before they are read: queries' and the log's.

A ledger file holds either one entry per label, as a run's `ledger.json` does, or one
entry only, to which each release of an event log adds.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from teledp_jax import runs
from teledp_jax.privacy import events, ledger


def read(path: pathlib.Path) -> list[ledger.Part]:
    """Reads what a ledger of one entry holds, in order; nothing if there is none.

    Args:
        path: The ledger.

    Returns:
        Stage, mechanism and event of each release.
    """
    saved = runs.read_json(path)["events"] if path.exists() else []
    return [
        (part["stage"], part["mechanism"], events.from_json(part["event"]))
        for part in saved
    ]


def enter(
    path: pathlib.Path,
    parts: Sequence[ledger.Part],
    *,
    delta: float,
    num_records: int,
    epsilon: float | None = None,
    label: str | None = None,
) -> Mapping[str, Any]:
    """Writes all that answers read into a ledger; call it before they are read.

    Args:
        path: The ledger, made if absent.
        parts: Everything that belongs to the entry, in order.
        delta: At which the ledger states epsilon.
        num_records: Noisy number of devices or users, 0 before they are counted.
        epsilon: The budget; None: there is none, releases only add up.
        label: Whose entry it is; None: the ledger is one entry.

    Returns:
        The entry.

    Raises:
        InputError: If the parts would exceed the budget; then nothing is written.
    """
    if epsilon is None:
        entry = ledger.record(
            list(parts), epsilon=None, delta=delta, num_devices=num_records
        )
    else:
        entered = ledger.Ledger(epsilon=epsilon, delta=delta)
        for part in parts:
            entered.spend(*part)
        entry = entered.record(num_records)
    if label is None:
        runs.write_json(path, entry)
    else:
        entries = runs.read_json(path) if path.exists() else {}
        runs.write_json(path, {**entries, label: entry})
    return entry
