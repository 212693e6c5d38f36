"""The files of a run folder: where each lies, and how it is written whole."""

import contextlib
import csv
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from teledp_jax import errors

QUERY_ANSWERS = "query_answers"
"""Label of the noisy answers to queries, which no method makes."""


@dataclasses.dataclass(frozen=True)
class Run:
    """Paths of one run folder. All of it is private but for `release/`."""

    folder: pathlib.Path

    @property
    def private(self) -> pathlib.Path:
        """Keys, encoded arrays, halves, holdout, checkpoints, data quality."""
        return self.folder / "private"

    @property
    def config(self) -> pathlib.Path:
        """The resolved config, versions, accelerators and seed policy."""
        return self.folder / "config.json"

    @property
    def raw(self) -> pathlib.Path:
        """Raw files of a simulated fleet."""
        return self.private / "raw"

    @property
    def staging(self) -> pathlib.Path:
        """What a cluster has shuffled and reduced, until `aggregate` is finished."""
        return self.private / "staging"

    @property
    def real(self) -> pathlib.Path:
        """Device tables of the fleet without its holdout."""
        return self.folder / "real"

    @property
    def holdout(self) -> pathlib.Path:
        """Device tables of the holdout."""
        return self.private / "holdout"

    @property
    def ceiling(self) -> pathlib.Path:
        """Device tables of the real fleet, encoded and decoded: what bounding costs."""
        return self.private / "ceiling"

    @property
    def public_ceiling(self) -> pathlib.Path:
        """The same in the headers' domains, where some are private."""
        return self.private / "ceiling_public"

    @property
    def arrays(self) -> pathlib.Path:
        """The encoded fleet."""
        return self.private / "arrays"

    @property
    def count(self) -> pathlib.Path:
        """The noisy number of devices."""
        return self.private / "count.json"

    @property
    def domains(self) -> pathlib.Path:
        """What was learnt under noise of private bins and vocabularies."""
        return self.private / "domains.json"

    @property
    def book(self) -> pathlib.Path:
        """What the budget book says of all releases of the data set."""
        return self.folder / "book.json"

    @property
    def compiled(self) -> pathlib.Path:
        """Compiled programs of a run on real data, which hold sizes of the fleet."""
        return self.private / "compiled"

    @property
    def published(self) -> pathlib.Path:
        """Labels and fits that were put in `release/`, and what they had read."""
        return self.private / "published.json"

    @property
    def missing_tables(self) -> pathlib.Path:
        """Names of the device tables that the source could not fill."""
        return self.private / "missing_tables.json"

    @property
    def quality(self) -> pathlib.Path:
        """Counts of what was clamped or dropped."""
        return self.private / "quality.csv"

    @property
    def ledger(self) -> pathlib.Path:
        """Events and epsilons, by label."""
        return self.folder / "ledger.json"

    @property
    def scores(self) -> pathlib.Path:
        """One row per label and check."""
        return self.folder / "scores.csv"

    @property
    def answers(self) -> pathlib.Path:
        """Has a row per label, query, value column and group, with what is right."""
        return self.folder / "answers.csv"

    @property
    def judgement(self) -> pathlib.Path:
        """Has a row per label and query, and how many answers are right."""
        return self.folder / "judgement.csv"

    @property
    def statistics(self) -> pathlib.Path:
        """One row per label, table and column."""
        return self.folder / "statistics.csv"

    @property
    def rare_events(self) -> pathlib.Path:
        """One row per label and rare event."""
        return self.folder / "rare_events.csv"

    @property
    def downstream(self) -> pathlib.Path:
        """One row per label and downstream task."""
        return self.folder / "downstream.csv"

    @property
    def summary(self) -> pathlib.Path:
        """What a method costs and how well it does, by label."""
        return self.folder / "summary.json"

    @property
    def audit(self) -> pathlib.Path:
        """What audits of the methods found, on simulated fleets."""
        return self.folder / "audit" / "audit.json"

    @property
    def faults(self) -> pathlib.Path:
        """What a run of `scripts/fault_injection.py` survived."""
        return self.folder / "audit" / "faults.json"

    @property
    def report(self) -> pathlib.Path:
        """The page for people."""
        return self.folder / "report.html"

    @property
    def figures(self) -> pathlib.Path:
        """Figures of the report."""
        return self.folder / "figures"

    def half(self, which: str) -> pathlib.Path:
        """Names the folder of a random half of the real fleet, `first` or `second`."""
        return self.private / "half_sample" / which

    def synthetic(self, label: str) -> pathlib.Path:
        """Names the folder of a label's synthetic device tables."""
        return self.folder / "synthetic" / label

    def results(self, label: str) -> pathlib.Path:
        """Names the folder of the results of queries on some tables.

        Args:
            label: A label, or `real`, `half_sample` or `ceiling`.
        """
        return self.folder / "results" / label

    @property
    def half_reference(self) -> pathlib.Path:
        """Query results on the first half, which `results/half_sample` is held to."""
        return self.private / "half_sample" / "results"

    def cost(self, label: str) -> pathlib.Path:
        """Names the file of what a label's fit and sample took, and its facts."""
        return self.folder / "costs" / f"{label}.json"

    def noiseless(self, label: str) -> pathlib.Path:
        """Names the folder of what a label draws if it is fitted without noise."""
        return self.private / "noiseless" / label

    def trust(self, label: str) -> pathlib.Path:
        """Names the folder of a label's refits and grades; `release` gets a copy."""
        return self.private / "trust" / label

    def release(self, label: str) -> pathlib.Path:
        """Names the folder of what may leave the building, of a label."""
        return self.folder / "release" / label

    def create(self) -> None:
        """Makes the folder, for its owner only.

        Raises:
            InputError: If it cannot be made or written.
        """
        try:
            for folder in (self.folder, self.private):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
            with atomic(self.private / ".probe") as temporary:
                temporary.write_bytes(b"")
            (self.private / ".probe").unlink()
        except OSError as error:
            raise errors.InputError(
                f"{self.folder}: cannot write the run folder ({error.strerror}); "
                "choose another --workdir."
            ) from None


@contextlib.contextmanager
def atomic(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a temporary name that becomes a file only if the block ends well.

    Args:
        path: The file; its folder is made if absent.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a temporary folder that takes its place only if the block ends well.

    Args:
        path: The folder; what it held before is gone then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: pathlib.Path, value: Any) -> None:
    """Writes JSON whole; infinity, which JSON lacks, becomes text, and NaN null.

    Args:
        path: The file.
        value: Plain values, numbers and arrays of numpy, and paths.
    """
    text = json.dumps(_plain(value), indent=2, allow_nan=False)
    with atomic(path) as temporary:
        temporary.write_text(text + "\n")


def _plain(value: Any) -> Any:
    """`value` in what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if isinstance(value, float) and value != value:
        return None
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value


def read_json(path: pathlib.Path) -> Any:
    """Reads JSON.

    Args:
        path: The file.

    Returns:
        Plain values.

    Raises:
        InputError: If the file is absent or no JSON.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise errors.InputError(f"{path}: cannot be read as JSON ({error}).") from None


def write_csv(
    path: pathlib.Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Writes a CSV whole: a header line, then a line per row; None is empty.

    Args:
        path: The file.
        columns: Names of the columns, in order.
        rows: Mappings by column.
    """
    with atomic(path) as place, place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: pathlib.Path) -> list[dict[str, str]]:
    """Reads a CSV as texts.

    Args:
        path: The file.

    Returns:
        A dict per row.

    Raises:
        InputError: If the file is absent.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise errors.InputError(f"{path}: cannot be read ({error.strerror}).") from None


def fingerprint(*parts: Any) -> str:
    """Hashes values, and files by path, size and time of change."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.Path):
            stat = part.stat()
            part = [str(part), stat.st_size, stat.st_mtime_ns]
        digest.update(json.dumps(_plain(part), sort_keys=True, default=str).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:20]
