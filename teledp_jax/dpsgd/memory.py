"""Whether a step fits into memory, and which micro-batch would."""

import pathlib
from collections.abc import Callable

import jax

from teledp_jax import errors

_CGROUP = pathlib.Path("/sys/fs/cgroup")


class DoesNotFit(errors.InputError):
    """Refuses a micro-batch.

    Attributes:
        micro_batch: The largest power of two that fits; 0 if none does.
    """

    def __init__(self, text: str, micro_batch: int) -> None:
        super().__init__(text)
        self.micro_batch = micro_batch


def available_bytes(device: jax.Device) -> int | None:
    """Finds the memory that an accelerator has left; None if unknown."""
    stats = device.memory_stats()
    if stats and "bytes_limit" in stats:
        return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
    found = []
    meminfo = pathlib.Path("/proc/meminfo")
    if meminfo.exists():
        fields = dict(line.split(":") for line in meminfo.read_text().splitlines())
        found.append(1024 * int(fields["MemAvailable"].split()[0]))
    limit, used = _CGROUP / "memory.max", _CGROUP / "memory.current"
    if limit.exists() and used.exists() and limit.read_text().strip() != "max":
        found.append(int(limit.read_text()) - int(used.read_text()))
    return min(found, default=None)


def check(
    needed_bytes: Callable[[int], int], micro_batch: int, available: int | None
) -> None:
    """Refuses a micro-batch whose step does not fit.

    Args:
        needed_bytes: From a micro-batch to the memory of its step, which grows
            linearly.
        micro_batch: The one that was asked for.
        available: Memory that may be taken; None if unknown, which allows all.

    Raises:
        DoesNotFit: If it does not fit; text and attribute name the one to use.
    """
    needed = needed_bytes(micro_batch)
    if available is None or needed <= available:
        return
    small = max(micro_batch // 8, 1)
    fixed_and_small = needed_bytes(small)
    each = max((needed - fixed_and_small) / max(micro_batch - small, 1), 1.0)
    most = int(small + (available - fixed_and_small) / each)
    most = 1 << (most.bit_length() - 1) if most > 0 else 0
    most = most if most < micro_batch else 0
    remedy = (
        f"set micro_batch to {most} or less"
        if most
        else "the model needs a machine with more memory, or fewer columns"
    )
    raise DoesNotFit(
        f"micro_batch={micro_batch} needs {needed / 1e9:.2f} GB of "
        f"{available / 1e9:.2f} GB: {remedy}.",
        most,
    )
