"""Writes exact reports and figures of an event log; private.

python scripts/summary_stats.py --workdir=runs/log

The same as `teledp summary`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("summary")
