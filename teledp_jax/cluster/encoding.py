"""Arrays of a fleet, a partition of devices at a time, by tasks of Ray."""

import functools
import itertools
from collections.abc import Callable

from teledp_jax import runs, schemas
from teledp_jax.cluster import connection as cluster
from teledp_jax.data import (
    array_files,
    device_files,
    encode,
    parts,
    quality,
    references,
    warehouse,
)


def encode_all(
    schema: schemas.Schema,
    run: runs.Run,
    partitioning: parts.Partitioning,
    *,
    progress: Callable[[int, int], None],
) -> list[quality.Count]:
    """Encodes each partition of `run.real` into its part of `run.arrays`.

    What results are held to is written by partition as well.

    Args:
        schema: The device tables.
        run: The run folder; every node sees it.
        partitioning: How the devices are parted.
        progress: Called with partitions done and partitions in all.

    Returns:
        The counts for `encode.write_quality`.

    Raises:
        InputError: If a file is at fault, or the cluster gives up.
    """
    counts: list[quality.Count] = []
    done = itertools.count(1)
    whole = runs.Run(run.folder.absolute())

    def finished(partition: int, found: list[quality.Count]) -> None:
        counts.extend(found)
        progress(next(done), partitioning.num_partitions)

    cluster.run_tasks(
        encode_partition,
        (
            (number, (schema, whole, number))
            for number in range(partitioning.num_partitions)
        ),
        num_bytes=warehouse.num_bytes(partitioning.memory_limit),
        finished=finished,
    )
    return parts.added(counts)


def encode_partition(
    schema: schemas.Schema, run: runs.Run, partition: int
) -> list[quality.Count]:
    """Encodes one partition's device tables; returns what that changed."""
    name = parts.part_name(partition)
    encoded = encode.encode(schema, run.real, part=name)
    read = functools.partial(device_files.read_table, run.real, part=name)
    references.write(schema, run, encoded.devices, read, part=name)
    with runs.atomic_folder(run.arrays / name) as temporary:
        array_files.save(temporary, encoded.devices)
    return encoded.counts
