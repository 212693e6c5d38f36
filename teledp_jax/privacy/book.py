"""Keeps the budget book: what all releases from one data set cost together."""

import contextlib
import dataclasses
import datetime
import fcntl
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import dp_accounting

from teledp_jax import errors
from teledp_jax.privacy import accounting, events


def from_settings(
    path: str | None,
    *,
    data_set: str | None,
    cap_epsilon: float | None,
    delta: float,
    prefix: str,
) -> "Book | None":
    """Makes the book that settings name, of a config or of flags.

    Args:
        path: The file; None: the owner keeps no book.
        data_set: The owner's name for the data set.
        cap_epsilon: The cap on what all its releases cost together.
        delta: Delta at which the cap is stated.
        prefix: What names of settings begin with, for messages.

    Raises:
        InputError: If the data set or the cap is not stated.
    """
    if not path:
        return None
    if not data_set or not cap_epsilon:
        raise errors.InputError(
            f"{prefix}book: state {prefix}data_set, your name for the data set, and "
            f"{prefix}cap_epsilon, the most that all its releases may cost together."
        )
    return Book(
        path=pathlib.Path(path),
        data_set=data_set,
        epsilon=float(cap_epsilon),
        delta=float(delta),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Book:
    """Writes releases into a file, one JSON line each, that outlives run folders.

    The owner of the data names the data set; new source files or another window under
    that name go on where the last release stopped, since they may hold the same
    devices.

    Attributes:
        path: The file; made when the first release is entered, for its owner only.
        data_set: The owner's name for the data set.
        epsilon: The cap on what all releases of the data set cost together.
        delta: Delta at which the cap is stated.
    """

    path: pathlib.Path
    data_set: str
    epsilon: float
    delta: float

    def enter(
        self,
        release: str,
        event: dp_accounting.DpEvent,
        *,
        about: str,
        fingerprint: str,
    ) -> float:
        """Writes a release down, before it reads private data.

        A release that stands in the book already (a run that was killed and goes on
        with the same keys) is not entered twice.

        Args:
            release: Identifies the release; other keys make another release.
            event: All that it reads.
            about: What it is, for people.
            fingerprint: Of the source's files, for people: it resets nothing.

        Returns:
            Epsilon of all releases of the data set, this one included.

        Raises:
            InputError: If they would exceed the cap, then nothing is written; if the
                file cannot be read or written.
        """
        with self._locked() as file:
            lines = self._read(file)
            if any(line["release"] == release for line in lines):
                return self._epsilon(lines)
            line = {
                "release": release,
                "data_set": self.data_set,
                "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                "about": about,
                "fingerprint": fingerprint,
                "event": events.to_json(event),
            }
            epsilon = self._epsilon([*lines, line])
            self._refuse_above_cap(epsilon, about)
            file.seek(0, os.SEEK_END)
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
            return epsilon

    def check(self, event: dp_accounting.DpEvent, *, about: str) -> None:
        """Refuses what the book has no room for; writes nothing.

        Args:
            event: All that would be read.
            about: What it is, for people.

        Raises:
            InputError: If all releases of the data set would exceed the cap with it;
                if the file is there and cannot be read.
        """
        lines = []
        if self.path.exists():
            with self._locked() as file:
                lines = self._read(file)
        self._refuse_above_cap(
            self._epsilon([*lines, {"event": events.to_json(event)}]), about
        )

    def epsilon_spent(self) -> float:
        """Epsilon of all releases of the data set so far; 0 without a file."""
        if not self.path.exists():
            return 0.0
        with self._locked() as file:
            return self._epsilon(self._read(file))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Any]:
        """The file, held against other runs."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise errors.InputError(
                f"{self.path}: the budget book cannot be opened ({error.strerror}); "
                "set budget.book to a file that you may write."
            ) from None
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _read(self, file: Any) -> list[dict[str, Any]]:
        """The lines of the data set."""
        lines = []
        for number, text in enumerate(file.read().splitlines(), start=1):
            try:
                line = json.loads(text)
                events.from_json(line["event"])
                matches = line["data_set"] == self.data_set and line["release"]
            except (ValueError, KeyError, TypeError) as error:
                raise errors.InputError(
                    f"{self.path}: line {number} is no release ({error}); restore the "
                    "book from a copy, as what it forgets is spent all the same."
                ) from None
            if matches:
                lines.append(line)
        return lines

    def _refuse_above_cap(self, epsilon: float, about: str) -> None:
        """Raises InputError if releases together cost more than the cap."""
        if epsilon > self.epsilon:
            raise errors.InputError(
                f"{self.path}: {about} would bring {self.data_set} to epsilon "
                f"{epsilon:.4f}, above its cap of {self.epsilon}; nothing was read."
            )

    def _epsilon(self, lines: list[dict[str, Any]]) -> float:
        """Epsilon by privacy loss distributions of the releases together."""
        parts = [events.from_json(line["event"]) for line in lines]
        if not parts:
            return 0.0
        return accounting.epsilon_pld(dp_accounting.ComposedDpEvent(parts), self.delta)
