"""What benchmarks say of the machine and of memory."""

import importlib.metadata
import os
import pathlib
import platform
import resource
import time
from typing import Any

import jax
import jax.numpy as jnp

_NAMES = (
    "jax", "jaxlib", "flax", "optax", "numpy", "jax-privacy", "opacus", "torch",
)  # fmt: skip


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
