"""Reduces raw Parquet to device tables, and encodes them.

python scripts/aggregate.py --config=configs/demo.py --workdir=runs/demo

The same as `teledp aggregate`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("aggregate")
