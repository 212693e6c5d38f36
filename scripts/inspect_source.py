"""Says what raw data a folder holds, and where it differs from what a suite expects.

python scripts/inspect_source.py --source=DIR --suite=dca
"""

import dataclasses
import json
import pathlib

import launch
from absl import flags

from teledp_jax import errors
from teledp_jax.data import inspect, shipped, suite

_SOURCE = flags.DEFINE_string(
    "source", None, "Folder with <schema>/<table>/*.parquet and manifests."
)
_SUITE = flags.DEFINE_string("suite", "dca", "A shipped suite, or a suite's folder.")
_JSON = flags.DEFINE_bool("json", False, "Print JSON instead of text.")


def main() -> None:
    """Prints the catalog of --source."""
    if not _SOURCE.value:
        raise errors.InputError("State --source, as --source=data/raw.")
    found = inspect.describe(
        suite.load(shipped.suite(_SUITE.value)), pathlib.Path(_SOURCE.value)
    )
    if _JSON.value:
        print(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        print(inspect.as_text(found))


if __name__ == "__main__":
    launch.run(main)
