"""Writes raw files of a simulated fleet.

    teledp simulate --config=configs/demo.py --workdir=runs/demo

A suite of public data loads them; a config with a source needs neither.
"""

from absl import flags

from teledp_jax.cli import job_flags, progress


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values)


def main(values: flags.FlagValues) -> None:
    """Runs the stage."""
    opened = job_flags.open_job(values)
    with opened.open():
        opened.simulate(progress.bar)
