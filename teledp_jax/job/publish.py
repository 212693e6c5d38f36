"""The folder `release/` of a run: the only part that may leave the building."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import dp_accounting

from teledp_jax import errors, runs
from teledp_jax.data import definition
from teledp_jax.job import settings, spending
from teledp_jax.privacy import accounting, events, ledger
from teledp_jax.report import card, receiver, run_files
from teledp_jax.trust import release


def publish(
    settings: settings.Settings, suite: definition.Suite, run: runs.Run
) -> None:
    """Writes card and tables of the labels that may leave; a seeded run has none.

    What was released before stays: of another label where it is, of another fit of the
    same label beside the new one, as `LABEL.1`.

    Args:
        settings: The checked config.
        suite: The suite.
        run: The run folder, evaluated.

    Raises:
        InputError: If the labels exceed the budget, together and with what the run has
            released before; then nothing is written.
    """
    if settings.seed is not None or not settings.released:
        return
    entries = runs.read_json(run.ledger)
    own = {label: entries[label] for label in settings.released}
    before = runs.read_json(run.published) if run.published.exists() else []
    together = ledger.total(own, num_devices=runs.read_json(run.count)["num_devices"])
    together = {"labels": list(own), "epsilon": together["epsilon_pld"]}
    new = [
        {
            "label": label,
            "release": spending.last(run, label),
            "events": [part["event"] for part in entry["events"]],
        }
        for label, entry in own.items()
    ]
    if settings.spends:
        _hold(settings, run, together["epsilon"], new, before)
    else:
        before = []
    for item in new:
        _put_aside(run, item, before)
    # Written first: what a killed run has released in part is released.
    runs.write_json(run.published, before + [i for i in new if i not in before])
    for label in own:
        if not settings.is_graded(label):
            shutil.rmtree(run.trust(label), ignore_errors=True)
        publish_label(suite, run, label, together={**together, "delta": settings.delta})


def publish_label(
    suite: definition.Suite,
    run: runs.Run,
    label: str,
    *,
    together: Mapping[str, Any] | None = None,
) -> None:
    """Writes card and page of a label within its budget; copies tables and grades.

    Args:
        suite: The suite.
        run: The run folder.
        label: The label.
        together: Labels that leave together, and what they cost, for the card.
    """
    card.write(run, label, suite.schema, together=together)
    folder = run.release(label)
    _copy_grades(run, label)
    for table in suite.schema.tables:
        name = f"{table.name}.parquet"
        with runs.atomic(folder / name) as temporary:
            shutil.copyfile(run.synthetic(label) / name, temporary)
    settings = runs.read_json(run.config)["config"]
    receiver.write(folder, run_files.queries_of(suite.folder / "queries", settings, []))


def _copy_grades(run: runs.Run, label: str) -> None:
    """Copies what refits told of a label's answers; removes older ones."""
    graded, folder = run.trust(label), run.release(label)
    for name in ("trust.parquet", "trust.json"):
        (folder / name).unlink(missing_ok=True)
        if graded.is_dir():
            with runs.atomic(folder / name) as temporary:
                shutil.copyfile(graded / name, temporary)
    shutil.rmtree(folder / release.REFITS, ignore_errors=True)
    if graded.is_dir():
        with runs.atomic_folder(folder / release.REFITS) as temporary:
            shutil.copytree(graded / release.REFITS, temporary, dirs_exist_ok=True)


def _hold(
    settings: settings.Settings,
    run: runs.Run,
    epsilon: float,
    new: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
) -> None:
    """Refuses a release that exceeds the budget, alone or with earlier ones."""
    if not epsilon <= settings.epsilon:
        raise errors.InputError(
            f"release: {', '.join(settings.released)} have read what composes to "
            f"epsilon {epsilon:.4f}, above budget.epsilon={settings.epsilon}; name "
            "fewer labels, or fit them again under a shared budget."
        )
    earlier = [item for item in before if item not in new]
    if not earlier or settings.spend_again or all(item in before for item in new):
        return
    parts = [
        events.from_json(event) for item in (*new, *earlier) for event in item["events"]
    ]
    whole = accounting.epsilon_pld(dp_accounting.ComposedDpEvent(parts), settings.delta)
    if whole > settings.epsilon:
        names = ", ".join(dict.fromkeys(item["label"] for item in earlier))
        raise errors.InputError(
            f"{run.folder / 'release'}: holds {names} already; with "
            f"{', '.join(settings.released)} what has left would cost epsilon "
            f"{whole:.4f}, above budget.epsilon={settings.epsilon}. Give --spend_again "
            "to release more, or release what was released before."
        )


def _put_aside(
    run: runs.Run, item: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> None:
    """Keeps the release of an earlier fit of the same label beside the new one."""
    folder = run.release(item["label"])
    others = [other for other in before if other["label"] == item["label"]]
    if not others or others[-1] == item or not folder.exists():
        return
    number = 1
    while (aside := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    folder.rename(aside)
