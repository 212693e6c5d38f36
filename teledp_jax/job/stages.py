"""The stages of a run folder: each is run once, found again, and kept."""

import contextlib
import fcntl
import os
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from absl import logging

from teledp_jax import errors, runs, storage
from teledp_jax.job import dependencies

_NOISY = ("encode", "synthesize", "answer")
"""Stages whose every result is another one: what rests on an older result is stale."""

_SHOWN = 4  # names of what changed, in one line
_COMMANDS = {"encode": "aggregate", "synthesize": "fit"}
"""The command that runs a stage, where it has another name."""


class _Changes(NamedTuple):
    """What changed since a stage finished.

    Attributes:
        inputs: Names of what the user states or owns.
        code: Whether the code changed, of the stage or of one before it.
        spends: Whether the stage would spend budget again.
    """

    inputs: list[str]
    code: bool
    spends: bool


class Stages:
    """Which stages of a run folder finished, and on what."""

    def __init__(
        self,
        run: runs.Run,
        mirror: storage.Mirror | None,
        basis: Callable[[dependencies.Stage], dependencies.Basis],
        *,
        spend_again: bool = False,
    ) -> None:
        """Reads nothing yet.

        Args:
            run: The run folder, on this machine.
            mirror: Keeps it in object storage as well.
            basis: Tells what a stage depends on.
            spend_again: Whether a stage that spent budget may do so again.
        """
        self._run, self._mirror, self._basis = run, mirror, basis
        self._spend_again = spend_again

    def finished(self, stage: dependencies.Stage) -> bool:
        """Tells whether a stage finished, so that `once` would leave it as it is.

        What would spend budget again is left as it is if only code changed.

        Raises:
            InputError: If the config or inputs of a stage changed that spent budget,
                and nobody said that it may spend again.
        """
        return self._stays(stage, self._changes(stage))

    def _stays(self, stage: dependencies.Stage, changes: _Changes | None) -> bool:
        """Whether a stage is left as it is, given what changed."""
        if changes is None:
            return False
        if not changes.inputs and not changes.code:
            return True
        if self._spend_again or not changes.spends:
            return False
        if changes.inputs:
            names = ", ".join(changes.inputs[:_SHOWN])
            more = len(changes.inputs) - _SHOWN
            raise errors.InputError(
                f"{self._run.folder}: stage {stage} has read private data and finished;"
                f" since then changed: {names}{f' and {more} more' * (more > 0)}. Give "
                "--spend_again to run it again, which adds to the budget that is "
                "spent, or take the change back."
            )
        return True

    def need(self, stage: dependencies.Stage, *, same_code: bool = False) -> None:
        """Refuses to build on a stage that another config or source has made.

        Args:
            stage: What must have finished.
            same_code: Whether the present code must have made it, and all before it,
                unless that would spend budget again.

        Raises:
            InputError: If the stage did not finish so.
        """
        changes = self._changes(stage)
        if changes is None or changes.inputs:
            known = "this config"
        elif same_code and not self._is_current(stage):
            known = "the present code"
        else:
            return
        command = _COMMANDS.get(stage.name, stage.name)
        raise errors.InputError(
            f"{self._run.folder}: stage {stage} did not finish under {known}; run "
            f"teledp {command} first, with the same flags."
        )

    def once(
        self,
        stage: dependencies.Stage,
        action: Callable[[dependencies.Basis], None],
        *,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """Runs a stage unless it finished before.

        Args:
            stage: The stage.
            action: Does its work, given what it depends on.
            forget: Called before a stage that finished before runs again.

        Raises:
            InputError: If the inputs changed meanwhile, then it did not finish; or as
                `finished` does.
        """
        changes = self._changes(stage)
        if self._stays(stage, changes):
            if changes is not None and changes.code:
                logging.info(
                    "%s: kept, though code changed since it finished: to run it again "
                    "spends budget again, and --spend_again does so",
                    stage,
                )
            else:
                logging.info("%s: finished before, not run again", stage)
            return
        marker, basis = self._marker(stage), self._basis(stage)
        marker.unlink(missing_ok=True)
        if self._mirror is not None:
            self._mirror.withdraw(marker)
        if changes is not None:
            forget()
        started = time.perf_counter()
        action(basis)
        seconds = time.perf_counter() - started
        if self._basis(stage).inputs != basis.inputs:
            raise errors.InputError(
                f"{self._run.folder}: files of the source changed while stage {stage} "
                "ran; run it again when they rest."
            )
        saved = {
            "inputs": basis.inputs,
            "code": basis.code,
            "earlier": {str(other): self._mark(other) for other in basis.earlier},
            "mark": os.urandom(8).hex(),
            "seconds": seconds,
        }
        runs.write_json(marker, saved)
        self.keep()
        logging.info("%s: finished in %.1f s", stage, seconds)

    def _changes(self, stage: dependencies.Stage) -> _Changes | None:
        """What changed since a stage finished; None if it did not finish."""
        if (saved := self._saved(stage)) is None:
            return None
        basis = self._basis(stage)
        if "inputs" not in saved:
            names = ["the version of teledp_jax that ran it"]
            return _Changes(names, code=True, spends=basis.spends)
        was, now = saved["inputs"], basis.inputs
        inputs = sorted(n for n in {*was, *now} if was.get(n) != now.get(n))
        code = saved["code"] != basis.code
        for other in basis.earlier:
            if saved["earlier"].get(str(other)) == self._mark(other):
                continue
            code = True
            if other.name in _NOISY:
                inputs.append(f"stage {other}")
        return _Changes(inputs, code, basis.spends)

    def _is_current(self, stage: dependencies.Stage) -> bool:
        """Whether the present code made a stage and all before it, as far as it may."""
        changes = self._changes(stage)
        if changes is None or changes.inputs:
            return False
        if changes.spends:
            return True
        earlier = self._basis(stage).earlier
        return not changes.code and all(map(self._is_current, earlier))

    def _mark(self, stage: dependencies.Stage) -> str | None:
        """What tells one result of a stage from another."""
        saved = self._saved(stage) or {}
        return saved.get("mark")

    def _saved(self, stage: dependencies.Stage) -> dict[str, Any] | None:
        """What was written down when a stage finished."""
        marker = self._marker(stage)
        return runs.read_json(marker) if marker.exists() else None

    def keep(self) -> None:
        """Takes what was written to object storage, if the run lies there."""
        if self._mirror is not None:
            self._mirror.upload()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Holds the run folder against a second run, and fetches what storage has.

        Raises:
            InputError: If another run holds it, or the storage fails.
        """
        with (self._run.private / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.InputError(
                    f"{self._run.folder}: another run is at work here; wait for it or "
                    "choose another --workdir."
                ) from None
            if self._mirror is not None:
                self._mirror.fetch()
            yield

    def _marker(self, stage: dependencies.Stage) -> pathlib.Path:
        """The file that says that a stage finished, and on what."""
        return self._run.private / "stages" / f"{stage}.json"
