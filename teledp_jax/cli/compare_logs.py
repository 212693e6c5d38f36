"""Compares synthetic logs with the real one.

    teledp compare-logs --config=configs/eventlog.py --workdir=runs/log

Beside them stand a second draw of the real log and the published DP-VAE. Needs the
finished main job, whose report shows the same. Writes synthetic_logs.json and .md in
reports/ of the run folder; they compare with exact figures, so they are private.
"""

from absl import flags

from teledp_jax import runs
from teledp_jax.cli import job_flags
from teledp_jax.suites.eventlog import sections


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define(values)


def main(values: flags.FlagValues) -> None:
    """Writes and prints the comparison."""
    opened = job_flags.open_job(values)
    facts = opened.compare()
    path = opened.run.folder / "reports" / "synthetic_logs.md"
    with runs.atomic(path) as temporary:
        temporary.write_text(sections.markdown(facts))
    print(path.read_text())
