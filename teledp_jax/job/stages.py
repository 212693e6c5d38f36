"""The stages of a run folder: each is run once, found again, and kept."""

import contextlib
import fcntl
import pathlib
import time
from collections.abc import Callable, Iterator

from absl import logging

from teledp_jax import errors, runs, storage


class Stages:
    """Which stages of a run folder finished, and on what."""

    def __init__(
        self,
        run: runs.Run,
        mirror: storage.Mirror | None,
        token: Callable[[str, str], str],
    ) -> None:
        """Reads nothing yet.

        Args:
            run: The run folder, on this machine.
            mirror: Keeps it in object storage as well.
            token: From a stage and its label (empty: none) to a fingerprint of all that
                its result depends on.
        """
        self._run, self._mirror, self._token = run, mirror, token

    def finished(self, stage: str, label: str = "") -> bool:
        """Whether a stage finished on this config, these inputs and this code."""
        marker = self._marker(stage, label)
        if not marker.exists():
            return False
        saved: str = runs.read_json(marker)["fingerprint"]
        return saved == self._token(stage, label)

    def need(self, stage: str, label: str = "") -> None:
        """Refuses to build on a stage that another config, source or seed has made.

        Raises:
            InputError: If the stage did not finish under this config.
        """
        if not self.finished(stage, label):
            script = "aggregate" if stage == "encode" else stage
            raise errors.InputError(
                f"{self._run.folder}: stage {stage} {label} did not finish under this "
                f"config; run scripts/{script}.py first, with the same flags."
            )

    def once(self, stage: str, action: Callable[[], None], label: str = "") -> None:
        """Runs a stage unless it finished before on the same config and inputs.

        Raises:
            InputError: If the inputs changed meanwhile; then it did not finish.
        """
        name = _name(stage, label)
        if self.finished(stage, label):
            logging.info("%s: finished before, not run again", name)
            return
        marker, token = self._marker(stage, label), self._token(stage, label)
        marker.unlink(missing_ok=True)
        if self._mirror is not None:
            self._mirror.withdraw(marker)
        started = time.perf_counter()
        action()
        seconds = time.perf_counter() - started
        if self._token(stage, label) != token:
            raise errors.InputError(
                f"{self._run.folder}: files of the source changed while stage {name} "
                "ran; run it again when they rest."
            )
        runs.write_json(marker, {"fingerprint": token, "seconds": seconds})
        self.keep()
        logging.info("%s: finished in %.1f s", name, seconds)

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

    def _marker(self, stage: str, label: str) -> pathlib.Path:
        """The file that says that a stage finished, and on what."""
        return self._run.private / "stages" / f"{_name(stage, label)}.json"


def _name(stage: str, label: str) -> str:
    """Name of a stage, for files and people."""
    return f"{stage}-{label}" if label else stage
