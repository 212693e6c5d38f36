"""Answers SQL of your own from a release, with intervals.

    teledp trust --release=release/pe --query=crashes.sql

Needs only the release folder. The file holds one SELECT over the released tables. Its
columns that are no numbers name the groups; state --keys if numbers name them too. For
each value of each group there is a 90 % interval of the private fleet's answer, and a
grade: use, care or avoid. Nothing is fitted, and no budget is spent.
"""

import csv
import pathlib
import sys

from absl import flags

from teledp_jax import errors
from teledp_jax.cli import command
from teledp_jax.trust import grades, release

_SHOWN = ("column", "group_key", "devices", "value", "low", "high", "grade", "reason")

_NUMBERS = ("value", "low", "high")


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "release", "Release folder, as release/pe of a run.")
    command.define_path(values, "query", "File with one SELECT.")
    flags.DEFINE_list(
        "keys", None, "Columns that name a group, as --keys=os,ram_gb.",
        flag_values=values,
    )  # fmt: skip
    command.define_path(
        values, "output", "File for the rows, as trust.parquet; none: only printed."
    )


def main(values: flags.FlagValues) -> None:
    """Prints the answers as CSV."""
    for name in ("release", "query"):
        if values[name].value is None:
            raise errors.InputError(f"State --{name}; see teledp trust --help.")
    opened = release.read(pathlib.Path(values.release))
    found = release.ask(opened, pathlib.Path(values.query), values["keys"].value)
    if values.output is not None:
        grades.write(pathlib.Path(values.output), found)
    writer = csv.DictWriter(sys.stdout, _SHOWN, extrasaction="ignore")
    writer.writeheader()
    for row in found:
        numbers = {
            name: f"{row[name]:.4g}" for name in _NUMBERS if row[name] is not None
        }
        writer.writerow(row | numbers)
