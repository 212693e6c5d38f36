"""Synthetic logs of a run beside its real log, a second draw and the published DP-VAE.

python scripts/compare_logs.py --config=configs/eventlog.py --workdir=runs/log

Needs the finished main job, whose report shows the same. Writes synthetic_logs.json and
.md in reports/ of the run folder; they compare with exact figures, so they are private.
"""

import launch

from teledp_jax import runs
from teledp_jax.suites.eventlog import sections as report


def main() -> None:
    """Runs the step."""
    job = launch.job()
    facts = job.compare()
    path = job.run.folder / "reports" / "synthetic_logs.md"
    with runs.atomic(path) as temporary:
        temporary.write_text(report.markdown(facts))
    print(path.read_text())


if __name__ == "__main__":
    launch.run(main)
