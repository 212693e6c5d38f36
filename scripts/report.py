"""Writes report.html and, unless the run is seeded, release/.

python scripts/report.py --config=configs/demo.py --workdir=runs/demo
"""

import launch


def main() -> None:
    """Runs the stage."""
    job = launch.job()
    with job.open():
        print(job.report())


if __name__ == "__main__":
    launch.run(main)
