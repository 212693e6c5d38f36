"""Releases users and error users by product, under noise.

python scripts/private_answers.py --workdir=runs/log

The same as `teledp answers`.
"""

from teledp_jax.cli import main

if __name__ == "__main__":
    main.call("answers")
