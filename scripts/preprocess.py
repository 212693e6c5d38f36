"""Checks an event log, adds date and hour, and makes raw files of it.

python scripts/preprocess.py --input=FILE.csv --workdir=runs/log

Without --input a log with the published counts is simulated. Writes in the folder:
data/processed/telemetry_clean.csv, data/processed/telemetry_rejects.csv (each rejected
row with its reason), and data/raw, which --config.source of the other scripts takes.
"""

import pathlib
import shutil

import launch
import numpy as np
from absl import flags, logging

from teledp_jax import errors, settings
from teledp_jax.data import eventlog, sqlfile
from teledp_jax.simulate import eventlog as simulated

_INPUT = flags.DEFINE_string("input", None, "The event log, a CSV in UTF-8.")
_SEED = flags.DEFINE_integer("simulation_seed", 0, "Of the log without --input.")
_KEEP = flags.DEFINE_boolean(
    "keep_duplicates", False, "Keep rows that are equal in all columns."
)


def main() -> None:
    """Runs the step."""
    folder = launch.workdir()
    suite_folder = settings.SQL / "eventlog"
    path = folder / "data" / "simulated.csv"
    if _INPUT.value is None:
        logging.info("no --input: simulating %s", path)
        simulated.write_csv(path, simulated.draw(np.random.default_rng(_SEED.value)))
    elif not _INPUT.value:
        raise errors.InputError("State --input, as --input=FILE.csv.")
    else:
        path = pathlib.Path(_INPUT.value)
    events, rejects = eventlog.preprocess(
        path, folder, suite_folder=suite_folder, keep_duplicates=_KEEP.value
    )
    shutil.rmtree(folder / eventlog.RAW, ignore_errors=True)
    sources = sqlfile.read_folder(suite_folder / "source")
    simulated.write_raw(folder / eventlog.RAW, events, source=sources)
    print(f"{len(events)} events in {folder / eventlog.CLEAN}")
    for reason, count in rejects.items():
        print(f"{count} rows rejected: {reason}")


if __name__ == "__main__":
    launch.run(main)
