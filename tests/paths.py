"""Folders that tests read."""

import pathlib

ROOT = pathlib.Path(__file__).parents[1]
"""The repository."""

SQL = ROOT / "sql"
"""The suites that come with the project."""

SHARED = ROOT.parent / "shared"
"""Data of others; tests that read it are skipped where it is absent."""
