"""What all subcommands do: read flags, show help, end with one line if a user erred."""

import functools
import importlib
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn, Protocol, runtime_checkable

from absl import flags

from teledp_jax import errors

HIDDEN = "(hidden)"
"""Help of a flag that is for other processes, or an older spelling."""

EMPTY = "is empty, as a shell variable that is not set; state a path or leave it out"
"""What is wrong with an empty path."""

_MEMORY = (
    "Memory ran out; lower --config.memory_limit (of DuckDB) or a method's "
    "micro_batch, or free memory, and give the command again: finished stages stay."
)


@runtime_checkable
class Command(Protocol):
    """A module of this folder.

    `USES_JAX = False` in it says that it starts without JAX, in a fraction of a second.
    It may name in `ARGUMENTS` what follows the flags, as `("OUT",)`; a last name that
    ends with ... takes one or more. They are passed to `main` after the flags.
    """

    def define(self, values: flags.FlagValues) -> None:
        """Defines its flags; help does not show those whose text is `HIDDEN`."""

    def main(self, values: flags.FlagValues, *arguments: str) -> None:
        """Does its work."""


class _PathParser(flags.ArgumentParser):
    """Reads a path, and refuses an empty one."""

    def parse(self, argument: str) -> str:
        """Returns the path.

        Raises:
            ValueError: If it is empty.
        """
        if not argument:
            raise ValueError(EMPTY)
        return argument


def define_path(values: flags.FlagValues, name: str, about: str) -> None:
    """Defines a flag that takes a path and is None by default.

    Args:
        values: The flags of the command.
        name: Name of the flag.
        about: Its help.
    """
    flags.DEFINE(_PathParser(), name, None, about, flag_values=values)


def run(module: Command) -> None:
    """Reads the flags of a subcommand, calls its `main` and ends the process.

    Status 0 if all went well; 2 and one line on stderr if a file, flag, config, the
    disk or memory is at fault. Other errors are ours and keep their traceback.

    Args:
        module: The module of the subcommand.
    """
    values = flags.FlagValues()
    module.define(values)
    if {"--help", "-h"} & set(sys.argv):
        print(_help(module, values))
        sys.exit(0)
    try:
        rest = values(sys.argv)[1:]
        _check_arguments(rest, getattr(module, "ARGUMENTS", ()))
    except (flags.Error, errors.InputError) as error:
        _stop(error)
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _stop(errors.InputError(f"--config: {error}"))
    work = functools.partial(module.main, values, *rest)
    stop = _stop
    try:
        if getattr(module, "USES_JAX", True):
            accelerated = importlib.import_module("teledp_jax.cli.accelerated")
            stop = accelerated.stop
            accelerated.call(work)
        else:
            work()
    except (errors.InputError, OSError) as error:
        stop(error)
    except MemoryError:
        stop(errors.InputError(_MEMORY))


def _check_arguments(given: Sequence[str], names: Sequence[str]) -> None:
    """Refuses more or fewer arguments than a subcommand takes."""
    many = bool(names) and names[-1].endswith("...")
    if (many and len(given) >= len(names)) or len(given) == len(names):
        return
    if not names:
        raise errors.InputError(f"Unknown arguments {list(given)}; see --help.")
    raise errors.InputError(
        f"Expected {' '.join(names)}, got {list(given)}; see --help."
    )


def _help(module: Command, values: flags.FlagValues) -> str:
    """The docstring of a subcommand and its flags."""
    lines = [(module.__doc__ or "").strip(), "", "Flags:"]
    for name in values:
        flag = values[name]
        if flag.help == HIDDEN:
            continue
        shown = f"--[no]{name}" if flag.boolean else f"--{name}"
        text = f"{shown}: {flag.help}"
        if flag.default not in (None, False):
            text += f" Default: {flag.default}."
        wrapped = textwrap.wrap(text, 80, subsequent_indent=" " * 6)
        lines += textwrap.indent("\n".join(wrapped), "  ").splitlines()
    return "\n".join(lines)


def _stop(error: Exception) -> NoReturn:
    """Prints one line and ends the process with status 2."""
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    sys.exit(2)
