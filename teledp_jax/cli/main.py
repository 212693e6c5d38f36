"""The command `teledp`: finds a subcommand, and lists them without importing JAX."""

import ast
import difflib
import importlib
import pathlib
import sys
from typing import NoReturn

from teledp_jax import errors

COMMANDS = (
    "new-suite", "check", "plan", "run", "simulate", "inspect", "aggregate", "fit",
    "sample", "evaluate", "report", "trust", "audit", "preprocess", "summary",
    "answers", "compare", "compare-logs", "reproduce", "compare-published", "faults",
    "compile",
)  # fmt: skip
"""The subcommands in the order of a run; each is a module of this folder."""

_USAGE = """Synthetic device telemetry under one device-level (epsilon, delta).

    teledp run --config=configs/demo.py --workdir=runs/demo

Subcommands, each with its flags and an example by teledp SUBCOMMAND --help:
"""


def main() -> None:
    """Runs the subcommand that the command line names."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h", "help"):
        print(_USAGE)
        for command in COMMANDS:
            print(f"  {command:<18} {_first_line(command)}")
        return
    if name not in COMMANDS:
        _refuse(name)
    sys.argv = [f"teledp {name}", *arguments]
    call(name)


def call(name: str) -> None:
    """Runs a subcommand with the flags in `sys.argv`, and ends the process.

    Args:
        name: One of `COMMANDS`.
    """
    try:
        module = importlib.import_module(f"teledp_jax.cli.{_module(name)}")
        command = importlib.import_module("teledp_jax.cli.command")
    except errors.InputError as error:  # names the extra to install
        _stop(str(error))
    command.run(module)


def _module(name: str) -> str:
    """Name of the module of a subcommand."""
    return name.replace("-", "_")


def _first_line(name: str) -> str:
    """What a subcommand says of itself, read from its file."""
    path = pathlib.Path(__file__).with_name(f"{_module(name)}.py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0]


def _refuse(name: str) -> NoReturn:
    """Says that there is no such subcommand, and which one may be meant."""
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    _stop(f"teledp has no subcommand {name!r}.{meant} See teledp --help.")


def _stop(text: str) -> NoReturn:
    """Prints one line and ends the process with status 2."""
    print("error:", text, file=sys.stderr)
    sys.exit(2)
