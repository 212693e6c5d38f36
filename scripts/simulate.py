"""Writes raw files of a simulated fleet.

python scripts/simulate.py --config=configs/demo.py --workdir=runs/demo

The same as `teledp simulate`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("simulate")
