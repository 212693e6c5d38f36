"""Compiles the programs of a config ahead of its first run.

    teledp compile --config=configs/demo.py

Fits methods that train by DP-SGD for one step, on a made-up fleet of the config's size.
Compiled programs are kept in $XDG_CACHE_HOME/teledp_jax, or ~/.cache/teledp_jax. `make
install` does it for the demo.
"""

from absl import flags

from teledp_jax import errors
from teledp_jax.cli import job_flags, progress
from teledp_jax.job import ahead, settings


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define_config(values)


def main(values: flags.FlagValues) -> None:
    """Compiles, and prints the labels."""
    if values.config is None:
        raise errors.InputError("State --config, as --config=configs/demo.py.")
    chosen = settings.resolve(values.config)
    labels = ahead.compile_programs(chosen, progress.bar("compile"))
    print("compiled:", ", ".join(labels) or "nothing: no method trains by DP-SGD")
