"""Kills a run, fills its disk, and compares how it ends.

python scripts/fault_injection.py --config=tests/configs/tiny.py --workdir=runs/faults

The same as `teledp faults`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("faults")
