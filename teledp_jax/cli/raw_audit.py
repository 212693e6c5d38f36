"""Audits whole runs on neighbouring raw files, from the rows to the release."""

import bisect
import functools
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import dp_accounting
import ml_collections
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.audit import fleets, rawrows, replay, transcript
from teledp_jax.cli import progress
from teledp_jax.data import definition
from teledp_jax.job import pipeline, settings
from teledp_jax.privacy import events, findings

RAW = "from raw rows"
"""How findings name what was run."""

_SEED = 5


class Target(NamedTuple):
    """A device that joins, with rows of extreme values in every raw table.

    Attributes:
        device: Its id.
        num_rows: Its rows in each raw table.
    """

    device: str
    num_rows: int


TARGETS = (Target("\t first", 1), Target("m", 40), Target("~ last", 3000))
"""Devices that come first, among others and last in the order of ids."""


def check(
    config: ml_collections.ConfigDict,
    label: str,
    source: pathlib.Path,
    folder: pathlib.Path,
    *,
    targets: Sequence[Target] = TARGETS,
) -> list[findings.Finding]:
    """Runs a config on raw files, and on the same with a device more.

    Names and private domains are learnt, and queries answered, as the config says. The
    runs have equal randomness, and the second is told the noisy answers of the
    first: a byte of the release that differs then was passed on by no mechanism.

    Args:
        config: A config; nobody is set aside.
        label: The one that is fitted and released.
        source: Raw files.
        folder: For copies and runs; made anew.
        targets: Who joins.

    Returns:
        What replays say: the questions to mechanisms and how much a device changes
        them, whether a byte of the release differs, and the keys of the noise.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Every run has the same places, which the release might name.
    raw, run = folder / "raw", runs.Run(folder / "run")
    own = _own(config, label, raw, folder)
    release = functools.partial(_release, own, run, folder)
    shutil.copytree(source, raw)
    first = transcript.record_run(release, seed=_SEED)
    suite = pipeline.Job(settings.resolve(own), run).suite
    ids = _ids(suite, run)
    event = dp_accounting.ComposedDpEvent(list(_spent(run)))
    pairs = []
    for target in targets:
        shutil.rmtree(raw)
        shutil.copytree(source, raw)
        rawrows.add_odd(suite, raw, target.device, num_rows=target.num_rows)
        place = bisect.bisect(ids, target.device)
        second = transcript.record_run(
            release, seed=_SEED, answers=first.calls, place=place
        )
        pairs.append(replay.Pair(f"{target.num_rows} rows", first, second))
    return replay.check(fleets.stated(f"{label}, {RAW}", suite.schema, event), pairs)


def _own(
    config: ml_collections.ConfigDict,
    label: str,
    raw: pathlib.Path,
    folder: pathlib.Path,
) -> ml_collections.ConfigDict:
    """The config of one label on these files, with a book of its own."""
    plain = config.to_dict()
    plain["methods"] = {label: plain["methods"][label]}
    own = ml_collections.ConfigDict(plain)
    own.source, own.seed, own.holdout = str(raw), None, 0.0
    own.release = (label,)
    own.budget.book = str(folder / "book.jsonl")
    own.budget.data_set = "audit"
    own.budget.cap_epsilon = 10 * own.budget.epsilon
    return own


def _release(
    config: ml_collections.ConfigDict, run: runs.Run, folder: pathlib.Path
) -> Mapping[str, bytes]:
    """Runs all stages anew; what may leave and noisy answers, by names of files."""
    (folder / "book.jsonl").unlink(missing_ok=True)
    shutil.rmtree(run.folder, ignore_errors=True)
    job = pipeline.Job(settings.resolve(config), run)
    with job.open():
        for stage in (job.aggregate, job.encode):
            stage(progress.bar)
        for label in config.methods:
            job.synthesize(label, progress.bar)
        job.evaluate(progress.bar)
        job.report()
    files = sorted((run.folder / "release").rglob("*"))
    files += sorted(run.results(runs.QUERY_ANSWERS).glob("*"))
    return {
        str(file.relative_to(run.folder)): file.read_bytes()
        for file in files
        if file.is_file()
    }


def _ids(suite: definition.Suite, run: runs.Run) -> list[str]:
    """Ids of the fleet, in their order."""
    path = run.real / f"{suite.schema.anchor.name}.parquet"
    ids: list[str] = pq.read_table(path)[suite.schema.device].to_pylist()
    return ids


def _spent(run: runs.Run) -> Iterator[dp_accounting.DpEvent]:
    """What the ledger of a run says of all labels together."""
    shared: dict[str, dp_accounting.DpEvent] = {}
    for label, entry in runs.read_json(run.ledger).items():
        if label == "total":
            continue
        for part in entry["events"]:
            event = events.from_json(part["event"])
            if part["stage"] == "fit":
                yield event
            else:
                shared[part["stage"]] = event
    yield from shared.values()
