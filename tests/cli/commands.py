"""Calls a subcommand in this process."""

import contextlib
import io
import sys
from typing import NamedTuple

from teledp_jax.cli import accelerated, main


class Called(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def call(monkeypatch, *arguments: str) -> Called:
    """Runs `teledp ARGUMENTS`; JAX stays as the tests have set it up."""
    monkeypatch.setattr(accelerated, "prepare", lambda: None)
    monkeypatch.setattr(sys, "argv", ["teledp", *arguments])
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.main()
        except SystemExit as stop:
            status = int(stop.code or 0)
    return Called(status, out.getvalue(), err.getvalue())
