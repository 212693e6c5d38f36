"""What subcommands that use JAX need around them: its set-up, its faults, its end."""

import os
import pathlib
import sys
from collections.abc import Callable
from typing import NoReturn

import jax
from absl import logging

from teledp_jax.cli import progress
from teledp_jax.cluster import gang


def call(work: Callable[[], None]) -> None:
    """Does the work of a subcommand, after `prepare`.

    Args:
        work: What it does.

    Raises:
        MemoryError: Also if an accelerator's memory ran out.
    """
    prepare()
    try:
        work()
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError from error


def prepare() -> None:
    """Sets up logs, and JAX's memory and its cache of compiled programs."""
    logging.set_verbosity(logging.INFO)
    # The parent of a run must not hold the accelerator's memory while a method fits.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    folder = pathlib.Path(cache).expanduser() / "teledp_jax" / "compiled"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def stop(error: Exception) -> NoReturn:
    """Prints one line and ends the process with status 2, and its gang with it.

    Args:
        error: What is wrong.
    """
    progress.close()
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    gang.leave(2)
