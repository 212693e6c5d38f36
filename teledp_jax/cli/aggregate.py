"""Reduces raw Parquet to device tables, and encodes them.

    teledp aggregate --config=configs/demo.py --workdir=runs/demo

Counts the devices, and learns private domains if the config has any, under noise.
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
        opened.aggregate(progress.bar)
        opened.encode(progress.bar)
