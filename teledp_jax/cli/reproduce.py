"""Sets the published study's tables beside those of a run.

    teledp reproduce --workdir=runs/dca_intel --output=runs/tables

The run is one of configs/dca_intel.py or configs/dca_intel_1m.py. Published figures
come with the package; --published=DIR recomputes them, to more digits, from the
study's own scores/*_detail.csv. Writes one CSV per table and reproduction.html, all of
them private, as they follow from exact answers.
"""

import pathlib

from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import command, job_flags
from teledp_jax.data import shipped
from teledp_jax.report import run_files
from teledp_jax.studies.intel import reproduction


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "workdir", "Run folder of the finished job.")
    command.define_path(values, "output", "Folder to write to.")
    command.define_path(values, "published", "Folder of the study's results.")


def main(values: flags.FlagValues) -> None:
    """Writes the tables and prints the name of the page."""
    run = runs.Run(job_flags.folder(values))
    if values.output is None:
        raise errors.InputError("State --output, as --output=runs/tables.")
    if not run.scores.exists():
        raise errors.InputError(f"{run.scores}: not there; run the job to its end.")
    folder = pathlib.Path(values.published) if values.published else None
    inputs = run_files.read(run, shipped.suite("dca"))
    found = reproduction.make(inputs, folder)
    print(reproduction.write(pathlib.Path(values.output), found, inputs))
