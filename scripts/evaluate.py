"""Runs the queries on real and synthetic tables; scores them.

python scripts/evaluate.py --config=configs/demo.py --workdir=runs/demo

The same as `teledp evaluate`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("evaluate")
