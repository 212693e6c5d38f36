"""Runs the command line as `python -m teledp_jax.cli`."""

from teledp_jax.cli import main

main.main()
