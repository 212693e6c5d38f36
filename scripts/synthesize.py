"""Fits the methods of a config and draws their tables.

python scripts/synthesize.py --config=configs/demo.py --workdir=runs/demo --label=pe
"""

import launch
from absl import flags

_LABEL = flags.DEFINE_string("label", None, "Only this label, as pe; none: all.")
_WITHIN = flags.DEFINE_bool("within_run", False, "The caller holds the run folder.")


def main() -> None:
    """Runs the stage."""
    job = launch.job()
    with job.open(locked=not _WITHIN.value):
        for label in [_LABEL.value] if _LABEL.value else list(job.config.methods):
            job.synthesize(label, launch.bar)


if __name__ == "__main__":
    launch.run(main)
