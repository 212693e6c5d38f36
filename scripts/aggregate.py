"""Reduces raw Parquet to device tables, and encodes them.

python scripts/aggregate.py --config=configs/demo.py --workdir=runs/demo
"""

import launch


def main() -> None:
    """Runs the stage."""
    job = launch.job()
    with job.open():
        job.aggregate(launch.bar)
        job.encode(launch.bar)


if __name__ == "__main__":
    launch.run(main)
