"""Writes raw files of a simulated fleet.

python scripts/simulate.py --config=configs/demo.py --workdir=runs/demo
"""

import launch


def main() -> None:
    """Runs the stage."""
    job = launch.job()
    with job.open():
        job.simulate(launch.bar)


if __name__ == "__main__":
    launch.run(main)
