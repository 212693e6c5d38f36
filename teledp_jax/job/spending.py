"""What a run folder has spent: written down before private data are read.

Two files say so: the ledger of the data set, which is the owner's budget book if the
config names one, and `private/spent.json` of the run folder, which lists every release
that was ever begun there on real data, so that a second fit adds to the first one.
"""

import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import dp_accounting
import jax
from absl import logging
from jaxtyping import Array, Key

from teledp_jax import runs
from teledp_jax.job import settings
from teledp_jax.privacy import accounting, budgets, events
from teledp_jax.privacy import ledger as ledger_lib

EARLIER = "earlier"
"""The entry of a ledger's total for what was read before the present results."""


def budget(
    settings: settings.Settings,
    label: str,
    shared: Sequence[ledger_lib.Part],
    num_devices: int,
) -> budgets.Budget:
    """States the budget of one label, of which what all labels share is spent.

    Args:
        settings: The checked config.
        label: The label.
        shared: What is read once for all labels.
        num_devices: Noisy number of devices.

    Returns:
        The budget that a method is calibrated to.
    """
    epsilon, delta = settings.budget_of(label)
    return budgets.Budget(
        epsilon=epsilon,
        delta=delta,
        spent=dp_accounting.ComposedDpEvent([event for _, _, event in shared]),
        num_devices=num_devices,
    )


def enter(
    settings: settings.Settings,
    run: runs.Run,
    public: Key[Array, ""],
    event: dp_accounting.DpEvent,
    *,
    token: str,
    name: str,
    about: str,
) -> None:
    """Writes down what is about to be read.

    A run that was killed and goes on with the same keys is entered once.

    Args:
        settings: The checked config.
        run: The run folder; what the book says is kept in it for the report.
        public: The public key of the stream: other keys make another release.
        event: All that will be read.
        token: Fingerprint of config and inputs.
        name: Name of the label, or of what all labels share.
        about: What it is, for people.

    Raises:
        InputError: If all releases of the data set would exceed the owner's cap, or if
            another run has read it and nobody said that it may be read again; then
            nothing is written.
    """
    parts = (token, jax.random.key_data(public).tolist(), events.to_json(event))
    release = runs.fingerprint(*parts)
    if settings.book is not None:
        refuse_twice(settings, run, event)
        settings.book.enter(release, event, about=about, fingerprint=token)
        runs.write_json(run.book, settings.book.state())
    if settings.spends:
        _remember(settings, run, name, release, event)


def refuse_twice(
    settings: settings.Settings, run: runs.Run, event: dp_accounting.DpEvent
) -> None:
    """Refuses to read what other runs have read, unless the user said so.

    A run that has read the data set before goes on: it was allowed then.

    Args:
        settings: The checked config.
        run: The run folder.
        event: All that would be read.

    Raises:
        InputError: If other runs have read the data set; says what it would add up to.
    """
    own = {entry["release"] for entry in _spent(run)}
    if settings.book is None or settings.spend_again or not settings.spends or own:
        return
    settings.book.refuse_second(event)


def _remember(
    settings: settings.Settings,
    run: runs.Run,
    name: str,
    release: str,
    event: dp_accounting.DpEvent,
) -> None:
    """Adds a release to the list of the run folder, and tells what a second costs."""
    spent = _spent(run)
    if any(entry["release"] == release for entry in spent):
        return
    times = 1 + sum(entry["name"] == name for entry in spent)
    spent.append({"name": name, "release": release, "event": events.to_json(event)})
    runs.write_json(_path(run), spent)
    if times > 1:
        whole = [events.from_json(entry["event"]) for entry in spent]
        composed = dp_accounting.ComposedDpEvent(whole)
        logging.warning(
            "%s: reads private data for the time number %d; all that this run folder "
            "has read adds up to epsilon %.4f at delta %g.",
            name,
            times,
            accounting.epsilon_pld(composed, settings.delta),
            settings.delta,
        )


def last(run: runs.Run, name: str) -> str | None:
    """Finds the release that was begun last under a name; None on simulated data.

    Args:
        run: The run folder.
        name: A label, or what all labels share.
    """
    found = [entry["release"] for entry in _spent(run) if entry["name"] == name]
    return found[-1] if found else None


def earlier(
    run: runs.Run, present: Collection[str], *, delta: float
) -> Mapping[str, Mapping[str, Any]]:
    """Lists what was read here beside what the present results have read.

    Args:
        run: The run folder.
        present: Names whose last release the ledger lists already.
        delta: Delta at which a ledger states epsilon.

    Returns:
        One entry for `ledger.total`, or none if there is nothing to add.
    """
    spent = _spent(run)
    last = {entry["name"]: entry["release"] for entry in spent}
    parts = [
        {
            "stage": entry["name"],
            "mechanism": "a release that a later one replaced, or that is left out now",
            "event": entry["event"],
        }
        for entry in spent
        if entry["name"] not in present or entry["release"] != last[entry["name"]]
    ]
    return {EARLIER: {"events": parts, "delta": delta}} if parts else {}


def _path(run: runs.Run) -> pathlib.Path:
    """The list of a run folder."""
    return run.private / "spent.json"


def _spent(run: runs.Run) -> list[dict[str, Any]]:
    """All releases that were begun in a run folder, in order."""
    path = _path(run)
    return runs.read_json(path) if path.exists() else []
