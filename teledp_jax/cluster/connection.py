"""The Ray cluster that an engine works on: its own, or one at an address."""

import contextlib
import itertools
import logging
import os
import pathlib
import re
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from teledp_jax import errors, extras

_PATIENCE_S = 5.0  # until a head that does not answer counts as absent
_RETRIES = 5  # of a task whose worker or node died
_FAULT = re.compile(
    rf"^{re.escape(errors.__name__)}\.InputError: (?P<message>.+)$", re.MULTILINE
)
_QUEUED = 1024  # tasks that Ray knows of: to wait for one looks at all
_IDLE_WORKERS = 32  # kept for the next task: a shuffle has three kinds of them


@contextlib.contextmanager
def connect(
    *, address: str, num_cpus: int, spill_folder: pathlib.Path
) -> Iterator[None]:
    """Holds a connection to a cluster; a process that has one already keeps it.

    Args:
        address: Empty starts a cluster of this process only, on this machine; `auto`
            finds the one that this machine belongs to; else the head's `HOST:PORT`.
        num_cpus: Cores of a cluster of its own; 0 takes all.
        spill_folder: Where a cluster of its own puts what memory does not hold.

    Raises:
        InputError: If Ray is not installed, or no cluster answers at the address.
    """
    extras.need("ray")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray  # an extra: the rest of the package does without

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "runtime_env": {"worker_process_setup_hook": _keep_files_private},
    }
    if address:
        _check_answers(address)
        options["address"] = address
    else:
        spill_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options |= {
            "address": "local",  # not one that RAY_ADDRESS or this machine has
            "num_cpus": num_cpus or None,
            "include_dashboard": False,
            "object_spilling_directory": str(spill_folder.absolute()),
            "_system_config": {"num_workers_soft_limit": _IDLE_WORKERS},
        }
    try:
        with warnings.catch_warnings():
            # What Ray starts is another program; no thread of JAX goes on in it.
            warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
            ray.init(**options)
    except (ConnectionError, TimeoutError, RuntimeError, ValueError) as error:
        raise errors.InputError(
            f"ray.address={address!r}: no cluster can be used there "
            f"({_first_line(error)}); start one by 'ray start --head', or leave the "
            "address empty for a cluster of this run only."
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _keep_files_private() -> None:
    """Lets only its user read what a worker writes: raw rows on their way are files."""
    os.umask(0o077)


def _check_answers(address: str) -> None:
    """Refuses an address where nobody listens, before Ray waits for it for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto":
        return
    try:
        with socket.create_connection((host, int(port)), timeout=_PATIENCE_S):
            return
    except (OSError, ValueError) as error:
        raise errors.InputError(
            f"ray.address={address!r}: nobody answers ({_first_line(error)}); state "
            "HOST:PORT of a running head, as 10.0.0.1:6379, or auto on one of its "
            "nodes."
        ) from None


def _first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return (str(error).splitlines() or [type(error).__name__])[0].strip()


def check_memory(num_bytes: int) -> None:
    """Refuses tasks that no node of the cluster could ever hold.

    Raises:
        InputError: If each node has less memory for tasks than `num_bytes`.
    """
    import ray

    most = max(
        (node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]),
        default=0,
    )
    if most < num_bytes:
        raise errors.InputError(
            f"memory_limit: a task takes {num_bytes / 1e9:.1f} GB, and no node of the "
            f"Ray cluster has more than {most / 1e9:.1f} GB; lower memory_limit."
        )


def run_tasks(
    task: Callable[..., Any],
    calls: Iterable[tuple[int, tuple[Any, ...]]],
    *,
    num_bytes: int,
    finished: Callable[[int, Any], None],
) -> None:
    """Runs a task for each call, as many at once as cores and memory allow.

    A task whose worker or node dies is run again elsewhere.

    Args:
        task: A function that can be run twice for the same result.
        calls: Number and arguments of each call, asked for as tasks end.
        num_bytes: Memory that a task takes.
        finished: Called with number and result of each call as it ends.

    Raises:
        InputError: If a task raised one, or died as often as it was tried.
    """
    import ray

    check_memory(num_bytes)
    remote = ray.remote(task).options(
        num_cpus=1, memory=num_bytes, max_retries=_RETRIES, scheduling_strategy="SPREAD"
    )
    waiting, pending = iter(calls), dict[Any, int]()
    with reporting(getattr(task, "__name__", "task")):
        while True:
            for number, call in itertools.islice(waiting, _QUEUED - len(pending)):
                pending[remote.remote(*call)] = number
            if not pending:
                return
            (done,), _ = ray.wait(list(pending), num_returns=1)
            finished(pending.pop(done), ray.get(done))


@contextlib.contextmanager
def reporting(work: str) -> Iterator[None]:
    """Turns faults of remote work into one line.

    Raises:
        InputError: If the block raised an error of Ray.
    """
    import ray

    try:
        yield
    except ray.exceptions.RayError as error:
        # Of a fault under Ray Data, only the text comes back.
        told = _FAULT.search(str(error))
        if told is not None:
            raise errors.InputError(told["message"]) from None
        if isinstance(error, ray.exceptions.RayTaskError):
            raise
        raise errors.InputError(
            f"{work}: the Ray cluster gave up ({type(error).__name__}); if memory was "
            "short, raise ray.num_partitions or lower memory_limit. Give the command "
            "again to go on: finished partitions stay."
        ) from None
