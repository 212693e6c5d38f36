"""The file `ledger.json` of a run folder: what each label has read."""

from collections.abc import Sequence

import dp_accounting

from teledp_jax import runs
from teledp_jax.job import settings, spending
from teledp_jax.privacy import events, ledger


def enter_shared(
    settings: settings.Settings,
    run: runs.Run,
    shared: Sequence[ledger.Part],
    *,
    num_devices: int,
) -> None:
    """Writes what all labels share into the ledger of each.

    Args:
        settings: The checked config.
        run: The run folder.
        shared: What is read once for all labels.
        num_devices: Noisy number of devices; 0 before they are counted.
    """
    entries = {}
    for label in settings.labels:
        epsilon, delta = settings.budget_of(label)
        entered = ledger.Ledger(epsilon=epsilon, delta=delta)
        for part in shared:
            entered.spend(*part)
        entries[label] = entered.record(num_devices)
    runs.write_json(run.ledger, entries)


def hold_together(
    settings: settings.Settings,
    run: runs.Run,
    label: str,
    shared: Sequence[ledger.Part],
    event: dp_accounting.DpEvent,
) -> None:
    """Holds all labels that may leave to the one budget, before a fit of one reads.

    Args:
        settings: The checked config.
        run: The run folder; those that were fitted before stand in its ledger.
        label: The label that will be fitted.
        shared: What is read once for all labels.
        event: What the fit will read.

    Raises:
        InputError: If they would exceed the budget together.
    """
    if label not in settings.released:
        return
    together = ledger.Ledger(epsilon=settings.epsilon, delta=settings.delta)
    for part in shared:
        together.spend(*part)
    entries = runs.read_json(run.ledger) if run.ledger.exists() else {}
    for other in settings.release:
        for part in entries.get(other, {}).get("events", ()):
            if other != label and part["stage"] not in ledger.SHARED:
                read = events.from_json(part["event"])
                together.spend(f"{other}: {part['stage']}", part["mechanism"], read)
    together.spend(f"{label}: fit", label, event)


def add_up(
    settings: settings.Settings, run: runs.Run, shared: Sequence[ledger.Part]
) -> None:
    """Writes what all releases of the run folder cost together, replaced ones too.

    Args:
        settings: The checked config.
        run: The run folder, with an entry of each label.
        shared: What is read once for all labels.
    """
    entries = runs.read_json(run.ledger)
    entries = {label: entries[label] for label in settings.labels}
    if entries:
        present = [*settings.labels, *(stage for stage, _, _ in shared)]
        earlier = spending.earlier(run, present, delta=settings.delta)
        count = runs.read_json(run.count)["num_devices"]
        entries["total"] = ledger.total({**entries, **earlier}, num_devices=count)
    runs.write_json(run.ledger, entries)
