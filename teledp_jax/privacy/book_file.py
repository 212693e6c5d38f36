"""Reads and appends the lines of the file that keeps what releases cost.

A line is one release, as JSON. Lines are only ever added, each whole and on the disk
before the release reads. Nothing here is taken for granted of the file: people copy,
edit and restore it.
"""

import contextlib
import fcntl
import json
import math
import os
import pathlib
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from teledp_jax import errors
from teledp_jax.privacy import events

_MOST = {"sampling_prob": 1.0, "delta": 1.0, "probability": 1.0, "epsilon": 2000.0}
"""Largest numbers of an event by key, where not any finite one will do."""

_DEFAULT = pathlib.PurePath("teledp_jax", "ledger.jsonl")
_MEND = (
    "No release is granted until it is mended. Repair the line by hand, or restore the "
    "file from a copy and add the lines of later releases to it. Leave no release out: "
    "its cost is spent all the same. The ledger.json of a run folder states the events "
    "of its releases."
)


def default_path() -> pathlib.Path:
    """Returns where releases are written down unless a run names a book.

    Returns:
        `teledp_jax/ledger.jsonl` in the user's data folder: XDG_DATA_HOME, or
        `~/.local/share`.

    Raises:
        InputError: If the user has no home folder.
    """
    stated = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(stated):  # the standard says to ignore any other
        return pathlib.Path(stated) / _DEFAULT
    try:
        return pathlib.Path.home() / ".local" / "share" / _DEFAULT
    except RuntimeError:
        raise errors.InputError(
            "The ledger of the data set has no place: this user has no home folder; "
            "set XDG_DATA_HOME to a folder that lasts."
        ) from None


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[BinaryIO]:
    """Opens the file and holds it against other runs.

    Args:
        path: The file; made if absent, for its owner only.

    Yields:
        The file.

    Raises:
        InputError: If it cannot be opened.
    """
    try:
        if path == default_path():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise errors.InputError(
            f"{path}: the budget book cannot be opened ({error.strerror}); set "
            "budget.book to a file that you may write."
        ) from None
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def read(path: pathlib.Path, file: BinaryIO) -> list[dict[str, Any]]:
    """Reads all lines, or none.

    Args:
        path: Name of the file, for messages.
        file: The file, open.

    Returns:
        The releases in order.

    Raises:
        InputError: If a line is no release: a book that cannot be read grants nothing.
    """
    file.seek(0)
    found = []
    for number, content in enumerate(file.read().split(b"\n"), start=1):
        if not content.strip():
            continue
        try:
            text = content.decode("utf-8-sig")
            line = json.loads(text, parse_constant=_refuse_constant)
            _check(line)
        except (
            ValueError, LookupError, TypeError, OverflowError, RecursionError,
            errors.InputError,
        ) as error:  # fmt: skip
            raise errors.InputError(
                f"{path}: line {number} is no release ({errors.first_line(error)}). "
                f"{_MEND}"
            ) from None
        found.append(line)
    return found


def append(path: pathlib.Path, file: BinaryIO, line: dict[str, Any]) -> None:
    """Adds a line and waits until the disk has it.

    Args:
        path: Name of the file, for messages.
        file: The file, open and locked.
        line: The release.

    Raises:
        InputError: If the disk does not take it; then the file is as it was.
    """
    size = file.seek(0, os.SEEK_END)
    begin = b""
    if size:
        file.seek(size - 1)
        # An editor or a copy may have taken the last newline.
        begin = b"" if file.read(1) == b"\n" else b"\n"
    try:
        file.seek(size)
        file.write(begin + json.dumps(line, allow_nan=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.ftruncate(file.fileno(), size)
        raise errors.InputError(
            f"{path}: the release cannot be written down ({error.strerror}); nothing "
            "was read."
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    """Refuses NaN and infinity, which no release has."""
    raise ValueError(f"{name} is no number")


def _check(line: Any) -> None:
    """Raises what `read` catches if a line is no release."""
    _check_numbers(line["event"])
    events.from_json(line["event"])
    for key in ("release", "data_set"):
        if not (isinstance(line[key], str) and line[key]):
            raise ValueError(f"{key} is no name")
    if not isinstance(line.get("source", ""), str):
        raise ValueError("source is no text")
    cap = line.get("cap")
    if cap is not None:
        epsilon, delta = float(cap["epsilon"]), float(cap["delta"])
        if not (0 < epsilon < math.inf and 0 < delta < 1):
            raise ValueError("its cap is none")


def _check_numbers(event: Any) -> None:
    """Raises what `read` catches if a number would make a release cost nothing.

    An accountant may take an infinite noise, or a count of zero, for no release at all.
    """
    parts = event.items() if isinstance(event, dict) else enumerate(event)
    for key, value in parts:
        if isinstance(value, dict | list):
            _check_numbers(value)
        elif not isinstance(value, str):
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            is_number = is_whole or (isinstance(value, float) and key != "count")
            most = _MOST.get(str(key), sys.float_info.max)
            if not (is_number and 0 < float(value) <= most):
                raise ValueError(f"{key}={value} is none that an event has")
