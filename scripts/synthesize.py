"""Fits the methods of a config and draws their tables.

python scripts/synthesize.py --config=configs/demo.py --workdir=runs/demo --label=pe

The same as `teledp fit`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("fit")
