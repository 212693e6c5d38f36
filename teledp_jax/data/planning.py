"""How many passes a source takes, by what its files say of their sizes."""

import math
import pathlib
import shutil
from collections.abc import Mapping
from typing import NamedTuple

from absl import logging

from teledp_jax import errors, runs
from teledp_jax.data import definition, rawfiles, sizes, warehouse

MOST = 96
"""Most parts: DuckDB keeps a file of each open while it rewrites."""

FEW = 4
"""Most parts that are read from the source itself: to rewrite a row takes as long as to
read it some twenty times, and a part reads it some five times."""

_WORK = 3.0  # times the plain bytes of a statement's rows is what it works on
_REWRITTEN = 1.5  # times the packed bytes of raw columns is what they take rewritten


class Passes(NamedTuple):
    """How a source is read.

    Attributes:
        num_parts: Parts of the devices, reduced one after the other; 1: all at once.
        per_scan: How many of them are rewritten by one reading of the source; 0: none,
            each is read from the source itself.
        disk_bytes: Most disk that rewritten rows and spilled ones take, estimated.
    """

    num_parts: int
    per_scan: int
    disk_bytes: int

    @property
    def num_scans(self) -> int:
        """Counts how often the source is read."""
        return math.ceil(self.num_parts / max(self.per_scan, 1))


def plan(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    sources: Mapping[str, definition.Source],
    *,
    device_share: float,
    num_parts: int,
    memory_bytes: int,
    disk_bytes: int,
) -> Passes:
    """Plans passes by what files say of their sizes.

    Args:
        suite: The suite.
        files: Of each raw table.
        sources: The raw tables, each with the columns that are read.
        device_share: Share of devices that is kept.
        num_parts: Parts to make; 0 makes as few as memory and disk allow.
        memory_bytes: Memory of DuckDB.
        disk_bytes: Disk that may be taken.

    Returns:
        The plan.

    Raises:
        InputError: If the disk is too small for what a statement spills.
    """
    found = {name: sizes.of_files(own, sources[name]) for name, own in files.items()}
    work = (
        _WORK
        * device_share
        * max(
            sum(found[name].plain for name in suite.reads(table.name) if name in found)
            for table in suite.schema.tables
        )
    )
    rewritten = (
        _REWRITTEN
        * device_share
        * sum(
            size.packed
            for name, size in found.items()
            if sources[name].device is not None
        )
    )
    if num_parts == 0:
        fits = work <= memory_bytes + disk_bytes
        num_parts = 1 if fits else min(math.ceil(work / memory_bytes), MOST)
    if num_parts == 1:
        return Passes(1, 1, int(max(work - memory_bytes, 0.0)))
    spilled = max(work / num_parts - memory_bytes, 0.0)
    if spilled > disk_bytes:
        raise errors.InputError(
            f"The source does not fit in {num_parts} passes: one needs "
            f"{spilled / 1e9:.1f} GB of disk, {disk_bytes / 1e9:.1f} GB are free in "
            "temp_folder or allowed by temp_limit; free disk space, raise "
            f"memory_limit, or set passes to more, at most {MOST}."
        )
    each = rewritten / num_parts
    # A part's rows, and what its statements leave.
    if num_parts <= FEW or spilled + 2 * each > disk_bytes:
        return Passes(num_parts, 0, int(spilled))
    per_scan = num_parts
    if each:
        per_scan = min(int((disk_bytes - spilled) / each) - 1, num_parts)
    return Passes(num_parts, per_scan, int(spilled + (per_scan + 1) * each))


def disk_bytes(temp_folder: pathlib.Path, temp_limit: str | None) -> int:
    """Tells how much disk may be taken: what is free, less a tenth, or the limit.

    Args:
        temp_folder: A folder that exists.
        temp_limit: A size such as `50GB`; None for no limit.
    """
    free = int(0.9 * shutil.disk_usage(temp_folder).free)
    return free if temp_limit is None else min(free, warehouse.num_bytes(temp_limit))


def tell(plan: Passes, disk: int) -> None:
    """Says before it starts how a source is read.

    Args:
        plan: What `plan` returned.
        disk: Disk that may be taken, in bytes.
    """
    if plan.num_parts > 1:
        logging.info(
            "Aggregates in %d passes by the hash of the device id; reads the "
            "source %d times, takes about %.1f of %.1f GB of disk.",
            plan.num_parts, plan.num_scans, plan.disk_bytes / 1e9, disk / 1e9,
        )  # fmt: skip


def saved(
    run: runs.Run, folder: pathlib.Path, token: str, num_parts: int
) -> Passes | None:
    """Finds the plan of a run that was killed, so that its passes still count.

    Args:
        run: The run folder.
        folder: Of rewritten rows.
        token: Fingerprint of all that the device tables depend on.
        num_parts: Parts that are asked for; 0 goes on with any number.

    Returns:
        The plan; None if there is none, and then nothing is left of other runs.
    """
    path = run.staging / "passes.json"
    if path.exists():
        found = runs.read_json(path)
        if found["token"] == token and num_parts in (0, found["plan"][0]):
            return Passes(*found["plan"])
    for old in (run.staging, folder):
        shutil.rmtree(old, ignore_errors=True)
    return None


def save(run: runs.Run, token: str, plan: Passes) -> None:
    """Keeps a plan until its device tables are made.

    Args:
        run: The run folder.
        token: Fingerprint of all that the device tables depend on.
        plan: The plan.
    """
    run.staging.mkdir(parents=True, exist_ok=True)
    runs.write_json(run.staging / "passes.json", {"token": token, "plan": list(plan)})
