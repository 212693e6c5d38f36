"""Runs the queries on real and synthetic tables; scores them.

    teledp evaluate --config=configs/demo.py --workdir=runs/demo

Answers the queries under noise as well, if the config asks for that.
"""

from absl import flags

from teledp_jax.cli import job_flags, progress


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values, spends=True)


def main(values: flags.FlagValues) -> None:
    """Runs the stage."""
    opened = job_flags.open_job(values)
    with opened.open():
        opened.evaluate(progress.bar)
