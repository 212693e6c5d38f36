"""Checks an event log and makes raw files of it.

python scripts/preprocess.py --input=FILE.csv --workdir=runs/log

The same as `teledp preprocess`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("preprocess")
