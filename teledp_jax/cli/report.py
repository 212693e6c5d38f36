"""Writes report.html and, for a run without seed, release/.

    teledp report --config=configs/demo.py --workdir=runs/demo

Needs a finished `teledp evaluate`. Prints the name of the page.
"""

from absl import flags

from teledp_jax.cli import job_flags


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values)


def main(values: flags.FlagValues) -> None:
    """Runs the stage."""
    opened = job_flags.open_job(values)
    with opened.open():
        print(opened.report())
