"""Device tables of a part of the devices at a time, each kept once it is finished."""

import dataclasses
import pathlib
import tempfile
from collections.abc import Sequence

from teledp_jax import runs
from teledp_jax.data import (
    definition,
    quality,
    rawfiles,
    reduction,
    slices,
    warehouse,
    writing,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partitioning:
    """States how the devices of a fleet are parted.

    Attributes:
        num_partitions: How many parts the devices fall into, by a hash of the id.
        memory_limit: Most memory that a part takes, such as `4GB`.
        temp_folder: Where DuckDB spills; every node of a cluster sees it.
        token: Fingerprint of all that the device tables depend on.
        threads: Threads of a part; None is one per core.
        temp_limit: Most disk that a part spills to, such as `50GB`; None is what is
            free.
        in_order: Whether tables of a part are written in order: not if they are merged.
    """

    num_partitions: int
    memory_limit: str
    temp_folder: pathlib.Path
    token: str
    threads: int | None = 1
    temp_limit: str | None = None
    in_order: bool = True


def part_name(partition: int) -> str:
    """Name of a partition's file or folder, without a suffix."""
    return f"part-{partition:05d}"


def is_finished(folder: pathlib.Path, token: str) -> bool:
    """Tells whether a partition was finished under a token.

    Args:
        folder: The partition's folder.
        token: Fingerprint of all that the device tables depend on.
    """
    marker = folder / _MARKER
    return marker.exists() and runs.read_json(marker)["token"] == token


_MARKER = "finished.json"


def reduce_partition(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    partitioning: Partitioning,
    selection: rawfiles.Selection,
    one: slices.Slice | None = None,
) -> list[quality.Count]:
    """Makes the device tables of one partition, or finds them made before.

    Args:
        suite: The suite.
        files: Of the partition's raw tables.
        folder: Gets `real/` and `holdout/`, whole or not at all.
        partitioning: How the devices are parted.
        selection: Which rows count, and whose are set aside.
        one: The devices of the files whose rows are read; None is all.

    Returns:
        How many rows each rule dropped.
    """
    if not is_finished(folder, partitioning.token):
        with runs.atomic_folder(folder) as temporary:
            counts = _reduce(suite, files, temporary, partitioning, selection, one)
            saved = [dataclasses.asdict(count) for count in counts]
            runs.write_json(
                temporary / _MARKER, {"token": partitioning.token, "counts": saved}
            )
    saved = runs.read_json(folder / _MARKER)["counts"]
    return [quality.Count(**fields) for fields in saved]


def _reduce(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    partitioning: Partitioning,
    selection: rawfiles.Selection,
    one: slices.Slice | None,
) -> list[quality.Count]:
    """Runs the SQL of a suite on one partition."""
    with (
        tempfile.TemporaryDirectory(
            dir=partitioning.temp_folder, prefix="task-"
        ) as temporary,
        warehouse.connect(
            memory_limit=partitioning.memory_limit,
            temp_folder=pathlib.Path(temporary),
            folders=list({file.parent for own in files.values() for file in own}),
            threads=partitioning.threads,
            temp_limit=partitioning.temp_limit,
        ) as connection,
    ):
        return reduction.reduce(
            connection,
            suite,
            files,
            writing.Reduced(real=folder / "real", holdout=folder / "holdout"),
            selection=selection,
            temp_folder=pathlib.Path(temporary),
            progress=lambda done, total: None,
            one=one,
            in_order=partitioning.in_order,
        )


def added(counts: Sequence[quality.Count]) -> list[quality.Count]:
    """Adds up counts of partitions to one per table, column and rule."""
    totals: dict[tuple[str, str, str], int] = {}
    for count in counts:
        key = (count.table, count.column, count.rule)
        totals[key] = totals.get(key, 0) + count.count
    return [quality.Count(*key, count) for key, count in totals.items()]
