"""What benchmarks say of the machine and of memory."""

import importlib.metadata
import os
import pathlib
import platform
import resource
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from teledp_jax import base
from teledp_jax.dpsgd import memory

_NAMES = (
    "jax", "jaxlib", "flax", "optax", "numpy", "jax-privacy", "opacus", "torch",
)  # fmt: skip


_Found = TypeVar("_Found")

RESULTS = pathlib.Path(__file__).parent / "results"
"""Where recorded results lie."""


def versions() -> dict[str, str]:
    """Versions of what took part."""
    found = {"python": platform.python_version()}
    for name in _NAMES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def command() -> str:
    """The command of this process, without the folders of this machine."""
    own = ("--temp_folder=", "--output=")
    return shlex.join(["python", *(a for a in sys.argv if not a.startswith(own))])


def describe(name: str) -> dict[str, Any]:
    """Name, accelerators, cores and load."""
    return {
        "name": name,
        "accelerators": [device.device_kind for device in jax.devices()],
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "load_average": os.getloadavg()[0],  # above the cores: others were at work
    }


def forget_peak() -> None:
    """Lets the peak of resident memory begin again at what is resident now."""
    refs = pathlib.Path("/proc/self/clear_refs")
    if refs.exists():
        refs.write_text("5")


def resident_bytes(*, peak: bool) -> int:
    """Resident memory of this process: now, or at most since `forget_peak`."""
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return 1024 * int(fields["VmHWM" if peak else "VmRSS"].split()[0])


def accelerator_bytes() -> int | None:
    """Most memory of the accelerator that this process has had; None on a CPU."""
    stats = jax.local_devices()[0].memory_stats() or {}
    return stats.get("peak_bytes_in_use")


def with_micro_batch(
    run: Callable[[int], _Found], micro_batch: int
) -> tuple[_Found, int]:
    """Runs with the micro-batch that was asked for, or else with one that fits.

    Args:
        run: From a micro-batch to what it finds; raises `memory.DoesNotFit`.
        micro_batch: The one that was asked for.

    Returns:
        What was found, and the micro-batch.
    """
    try:
        return run(micro_batch), micro_batch
    except memory.DoesNotFit as error:
        if not error.micro_batch:
            raise
        print(f"{error} Goes on with {error.micro_batch}.", flush=True)
        return run(error.micro_batch), error.micro_batch


def context(progress: Callable[[int, int, Any], None]) -> base.Context:
    """What training by DP-SGD needs besides data; it asks for no integer noise."""

    def none(key: Any, values: Any, sigma: float) -> Any:
        raise TypeError("Training draws its noise on the accelerator.")

    return base.Context(base.MemoryStore(), progress, none)


def matmul(size: int) -> float:
    """Operations a second of one float32 product of square matrices, as float32."""

    @jax.jit
    def product(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)

    a = jnp.ones((size, size), jnp.float32)
    jax.block_until_ready(product(a, a))
    start = time.perf_counter()
    jax.block_until_ready(product(a, a))
    return 2 * size**3 / (time.perf_counter() - start)
