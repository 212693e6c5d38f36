"""Measures what methods promise, on simulated fleets only.

python scripts/audit_privacy.py --output=runs/audit

The same as `teledp audit`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("audit")
