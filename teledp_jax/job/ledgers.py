"""The file `ledger.json` of a run folder: what each label has read."""

from collections.abc import Sequence

from teledp_jax import runs
from teledp_jax.job import settings, spending
from teledp_jax.privacy import ledger


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
        book = ledger.Ledger(epsilon=settings.epsilon, delta=settings.delta)
        for part in shared:
            book.spend(*part)
        entries[label] = book.record(num_devices)
    runs.write_json(run.ledger, entries)


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
