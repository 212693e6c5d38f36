"""Every results table of the published study beside those of a run.

python scripts/reproduce_tables.py --workdir=runs/dca_intel --output=runs/tables

The run is one of configs/dca_intel.py or configs/dca_intel_1m.py. Published figures
come with the package; --published=DIR recomputes them, to more digits, from the
study's own scores/*_detail.csv. Writes a CSV a table and reproduction.html, all of
them private, as they follow from exact answers.
"""

import pathlib

import launch
from absl import flags

from teledp_jax import errors, runs
from teledp_jax.data import shipped
from teledp_jax.report import inputs as inputs_lib
from teledp_jax.studies.intel import reproduction

_PUBLISHED = flags.DEFINE_string("published", None, "Folder of the study's results.")
_OUTPUT = flags.DEFINE_string("output", None, "Folder to write to.")


def main() -> None:
    """Writes the tables and prints the name of the page."""
    run = runs.Run(launch.workdir())
    if not _OUTPUT.value:
        raise errors.InputError("State --output, as --output=runs/tables.")
    if not run.scores.exists():
        raise errors.InputError(f"{run.scores}: not there; run the job to its end.")
    folder = pathlib.Path(_PUBLISHED.value) if _PUBLISHED.value else None
    inputs = inputs_lib.read(run, shipped.suite("dca"))
    found = reproduction.make(inputs, folder)
    print(reproduction.write(pathlib.Path(_OUTPUT.value), found, inputs))


if __name__ == "__main__":
    launch.run(main)
