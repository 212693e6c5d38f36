"""Kills a run, fills its disk, and compares how it ends.

    teledp faults --config=tests/configs/tiny.py --workdir=runs/faults

A seeded run goes through undisturbed, in WORKDIR/whole. A second one, in
WORKDIR/killed, is killed by SIGKILL after a random time and started again, --kills
times, then finished: its ledger, scores, statistics, results and synthetic tables must
be the same to the last byte. Whenever it ends between two kills it starts anew. A third
one, in WORKDIR/full, may write no file beyond a random size, --disks times, each of
which must end in one line and status 2 and leave nothing half-written; then it is
finished as well. With --malformed, thousands of malformed files are read by the tests.
With --output, the counts go to faults.json in that folder, as runs/demo/audit, where
the report looks. Exit status 1 if a file differs.
"""

import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from absl import flags, logging

from teledp_jax import errors, runs
from teledp_jax.cli import command, job_flags
from teledp_jax.job import provenance

_OWN = (
    "--workdir", "--kills", "--disks", "--malformed", "--nomalformed", "--output",
    "--seed",
)  # fmt: skip
_TESTS = pathlib.Path(__file__).parents[2] / "tests" / "data" / "malformed_test.py"


def define(values: flags.FlagValues) -> None:
    """Defines the flags; those of the job are handed on."""
    job_flags.define(values)
    command.define_path(values, "output", "Folder for faults.json; none: print only.")
    flags.DEFINE_integer(
        "kills", 50, "How often the run is killed.", flag_values=values
    )
    flags.DEFINE_integer(
        "disks", 5, "How often files may not grow.", flag_values=values
    )
    flags.DEFINE_bool(
        "malformed", False, "Whether to read malformed files.", flag_values=values
    )
    flags.DEFINE_integer(
        "seed", 0, "Seed of the moments, and of the run.", flag_values=values
    )


def start(folder: pathlib.Path, seed: int) -> subprocess.Popen:
    """Starts the run, in a process group of its own."""
    passed = [arg for arg in sys.argv[1:] if arg.partition("=")[0] not in _OWN]
    own = [f"--workdir={folder}", f"--config.seed={seed}"]
    return subprocess.Popen(
        [sys.executable, "-m", "teledp_jax.cli", "run", *passed, *own],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(folder: pathlib.Path, seed: int) -> float:
    """Runs to the end and returns the seconds that it took."""
    started = time.perf_counter()
    process = start(folder, seed)
    _, text = process.communicate()
    if process.returncode:
        raise errors.InputError(f"The run failed: {text.splitlines()[-1:]}.")
    return time.perf_counter() - started


def outcome(run: runs.Run) -> dict[str, bytes]:
    """Returns the files that must not depend on how often a run was killed."""
    paths = [run.ledger, run.scores, run.statistics]
    paths += sorted((run.folder / "results").rglob("*.csv"))
    paths += sorted((run.folder / "synthetic").rglob("*.parquet"))
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in paths}


def differences(whole: pathlib.Path, killed: pathlib.Path) -> list[str]:
    """Names of files that two finished runs do not share."""
    first, second = outcome(runs.Run(whole)), outcome(runs.Run(killed))
    names = sorted(set(first) | set(second))
    return [name for name in names if first.get(name) != second.get(name)]


def kill(
    values: flags.FlagValues, folder: pathlib.Path, seconds: float
) -> tuple[str, list[str]]:
    """Kills a run at random moments; returns the files that differ at its ends."""
    whole, killed = folder / "whole", folder / "killed"
    moments = random.Random(values.seed)
    found: list[str] = []
    ends, kills = 1, 0
    for _ in range(values.kills):
        process = start(killed, values.seed)
        try:
            process.communicate(timeout=moments.uniform(0.0, seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            logging.info("kill %d of %d", kills, values.kills)
            continue
        if process.returncode:
            raise errors.InputError(f"Run {killed} failed after {kills} kills.")
        found += differences(whole, killed)
        ends += 1
        shutil.rmtree(killed)
    finish(killed, values.seed)
    found += differences(whole, killed)
    text = f"{values.kills} moments, {kills} kills, {ends} ends"
    return f"{text}, {len(found)} files differ.", found


def fill(values: flags.FlagValues, folder: pathlib.Path) -> tuple[str, list[str]]:
    """Runs under limits on the size of files; returns what differs at the end."""
    whole, full = folder / "whole", folder / "full"
    limits = random.Random(values.seed)
    found: list[str] = []
    sizes = [path.stat().st_size for path in whole.rglob("*") if path.is_file()]
    refused = 0
    for _ in range(values.disks):
        limit = limits.choice(sizes)
        process = start(full, values.seed)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        _, text = process.communicate()
        lines = [line for line in text.splitlines() if line.startswith("error: ")]
        expected = (0, 0) if not process.returncode else (2, 1)
        if (process.returncode, len(lines)) != expected:
            found.append(f"{limit} bytes: status {process.returncode}, {lines}")
        found += [f"{limit} bytes: left {path}" for path in full.rglob("*.partial")]
        refused += process.returncode == 2
    finish(full, values.seed)
    found += differences(whole, full)
    text = f"{values.disks} full disks, {refused} refused, {len(found)} faults."
    return text, found


def read_malformed() -> tuple[str, list[str]]:
    """Runs the tests of malformed files at length."""
    options = ["--hypothesis-profile=long", "--hypothesis-show-statistics"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(_TESTS), *options],
        capture_output=True,
        text=True,
    )
    pairs = re.findall(r"(\d+) passing, (\d+) failing", done.stdout)
    passing, failing = (sum(int(pair[i]) for pair in pairs) for i in (0, 1))
    faults = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    if done.returncode and not faults:
        faults = [f"pytest ended with status {done.returncode}"]
    return f"{passing + failing} malformed inputs, {failing} faults.", faults


def main(values: flags.FlagValues) -> None:
    """Runs, kills, fills, resumes, compares."""
    if values.malformed and not _TESTS.exists():
        raise errors.InputError("--malformed reads tests: it needs a checkout.")
    folder = job_flags.folder(values)
    seconds = finish(folder / "whole", values.seed)
    found: list[str] = []
    lines = []
    for text, faults in (
        kill(values, folder, seconds),
        fill(values, folder),
        *([read_malformed()] if values.malformed else []),
    ):
        print(text)
        lines.append(text)
        found += faults
    if values.output is not None:
        ran = " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
        path = pathlib.Path(values.output) / "faults.json"
        code = provenance.code_of("teledp_jax.job.pipeline")
        content = {"command": ran, "code": code, "lines": lines, "faults": found}
        runs.write_json(path, content)
    for name in sorted(set(found)):
        print(name)
    if found:
        sys.exit(1)
