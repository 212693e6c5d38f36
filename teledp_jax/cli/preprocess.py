"""Checks an event log and makes raw files of it.

    teledp preprocess --input=FILE.csv --workdir=runs/log

Adds date and hour. Without --input a log with the published counts is simulated. A file
that is no UTF-8 and has no byte order mark needs --encoding, as --encoding=cp1252. Each
line is read by itself. Writes in the folder: data/processed/telemetry_clean.csv,
data/processed/telemetry_rejects.csv (each line that is not used, with its reason), and
data/raw; the main job with the same --input goes on from it.
"""

import pathlib

import numpy as np
from absl import flags, logging

from teledp_jax.cli import job_flags
from teledp_jax.data import shipped
from teledp_jax.suites.eventlog import encoding, lines, log, logfile
from teledp_jax.suites.eventlog import simulate as simulated


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define_folder(values)
    flags.DEFINE_integer(
        "simulation_seed", 0, "Seed of the log without --input.", flag_values=values
    )
    flags.DEFINE_bool(
        "keep_duplicates",
        False,
        "Keep rows that are equal in all columns.",
        flag_values=values,
    )


def main(values: flags.FlagValues) -> None:
    """Writes clean log, rejects and raw files; prints how many there are."""
    folder = job_flags.folder(values)
    if values.input is None:
        path = folder / logfile.SIMULATED
        logging.info("no --input: simulating %s", path)
        events = simulated.draw(np.random.default_rng(values.simulation_seed))
        logfile.write_csv(path, events)
    else:
        path = pathlib.Path(values.input)
    made = logfile.load(
        path,
        folder,
        suite_folder=shipped.suite("eventlog"),
        keep_duplicates=values.keep_duplicates,
        encoding=values.encoding,
    )
    if made.encoding != encoding.UTF8:
        print(f"{path} was read as {made.encoding.upper()}")
    print(f"{len(made.events)} events in {folder / log.CLEAN}")
    for reason, count in made.rejects.items():
        print(f"{count} rows rejected: {reason}")
    if lines.BROKEN in made.rejects:
        print(f"broken in {made.encoding.upper()}: state another one by --encoding")
