"""Says what raw data a folder holds, and what a suite misses.

    teledp inspect --source=DIR --suite=dca

Lists tables, files, rows and columns; what would stop a run, what it would leave out,
and each other difference from the suite's headers. It makes the device tables in a
temporary folder (TMPDIR) as a run does. Ends with status 1 where a run would be
refused.
"""

import dataclasses
import json
import pathlib
import sys

from absl import flags

from teledp_jax import errors
from teledp_jax.cli import command
from teledp_jax.data import inspect, shipped, suite

USES_JAX = False


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(
        values, "source", "Folder with <schema>/<table>/*.parquet and manifests."
    )
    flags.DEFINE_string(
        "suite", "dca", "A shipped suite, or a suite's folder.", flag_values=values
    )
    flags.DEFINE_bool("json", False, "Print JSON, not text.", flag_values=values)


def main(values: flags.FlagValues) -> None:
    """Prints the catalog of --source."""
    if values.source is None:
        raise errors.InputError("State --source, as --source=data/raw.")
    expected = suite.load(shipped.suite(values.suite))
    found = inspect.describe(expected, pathlib.Path(values.source))
    if values.json:
        print(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        print(inspect.as_text(found))
    if found.faults:
        sys.exit(1)
