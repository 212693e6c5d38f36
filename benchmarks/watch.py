"""Watches what work takes of a machine while it runs: workers' memory and disk."""

import contextlib
import os
import pathlib
import threading
from collections.abc import Callable, Iterator

import psutil

_SAMPLE_S = 0.2


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
