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
    cache_programs(pathlib.Path(cache).expanduser() / "teledp_jax" / "compiled")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


def cache_programs(folder: pathlib.Path) -> None:
    """Keeps compiled programs in a folder that only its owner can read.

    Names of the files are hashes of programs, which hold the shapes of arrays: of a
    real fleet they would tell how many devices it has.

    Args:
        folder: The folder, made if absent.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        logging.warning("%s: programs are not kept (%s)", folder, error.strerror)
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))


def stop(error: Exception) -> NoReturn:
    """Prints one line and ends the process with status 2, and its gang with it.

    Args:
        error: What is wrong.
    """
    progress.close()
    print("error:", " ".join(str(error).split()), file=sys.stderr)
    gang.leave(2)
