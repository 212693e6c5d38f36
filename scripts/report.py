"""Writes report.html and, for a run without seed, release/.

python scripts/report.py --config=configs/demo.py --workdir=runs/demo

The same as `teledp report`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("report")
