"""Runs the main job, from raw Parquet to scores and report.

    teledp run --config=configs/demo.py --workdir=runs/demo

Simulates a fleet if the config has no source; makes device tables, fits each method,
draws its tables, runs the same SQL on real and synthetic tables, and scores. Stages
that finished before are not run again. Each method is fitted by a process of its own,
so that its memory is its own. Prints the name of the report.
"""

import signal
import subprocess
import sys

from absl import flags

from teledp_jax import errors
from teledp_jax.cli import fit, job_flags, progress


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values, fits=True, spends=True)


def main(values: flags.FlagValues) -> None:
    """Runs every stage that is not finished."""
    opened = job_flags.open_job(values)
    with opened.open():
        opened.simulate(progress.bar)
        opened.aggregate(progress.bar)
        opened.encode(progress.bar)
        for label in opened.settings.methods:
            if opened.is_synthesized(label) and opened.is_graded(label):
                opened.synthesize(label, progress.bar)  # says that it is there
                continue
            status = subprocess.run(fit.fit_command(label, "--within_run")).returncode
            if status < 0:
                name = signal.Signals(-status).name
                raise errors.InputError(
                    f"methods.{label}: its process was ended by {name}; if memory was "
                    "short, lower its micro_batch. Give the command again to go on."
                )
            if status:
                sys.exit(status)
        opened.evaluate(progress.bar)
        print(opened.report())
