"""The main job: raw Parquet in; synthetic tables, scores and a report out.

python scripts/run_benchmark.py --config=configs/demo.py --workdir=runs/demo
"""

import pathlib
import signal
import subprocess
import sys

import launch

from teledp_jax import errors


def main() -> None:
    """Runs every stage that is not finished, each method in a process of its own."""
    job = launch.job()
    with job.open():
        job.simulate(launch.bar)
        job.aggregate(launch.bar)
        job.encode(launch.bar)
        script = pathlib.Path(__file__).with_name("synthesize.py")
        for label in job.config.methods:
            flags = [*sys.argv[1:], f"--label={label}", "--within_run"]
            status = subprocess.run([sys.executable, script, *flags]).returncode
            if status < 0:
                name = signal.Signals(-status).name
                raise errors.InputError(
                    f"methods.{label}: its process was ended by {name}; if memory was "
                    "short, lower its micro_batch. Give the command again to go on."
                )
            if status:
                sys.exit(status)
        job.evaluate(launch.bar)
        print(job.report())


if __name__ == "__main__":
    launch.run(main)
