"""Synthetic device telemetry under one device-level (epsilon, delta)."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from teledp_jax import extras

if TYPE_CHECKING:
    from teledp_jax.job import settings as settings

__version__ = "0.1.0"

_FACE = {"settings": "teledp_jax.job.settings"}
"""Names of the package, each with the module that is imported when it is asked for."""


extras.watch()


def __getattr__(name: str) -> ModuleType:
    """Imports what the package offers when it is first asked for."""
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(_FACE[name])
