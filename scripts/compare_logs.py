"""Compares synthetic logs with the real one.

python scripts/compare_logs.py --config=configs/eventlog.py --workdir=runs/log

The same as `teledp compare-logs`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("compare-logs")
