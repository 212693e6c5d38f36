"""Says what raw data a folder holds, and what a suite misses.

python scripts/inspect_source.py --source=DIR --suite=dca

The same as `teledp inspect`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("inspect")
