"""Folders that tests read, and the suites there."""

import functools
import pathlib
from collections.abc import Mapping, Sequence

from teledp_jax.data import definition
from teledp_jax.data import suite as suite_lib
from teledp_jax.queries import catalog

ROOT = pathlib.Path(__file__).parents[1]
"""The repository."""
SQL = ROOT / "sql"
"""The suites that come with the project."""
SHARED = ROOT.parent / "shared"
"""Data of others; tests that read it are skipped where it is absent."""


@functools.cache
def suite(name: str) -> definition.Suite:
    """A suite that comes with the project, read once per process."""
    return suite_lib.load(SQL / name)


@functools.cache
def queries(name: str) -> Mapping[str, Sequence[catalog.Query]]:
    """The queries of a suite by workload, read once per process."""
    return catalog.load(SQL / name / "queries")
