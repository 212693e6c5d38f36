"""Synthetic logs of a run beside its real log, a second draw and the published DP-VAE.

python scripts/compare_logs.py --config=configs/eventlog.py --workdir=runs/log

Needs the finished main job. Writes reports/synthetic_logs.json and .md in the run
folder; they compare with exact figures, so they are private.
"""

import pathlib

import launch
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import errors, runs
from teledp_jax.data import eventlog
from teledp_jax.evaluation import eventlog as statistics
from teledp_jax.report import eventlog as report
from teledp_jax.simulate import eventlog as simulated


def read(path: pathlib.Path) -> pa.Table:
    """A Parquet file, or all of a folder.

    Raises:
        InputError: If it is absent.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise errors.InputError(
            f"{path}: is absent; run scripts/run_benchmark.py first."
        )
    return pa.concat_tables([pq.read_table(file) for file in files])


def main() -> None:
    """Runs the step."""
    job = launch.job()
    if job.config.suite != "eventlog":
        raise errors.InputError(f"Suite {job.config.suite} is no event log.")
    rng = np.random.default_rng(0)  # of minutes in an hour and of the second draw
    source = job.config.source or job.run.raw
    raw = read(source / "telemetry" / "events")
    users = read(job.run.real / "users.parquet")["user_id"]
    real = eventlog.from_raw(raw, users)
    names = {
        name: eventlog.vocabulary(job.suite.folder, name)
        for name in ("products", "event_types")
    }
    capped = read(job.run.ceiling / "user_events.parquet")
    logs = {
        "real": real,
        "capped": eventlog.from_device_table(capped, rng),
        "second_draw": eventlog.from_device_table(
            eventlog.second_draw(capped, len(users), rng), rng
        ),
    }
    for label in job.config.methods:
        table = read(job.run.synthetic(label) / "user_events.parquet")
        logs[label] = eventlog.from_device_table(table, rng)
    facts = {
        label: statistics.compare(real, log, **names) for label, log in logs.items()
    }
    published = simulated.published()["dp_vae"]
    runs.write_json(
        job.run.folder / "reports" / "synthetic_logs.json",
        {**facts, "published_dp_vae": published},
    )
    path = job.run.folder / "reports" / "synthetic_logs.md"
    with runs.atomic(path) as temporary:
        temporary.write_text(report.comparison(facts, published))
    print(path.read_text())


if __name__ == "__main__":
    launch.run(main)
