"""Runs the queries on real and synthetic tables and scores them.

python scripts/evaluate.py --config=configs/demo.py --workdir=runs/demo
"""

import launch


def main() -> None:
    """Runs the stage."""
    job = launch.job()
    with job.open():
        job.evaluate(launch.bar)


if __name__ == "__main__":
    launch.run(main)
