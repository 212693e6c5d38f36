"""Finds all faults of a suite at once, each with its line.

    teledp check my_suite
    teledp check --source=data/raw --config=my_suite/config.py my_suite

Needs no data and no JAX. With --source it also says what of the raw files is read, what
is ignored and where they differ; with --config it also tells the faults of a config,
which takes the time to load JAX. Ends with status 1 if there is a fault.
"""

import pathlib
import sys
from collections.abc import Iterator

from absl import flags

from teledp_jax import errors
from teledp_jax.authoring import check
from teledp_jax.cli import command
from teledp_jax.data import shipped

ARGUMENTS = ("SUITE",)
USES_JAX = False


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(
        values, "source", "Folder of raw files to hold against the suite."
    )
    command.define_path(values, "config", "Config file to hold against the suite.")


def main(values: flags.FlagValues, name: str) -> None:
    """Prints all faults.

    Args:
        values: The flags.
        name: A shipped suite, or a suite's folder.
    """
    found = check.check(shipped.suite(name))
    faults = list(found.faults)
    if values.source is not None and found.suite is not None:
        from teledp_jax.data import inspect  # takes half as long as all the rest

        contents = inspect.describe(found.suite, pathlib.Path(values.source))
        print(inspect.as_text(contents))
        faults += contents.faults
    if values.config is not None:
        faults += _of_config(values.config, shipped.suite(name))
    for fault in faults:
        print(" ".join(fault.split()))
    if faults:
        print(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}.")
        sys.exit(1)
    assert found.suite is not None
    print(
        f"No faults: {len(found.suite.sources)} raw tables, "
        f"{len(found.suite.schema.tables)} device tables, {found.num_queries} queries."
    )


def _of_config(path: str, folder: pathlib.Path) -> Iterator[str]:
    """Yields what is wrong with a config, or that it is of another suite."""
    from teledp_jax.cli import job_flags  # takes JAX, which the rest does not
    from teledp_jax.job import settings

    try:
        checked = settings.resolve(job_flags.read_config(path))
    except errors.InputError as error:
        yield f"{path}: {error}"
        return
    if checked.suite_folder.resolve() != folder.resolve():
        yield f"{path}: its suite is {checked.suite_folder}, not {folder}."
