"""Checks an event log, adds date and hour, and makes raw files of it.

python scripts/preprocess.py --input=FILE.csv --workdir=runs/log

Without --input a log with the published counts is simulated. A file that is no UTF-8
and has no byte order mark needs --encoding, as --encoding=cp1252. Each line is read by
itself. Writes in the folder: data/processed/telemetry_clean.csv,
data/processed/telemetry_rejects.csv (each line that is not used, with its reason), and
data/raw; the main job with the same --input goes on from it.
"""

import launch
import numpy as np
from absl import flags, logging

from teledp_jax.data import shipped
from teledp_jax.suites.eventlog import encoding, lines, log, logfile
from teledp_jax.suites.eventlog import simulate as simulated

_SEED = flags.DEFINE_integer("simulation_seed", 0, "Of the log without --input.")
_KEEP = flags.DEFINE_boolean(
    "keep_duplicates", False, "Keep rows that are equal in all columns."
)


def main() -> None:
    """Runs the step."""
    folder = launch.workdir()
    path = launch.input_path()
    if path is None:
        path = folder / "data" / "simulated.csv"
        logging.info("no --input: simulating %s", path)
        events = simulated.draw(np.random.default_rng(_SEED.value))
        logfile.write_csv(path, events)
    made = logfile.load(
        path,
        folder,
        suite_folder=shipped.suite("eventlog"),
        keep_duplicates=_KEEP.value,
        encoding=launch.encoding(),
    )
    if made.encoding != encoding.UTF8:
        print(f"{path} was read as {made.encoding.upper()}")
    print(f"{len(made.events)} events in {folder / log.CLEAN}")
    for reason, count in made.rejects.items():
        print(f"{count} rows rejected: {reason}")
    if lines.BROKEN in made.rejects:
        print(f"broken in {made.encoding.upper()}: state another one by --encoding")


if __name__ == "__main__":
    launch.run(main)
