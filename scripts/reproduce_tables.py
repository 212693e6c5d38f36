"""Sets the published study's tables beside those of a run.

python scripts/reproduce_tables.py --workdir=runs/dca_intel --output=runs/tables

The same as `teledp reproduce`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("reproduce")
