"""Synthetic device telemetry under one device-level (epsilon, delta).

A schema comes from `load_suite` or from `schema` (of `anchor`, `group` and `entity`
tables, of `category`, `integer` and `double` columns). `encode` takes device tables,
`fit` fits a method to them under a budget; what it returns can `sample` and `save`, and
states its `promise`. `load` reads what was saved.
"""

import importlib
from typing import TYPE_CHECKING, Any

from teledp_jax import extras

if TYPE_CHECKING:
    from teledp_jax.data.frames import Devices as Devices
    from teledp_jax.data.frames import encode as encode
    from teledp_jax.data.statement import anchor as anchor
    from teledp_jax.data.statement import category as category
    from teledp_jax.data.statement import double as double
    from teledp_jax.data.statement import entity as entity
    from teledp_jax.data.statement import group as group
    from teledp_jax.data.statement import integer as integer
    from teledp_jax.data.statement import schema as schema
    from teledp_jax.errors import InputError as InputError
    from teledp_jax.job import settings as settings
    from teledp_jax.job.api import fit as fit
    from teledp_jax.job.api import load_suite as load_suite
    from teledp_jax.job.fitted import Fitted as Fitted
    from teledp_jax.job.fitted import load as load
    from teledp_jax.schemas import Schema as Schema

__version__ = "0.1.0"

_FACE = {
    "Devices": "data.frames",
    "Fitted": "job.fitted",
    "InputError": "errors",
    "Schema": "schemas",
    "anchor": "data.statement",
    "category": "data.statement",
    "double": "data.statement",
    "encode": "data.frames",
    "entity": "data.statement",
    "fit": "job.api",
    "group": "data.statement",
    "integer": "data.statement",
    "load": "job.fitted",
    "load_suite": "job.api",
    "schema": "data.statement",
    "settings": "job.settings",
}
"""What the package offers, each name with the module that holds it, or that it is."""

__all__ = [*sorted(_FACE), "__version__"]

extras.watch()


def __getattr__(name: str) -> Any:
    """Imports what the package offers when it is first asked for."""
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_FACE[name]}")
    is_module = _FACE[name].endswith(f".{name}")
    found = globals()[name] = module if is_module else getattr(module, name)
    return found


def __dir__() -> list[str]:
    """Lists what the package offers, whether or not it was imported yet."""
    return sorted({*globals(), *__all__})
