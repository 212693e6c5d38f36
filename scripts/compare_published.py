"""Sets a simulated fleet's answers beside published ones.

python scripts/compare_published.py --published=DIR --output=runs/published

The same as `teledp compare-published`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("compare-published")
