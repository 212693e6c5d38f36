"""Watches what work takes of a machine while it runs: workers' memory and disk."""

import contextlib
import os
import pathlib
import threading
from collections.abc import Callable, Iterator

import psutil

_SAMPLE_S = 0.2
CLUSTER = ("driver_bytes", "gcs_bytes", "raylet_bytes", "worker_bytes")
"""What `cluster` notes, most above the first look: of workers, all together."""

_PROCESSES = {"gcs_server": "gcs_bytes", "raylet": "raylet_bytes"}


@contextlib.contextmanager
def workers() -> Iterator[dict[str, float]]:
    """Notes the most memory of one Ray worker, and the CPU time of all."""
    found: dict[str, float] = {"peak_worker_bytes": 0, "worker_cpu_seconds": 0.0}
    cpu: dict[int, float] = {}

    def sample() -> None:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error, IndexError):
                if not process.cmdline()[0].startswith("ray::"):
                    continue
                resident = process.memory_info().rss
                found["peak_worker_bytes"] = max(found["peak_worker_bytes"], resident)
                times = process.cpu_times()
                cpu[process.pid] = times.user + times.system

    try:
        with _sampling(sample):
            yield found
    finally:
        found["worker_cpu_seconds"] = sum(cpu.values())


@contextlib.contextmanager
def cluster() -> Iterator[dict[str, float]]:
    """Notes by how much the memory of a local Ray cluster grows, by process.

    Memory that processes share, as the object store, is left out.
    """
    first: dict[str, float] = {}
    found = dict.fromkeys(CLUSTER, 0.0)

    def sample() -> None:
        now = dict.fromkeys(CLUSTER, 0.0)
        own = psutil.Process()
        for process in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                name = process.name()
                kind = _PROCESSES.get(name)
                if process == own:
                    kind = "driver_bytes"
                elif name.startswith("ray::"):
                    kind = "worker_bytes"
                if kind is not None:
                    memory = process.memory_info()
                    now[kind] += memory.rss - memory.shared
        for name, size in now.items():
            first.setdefault(name, size)
            found[name] = max(found[name], size - first[name])

    with _sampling(sample):
        yield found


@contextlib.contextmanager
def disk(folder: pathlib.Path) -> Iterator[dict[str, int]]:
    """Notes the most bytes of files below a folder."""
    found = {"disk_bytes": 0}

    def sample() -> None:
        size = 0
        for parent, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):  # files come and go
                    size += os.stat(os.path.join(parent, name)).st_size
        found["disk_bytes"] = max(found["disk_bytes"], size)

    with _sampling(sample):
        yield found


@contextlib.contextmanager
def _sampling(sample: Callable[[], None]) -> Iterator[None]:
    """Calls a function again and again while the block runs."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(_SAMPLE_S):
            sample()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
