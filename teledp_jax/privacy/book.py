"""Keeps the ledger of a data set: what all releases from it cost together.

It outlives run folders, configs and versions of the code. With a cap it is a budget
book: its owner states the cap once, and no run can raise it.
"""

import dataclasses
import datetime
import pathlib
from typing import Any

import dp_accounting

from teledp_jax import errors
from teledp_jax.privacy import accounting, book_file, budgets, events


def from_settings(
    path: str | None,
    *,
    data_set: str | None,
    cap_epsilon: float | None,
    delta: float,
    prefix: str,
    source: str = "",
) -> "Book | None":
    """Makes the book that settings name, of a config or of flags.

    Args:
        path: The file; None: the user's own ledger, if there is a source.
        data_set: The owner's name for the data set.
        cap_epsilon: The cap on what all its releases cost together; None: the book
            states it already.
        delta: Delta at which a cap is stated, and totals where there is none.
        prefix: What names of settings begin with, for messages.
        source: Where real data lie; empty: there are none to protect.

    Returns:
        The book; None if nothing has to be kept.

    Raises:
        InputError: If the data set or the cap is not stated, a cap is no number or
            differs from that of the book, or the book cannot be read.
    """
    if not path:
        if cap_epsilon is not None:
            raise errors.InputError(
                f"{prefix}cap_epsilon: a cap needs a book; state {prefix}book, a file "
                "of all releases from the data set."
            )
        if not source:
            return None
        return Book(
            path=book_file.default_path(),
            data_set=data_set or source,
            source=source,
            is_named=bool(data_set),
            delta=float(delta),
        )
    missing = errors.InputError(
        f"{prefix}book: state {prefix}data_set, your name for the data set, and "
        f"{prefix}cap_epsilon, the most that all its releases may cost together."
    )
    if not data_set:
        raise missing
    owner = Book(
        path=pathlib.Path(path),
        data_set=data_set,
        source=source,
        epsilon=None if cap_epsilon is None else float(cap_epsilon),
        delta=float(delta),
    )
    if owner.state()["cap_epsilon"] is None:
        raise missing
    return owner


@dataclasses.dataclass(frozen=True, kw_only=True)
class Book:
    """Writes releases into a file, one JSON line each.

    The owner of the data names the data set; new source files or another window under
    that name go on where the last release stopped, since they may hold the same
    devices. Without a name the place of the source stands for it. What a source had
    before it was named counts under the name as well.

    Attributes:
        path: The file; made when the first release is entered, for its owner only.
        data_set: The owner's name for the data set, or where it lies.
        delta: Delta at which a first cap is stated, and totals where there is none.
        epsilon: The cap on what all releases cost together, if it is stated now: the
            first to state one sets it. None: that of the book, if it has one.
        source: Where the data lie; empty: not known.
        is_named: Whether `data_set` is the owner's name.
    """

    path: pathlib.Path
    data_set: str
    delta: float
    epsilon: float | None = None
    source: str = ""
    is_named: bool = True

    def __post_init__(self) -> None:
        budgets.check(1.0, self.delta)
        if self.epsilon is not None and not 0 < self.epsilon < float("inf"):
            raise errors.InputError(
                f"cap_epsilon: expected a finite number above 0, got {self.epsilon}."
            )

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
        with the same keys) is not entered twice, unless it now costs something else.

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
        line = {
            "release": release,
            "data_set": self.data_set,
            "named": self.is_named,
            "source": self.source,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "about": about,
            "fingerprint": fingerprint,
            "event": events.to_json(event),
        }
        with book_file.locked(self.path) as file:
            lines = self._own(book_file.read(self.path, file))
            cap, delta = self._cap(lines)
            known = [other for other in lines if other["release"] == release]
            if line["event"] in [other["event"] for other in known]:
                return _epsilon(lines, delta)
            if cap is not None:
                line["cap"] = {"epsilon": cap, "delta": delta}
            epsilon = _epsilon([*lines, line], delta)
            self._refuse_above_cap(epsilon, cap, about)
            book_file.append(self.path, file, line)
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
        lines = self.lines()
        cap, delta = self._cap(lines)
        if cap is not None:
            new = {"event": events.to_json(event)}
            self._refuse_above_cap(_epsilon([*lines, new], delta), cap, about)

    def refuse_second(self, event: dp_accounting.DpEvent) -> None:
        """Refuses to read a data set that was read before; says what it adds up to.

        Args:
            event: All that would be read.

        Raises:
            InputError: If the data set has a release.
        """
        if not (lines := self.lines()):
            return
        _, delta = self._cap(lines)
        new = {"event": events.to_json(event)}
        raise errors.InputError(
            f"{self.path}: this data set was read before, last for "
            f"{lines[-1].get('about')!r} at {lines[-1].get('at')}. What was read "
            f"({len(lines)} lines) adds up to epsilon {_epsilon(lines, delta):.4f} at "
            f"delta {delta:g}; with what this run reads it is "
            f"{_epsilon([*lines, new], delta):.4f}. Give --spend_again to spend that; "
            "nothing was read."
        )

    def lines(self) -> list[dict[str, Any]]:
        """Reads the releases of the data set so far; none without a file.

        Raises:
            InputError: If the file is there and cannot be read.
        """
        if not self.path.exists():
            return []
        with book_file.locked(self.path) as file:
            return self._own(book_file.read(self.path, file))

    def epsilon_spent(self) -> float:
        """Adds up all releases of the data set so far; 0 without a file."""
        return float(self.state()["epsilon"])

    def state(self) -> dict[str, Any]:
        """States what the data set has cost, for reports and release cards.

        Returns:
            `data_set` (None if the owner has not named it: a place must not leave),
            `epsilon` of all releases so far, the `delta` at which it stands,
            `cap_epsilon` or None, and `num_releases`.

        Raises:
            InputError: If the file cannot be read, or states another cap.
        """
        lines = self.lines()
        cap, delta = self._cap(lines)
        return {
            "data_set": self.data_set if self.is_named else None,
            "epsilon": _epsilon(lines, delta),
            "delta": delta,
            "cap_epsilon": cap,
            "num_releases": len(lines),
        }

    def _own(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The lines of the data set: of its name; without one, of its place."""
        return [
            line
            for line in lines
            if line["data_set"] == self.data_set
            or (
                self.source
                and line.get("source") == self.source
                and not (self.is_named and line.get("named", True))
            )
        ]

    def _cap(self, lines: list[dict[str, Any]]) -> tuple[float | None, float]:
        """The cap and its delta: the book's; the first to state one sets it."""
        caps = [line["cap"] for line in lines if line.get("cap") is not None]
        if not caps:
            return self.epsilon, self.delta
        # Of several, which only an owner can have written, the strictest.
        cap = min(float(cap["epsilon"]) for cap in caps)
        if self.epsilon not in (None, cap):
            raise errors.InputError(
                f"{self.path}: the cap of {self.data_set} is {cap}, and a run cannot "
                f"change it to {self.epsilon}; leave cap_epsilon out."
            )
        return cap, min(float(cap["delta"]) for cap in caps)

    def _refuse_above_cap(self, epsilon: float, cap: float | None, about: str) -> None:
        """Raises InputError if releases together cost more than the cap."""
        if cap is not None and not epsilon <= cap:
            raise errors.InputError(
                f"{self.path}: {about} would bring {self.data_set} to epsilon "
                f"{epsilon:.4f}, above its cap of {cap}; nothing was read."
            )


def _epsilon(lines: list[dict[str, Any]], delta: float) -> float:
    """Epsilon by privacy loss distributions of releases together."""
    parts = [events.from_json(line["event"]) for line in lines]
    if not parts:
        return 0.0
    return accounting.epsilon_pld(dp_accounting.ComposedDpEvent(parts), delta)
