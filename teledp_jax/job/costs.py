"""What a fit costs this process: seconds of compilation, bytes of memory."""

import pathlib
import resource

import jax


class CompileClock:
    """Counts the seconds that JAX spends on compilation from now on.

    Attributes:
        seconds: So far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        """Adds up tracing, lowering and compiling."""
        if event.startswith("/jax/core/compile/"):
            self.seconds += duration_secs


def peak_rss_bytes() -> int:
    """Reads the peak memory of this process; `getrusage` would begin with its parent's.

    Returns:
        Bytes.
    """
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024


def accelerator_bytes() -> int | None:
    """Reads the peak memory of the first accelerator.

    Returns:
        Bytes; None on a CPU.
    """
    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    return (device.memory_stats() or {}).get("peak_bytes_in_use")
