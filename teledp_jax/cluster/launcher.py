"""Starts the processes of a gang, and all of them again if one dies."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from absl import logging

from teledp_jax import errors

RESTARTS = 3
"""Times that a gang is started again; its checkpoints say where it goes on."""

_POLL_S = 0.2
_GRACE_S = 2.0  # in which the others may still say why they ended


@runtime_checkable
class Member(Protocol):
    """A process of a gang."""

    def status(self) -> int | None:
        """Returns its exit status, negative for a signal; None while it runs."""

    def output(self) -> str:
        """Returns what it wrote, unless that was shown as it came."""

    def end(self) -> None:
        """Ends it, if it runs, and waits until it is gone."""


Start = Callable[[], Sequence[Member]]
"""Starts all members of a gang, the first one first."""


def run(start: Start, *, restarts: int = RESTARTS) -> int:
    """Runs a gang to its end; if a member dies, ends the others and starts all again.

    What the first member writes is shown; what others write, if the first one does not
    say itself why it ended.

    Args:
        start: Starts the members.
        restarts: How often they may be started again.

    Returns:
        0, or 2 if a member found something at fault that a new start would not mend.

    Raises:
        InputError: If members die more often than that.
    """
    for attempt in range(restarts + 1):
        failed = _run_once(start)
        if not failed:
            return 0
        if failed.get(0, _NOTHING).status != 2:
            for ended in failed.values():
                sys.stderr.write(ended.output)
        if any(ended.status == 2 for ended in failed.values()):
            return 2
        number = min(failed, key=lambda i: (failed[i].status >= 0, i))
        status = failed[number].status
        how = f"status {status}" if status >= 0 else signal.Signals(-status).name
        logging.warning(
            "Process %d of the gang ended by %s; start %d of %d is over.",
            number,
            how,
            attempt + 1,
            restarts + 1,
        )
    raise errors.InputError(
        f"Process {number} of those that fit together ended by {how}, and {restarts} "
        "new starts ended alike; see what stands above, free memory if it was short, "
        "and give the command again to go on from the last checkpoint."
    )


class _Ended(NamedTuple):
    """Exit status of a member and what it wrote."""

    status: int
    output: str


_NOTHING = _Ended(0, "")


def _run_once(start: Start) -> dict[int, _Ended]:
    """Runs a gang; returns the members that failed, by number."""
    members = start()
    try:
        while True:
            statuses = [member.status() for member in members]
            if any(statuses):
                time.sleep(_GRACE_S)
                statuses = [member.status() for member in members]
                return {
                    index: _Ended(status, members[index].output())
                    for index, status in enumerate(statuses)
                    if status
                }
            if all(status == 0 for status in statuses):
                return {}
            time.sleep(_POLL_S)
    finally:
        for member in members:
            member.end()


def local(command: Sequence[str], count: int) -> Start:
    """Starts members as processes of this machine, each with a card of its own.

    Args:
        command: Of all members; the flags that tell them apart are added.
        count: How many.
    """

    def start() -> list[Member]:
        address = f"localhost:{free_port()}"
        return [
            LocalMember(
                [*command, *member_flags(address, count, index)],
                # Of GPU hosts; a host without cards is not concerned.
                environ={"JAX_LOCAL_DEVICE_IDS": str(index)},
                is_shown=not index,
            )
            for index in range(count)
        ]

    return start


def member_flags(address: str, count: int, index: int) -> list[str]:
    """Returns what `scripts/synthesize.py` needs to be one of a gang."""
    return [
        "--within_run",
        "--attached",
        f"--coordinator={address}",
        f"--num_processes={count}",
        f"--process_id={index}",
    ]


def free_port() -> int:
    """Returns a port of this machine that nobody uses now."""
    with socket.socket() as free:
        free.bind(("", 0))
        return free.getsockname()[1]


class LocalMember:
    """A child process, which ends by itself if its parent is gone."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        folder: str | None = None,
        is_shown: bool = True,
    ) -> None:
        """Starts it; its standard input stays open as long as this process lives.

        Args:
            command: Program and arguments.
            environ: What its environment has besides.
            folder: Where it works; none: here.
            is_shown: Whether what it writes is shown as it comes.
        """
        self._output = None if is_shown else tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            cwd=folder,
            env={**os.environ, **(environ or {})},
        )

    def status(self) -> int | None:
        """Returns its exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Returns what it wrote, unless that was shown as it came."""
        if self._output is None:
            return ""
        file = self._output.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

    def end(self) -> None:
        """Ends it, if it runs, and waits until it is gone."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._output is not None:
            self._output.close()
