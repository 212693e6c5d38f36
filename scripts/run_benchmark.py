"""Runs the main job, from raw Parquet to scores and report.

python scripts/run_benchmark.py --config=configs/demo.py --workdir=runs/demo

The same as `teledp run`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("run")
