"""The processes of a gang on a Ray cluster: Ray places them, they find each other."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from absl import logging

from teledp_jax import errors
from teledp_jax.cluster import launcher

_PLACED_S = 300  # until no node counts as having room
_PASSED = ("PYTHONPATH", "JAX_", "XLA_", "XDG_", "OPENAI_", "AWS_")  # of environments


class Seat:
    """A place on a node of the cluster for one process; lives in an actor of Ray."""

    def __init__(self) -> None:
        self._member: launcher.LocalMember | None = None
        self._shown = 0

    def address(self) -> str:
        """Returns `HOST:PORT` that a process here can open."""
        import ray

        return f"{ray.util.get_node_ip_address()}:{launcher.free_port()}"

    def start(
        self, command: Sequence[str], folder: str, environ: Mapping[str, str]
    ) -> None:
        """Starts the process; it ends if the actor is gone."""
        self._member = launcher.LocalMember(
            command, environ=environ, folder=folder, is_shown=False
        )

    def look(self) -> tuple[int | None, str]:
        """Looks for the exit status of the process, and what it wrote since before."""
        assert self._member is not None
        status, text = self._member.status(), self._member.output()
        start, self._shown = self._shown, len(text)
        return status, text[start:]

    def end(self) -> None:
        """Ends the process."""
        if self._member is not None:
            self._member.end()


class RayMember:
    """A process of a gang in an actor's seat.

    Attributes:
        seat: Handle of the actor.
    """

    def __init__(self, seat: Any, *, is_shown: bool) -> None:
        """Takes the handle, and whether to show here what is written there."""
        self.seat, self._is_shown, self._text = seat, is_shown, ""

    def status(self) -> int | None:
        """Returns its exit status, that of a kill if the node or actor is lost."""
        import ray

        try:
            status, text = ray.get(self.seat.look.remote())
        except ray.exceptions.RayActorError:
            return -signal.SIGKILL
        if self._is_shown:
            sys.stderr.write(text)
            sys.stderr.flush()
        else:
            self._text += text
        return status

    def output(self) -> str:
        """Returns what it wrote, unless that was shown as it came."""
        return self._text

    def end(self) -> None:
        """Ends it, and gives its place on the node back."""
        import ray

        try:
            ray.get(self.seat.end.remote())
        except ray.exceptions.RayActorError:
            return  # with the actor its process has ended
        ray.kill(self.seat)


def start(command: Sequence[str], count: int) -> launcher.Start:
    """Starts members on the connected cluster, as far apart as it has nodes.

    Each has a core and, where there are enough, a card. Every node has this checkout
    and environment at the same path, and sees the run folder.

    Args:
        command: Of all members; the flags that tell them apart are added.
        count: How many.
    """

    def placed() -> list[launcher.Member]:
        import ray

        room = ray.cluster_resources()
        if room.get("CPU", 0) < count:
            raise errors.InputError(
                f"ray.num_workers={count}: the Ray cluster has "
                f"{room.get('CPU', 0):.0f} cores; a process needs one."
            )
        remote = ray.remote(
            num_cpus=1,
            num_gpus=int(room.get("GPU", 0) >= count),
            scheduling_strategy="SPREAD",
        )(Seat)
        seats = [remote.remote() for _ in range(count)]
        environ = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(_PASSED)
        }
        try:
            address = ray.get(seats[0].address.remote(), timeout=_PLACED_S)
            ray.get(
                [
                    seat.start.remote(
                        [*command, *launcher.member_flags(address, count, index)],
                        os.getcwd(),
                        environ,
                    )
                    for index, seat in enumerate(seats)
                ],
                timeout=_PLACED_S,
            )
        except ray.exceptions.GetTimeoutError:
            for seat in seats:
                ray.kill(seat)
            raise errors.InputError(
                f"ray.num_workers={count}: the Ray cluster found no place for as many "
                f"processes within {_PLACED_S} s; wait for others to end, or lower it."
            ) from None
        except ray.exceptions.RayActorError:
            logging.warning("A process of the gang was lost as it was placed.")
        return [RayMember(seat, is_shown=not index) for index, seat in enumerate(seats)]

    return placed
