"""Where a result comes from: the command, the versions and the hardware."""

import importlib.metadata
import os
import pathlib
import platform
import sys
from typing import Any

import jax

_PACKAGES = (
    "teledp_jax", "jax", "flax", "optax", "numpy", "duckdb", "pyarrow", "dp-accounting",
    "opendp",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Command, versions and hardware of this process, for what it writes."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "command": " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]),
        "versions": {"python": platform.python_version(), **versions},
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores",
        "accelerators": [device.device_kind for device in jax.devices()],
    }
