"""Writes many random raw files, reads them as a run does, and counts what was tried.

    python -m tests.data.raw_run --files=10000

The first file that is not read as it is meant ends it with its seed and status 1.
docs/reference/raw-files.md holds the numbers of the last run.
"""

import argparse
import collections
import pathlib
import sys
import tempfile
import time

from teledp_jax.data import suite as suite_lib
from tests.data import conftest, raw_check

_AT_ONCE = 20  # files of a source


def main() -> None:
    """Tries files until there are enough, or time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0, help="of the first source")
    stated = parser.parse_args()
    ends = time.monotonic() + 60 * stated.minutes
    writers: collections.Counter[str] = collections.Counter()
    seed, num_rows = stated.seed, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        conftest.write_suite(folder / "tiny")
        suite = suite_lib.load(folder / "tiny")
        source = conftest.write_source(folder)
        while writers.total() < stated.files and time.monotonic() < ends:
            try:
                tried = raw_check.check(
                    suite, source, folder / "run", seed=seed, num_files=_AT_ONCE
                )
            except BaseException:
                sys.stderr.write(f"seed {seed} fails:\n")
                raise
            writers += tried.writers
            num_rows += tried.rows
            seed += 1
            sys.stdout.write(f"\r{writers.total()} files")
            sys.stdout.flush()
    own = ", ".join(f"{count} {who}" for who, count in writers.most_common())
    sys.stdout.write(
        f"\r{writers.total()} files of {seed - stated.seed} sources with {num_rows} "
        f"rows: {own}\n"
    )


if __name__ == "__main__":
    main()
