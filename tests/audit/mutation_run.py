"""Plants faults in a copy of the checkout and runs the tests that must find them.

    python -m tests.audit.mutation_run               # all
    python -m tests.audit.mutation_run ledger book   # those of some areas

docs/mutations.md is written anew; of other areas it keeps its rows.

A fault is found if a test of it fails. Each runs in a process of its own, forked off
one that has imported the libraries; first, all tests must pass without a fault. Takes
about 20 minutes on 2 cores.
"""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence

import dp_accounting  # noqa: F401
import duckdb  # noqa: F401
import flax  # noqa: F401
import hypothesis  # noqa: F401
import jax  # noqa: F401
import jaxtyping  # noqa: F401
import opendp.prelude  # noqa: F401
import optax  # noqa: F401
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

from tests.audit import mutations

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mutations.md"
FOUND, NOT_FOUND, BROKEN = "found", "not found", "broken"
_PARTS = ("teledp_jax", "tests", "sql", "configs", "benchmarks", "scripts", "docs")
_LIMIT_S = 300.0  # CPU time of the tests of a fault; of all together 20 times as much
_WAIT = 20.0  # times the limit, in wall time: a busy machine finds no fault


def copy(folder: pathlib.Path) -> None:
    """Copies what tests need, without compiled files."""
    for part in _PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "BUILD.md"):
        shutil.copyfile(ROOT / name, folder / name)


def run_tests(
    folder: pathlib.Path, tests: Sequence[str], limit_s: float = _LIMIT_S
) -> int:
    """Runs tests of a copy by a fork of this process; gives the status of pytest.

    Tests that use up the CPU time of the limit have failed: a fault that never ends is
    seen. Tests that only wait are broken.
    """
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 5))
        os.chdir(folder)
        sys.path[:] = [str(folder), *[p for p in sys.path if p not in ("", str(ROOT))]]
        for name in [n for n in sys.modules if n.split(".")[0] == "tests"]:
            del sys.modules[name]  # the copy has its own
        log = os.open(folder / "log.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        names = [f"tests/{name}" for name in tests]
        options = ["-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider"]
        status = pytest.main([*options, *names])
        os._exit(int(status))
    ends = time.monotonic() + _WAIT * limit_s
    while time.monotonic() < ends:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return 1 if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 2


def failed(folder: pathlib.Path) -> str:
    """Name of the test that failed in the last run."""
    for line in (folder / "log.txt").read_text(errors="replace").splitlines():
        if line.startswith("FAILED "):
            return line.removeprefix("FAILED tests/").split(" - ")[0].split("[")[0]
    return ""


def plant(folder: pathlib.Path, mutation: mutations.Mutation) -> tuple[str, str]:
    """Plants one fault, runs its tests, and takes it out again.

    Returns:
        The verdict, and the test that found it.
    """
    path = folder / "teledp_jax" / mutation.path
    before = path.read_text(encoding="utf-8")
    assert before.count(mutation.old) == 1, mutation
    path.write_text(before.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        status = run_tests(folder, mutation.tests)
    finally:
        path.write_text(before, encoding="utf-8")
    if status == 1:
        return FOUND, failed(folder)
    return (NOT_FOUND if status == 0 else BROKEN), ""


Row = tuple[str, str, str, str, str]
"""A row of the page: area, fault, verdict, the test that found it, the commit."""


def planted(chosen: Sequence[mutations.Mutation]) -> Iterator[Row]:
    """Plants faults one by one, after their tests have passed without any.

    Args:
        chosen: The faults.

    Yields:
        A row of the page per fault.
    """
    git = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy(folder)
        every = sorted({test for mutation in chosen for test in mutation.tests})
        if run_tests(folder, every, 20 * _LIMIT_S):
            log = (folder / "log.txt").read_text(errors="replace")
            sys.exit(f"{log[-3000:]}\nwithout a fault {failed(folder)} fails")
        for mutation in chosen:
            verdict, test = plant(folder, mutation)
            by = f"`{test}`" if test else ""
            yield mutation.area, mutation.fault, verdict, by, done.stdout.strip()


def kept_rows() -> dict[tuple[str, str], Row]:
    """Rows of the page as it is, by area and fault."""
    if not PAGE.exists():
        return {}
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line[2:-2].split(" | ") for line in lines if line.startswith("| ")]
    return {(row[0], row[1]): (*row,) for row in rows[1:]}  # type: ignore[misc]


def write(rows: Iterable[Row]) -> None:
    """Writes the page: new rows, and of other faults the old ones."""
    found = {**kept_rows(), **{(row[0], row[1]): row for row in rows}}
    listed = [
        found[key]
        for mutation in mutations.MUTATIONS
        if (key := (mutation.area, mutation.fault)) in found
    ]
    count = sum(row[2] == FOUND for row in listed)
    head = "| planted in | fault | verdict | by | at |\n|---|---|---|---|---|\n"
    body = "".join(f"| {' | '.join(row)} |\n" for row in listed)
    PAGE.write_text(
        "# Planted faults\n\n"
        "Each row is a fault that was planted in the code as users get it, one at a "
        "time, the first test that failed then,\nand the commit. Written by "
        "`python -m tests.audit.mutation_run`; see [checks](checks.md).\n\n"
        f"{count} of {len(listed)} were found.\n\n{head}{body}",
        encoding="utf-8",
    )


def main() -> None:
    """Plants all faults, or those of some areas."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    areas = sys.argv[1:]
    chosen = [m for m in mutations.MUTATIONS if not areas or m.area in areas]
    rows = []
    for row in planted(chosen):
        rows.append(row)
        sys.stdout.write(" | ".join(row) + "\n")
        sys.stdout.flush()
    write(rows)
    sys.exit(any(row[2] != FOUND for row in rows))


if __name__ == "__main__":
    main()
