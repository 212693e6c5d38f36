"""How pieces cross the cluster, as objects or through files, and how many may.

In Ray's object store, a shuffle makes an object for each pair of a reading task and a
partition. A large one goes through files on the nodes' disks: one object for each task
and one for each partition. What is left of pairs is an index: where the piece of each
pair lies, which every reducer reads. A small one does not, because a cluster gets over
the loss of a node in seconds without files, and in minutes with them.
"""

import contextlib
import math
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

from teledp_jax import errors

MAP_TASKS = 1024
"""About so many tasks hand pieces out, one for each partition."""

TASK_BYTES = 2**26
"""Of rows that a task reads."""

_PAIRS = 100_000  # that go as objects; their owner keeps some kilobytes of each
_INDEX_BYTES = 64  # of a pair of task and partition: offset, length, rows, bytes
_INDEX_SHARE = 0.1  # of the smallest node's memory, which the index may take
_OBJECTS = 1_000_000  # tasks that Ray is known to queue on one machine, see `check`
_LOST = "ShuffleFileServerAnomalyError"  # of Ray: a node that served files is gone
_FULL = "ShuffleDiskError"  # of Ray


@contextlib.contextmanager
def shuffling(
    folder: pathlib.Path, *, num_bytes: int, num_reads: int, num_partitions: int
) -> Iterator[None]:
    """Sets how Ray Data shuffles: through files in a folder of each node, if many.

    Args:
        folder: Made on each node if it is not there, for its user only.
        num_bytes: Of all rows that are handed out.
        num_reads: Tasks that read raw files.
        num_partitions: Parts that the devices fall into.
    """
    import ray.data  # an extra: the rest of the package does without

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.shuffle_strategy = ray.data.context.ShuffleStrategy.SHUFFLE_V2
    pairs = min(num_reads, MAP_TASKS) * num_partitions
    context.use_disk_based_hash_shuffle = pairs > _PAIRS
    context.shuffle_compression = "none"  # pieces are compressed
    context.shuffle_input_batch_bytes = max(TASK_BYTES, num_bytes // MAP_TASKS)
    context.op_resource_reservation_enabled = False  # else half the cores read
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)  # where Ray puts them
    try:
        yield
    finally:
        tempfile.tempdir = before


def check(num_reads: int, num_partitions: int) -> None:
    """Refuses a shuffle that makes more than the connected cluster carries.

    Args:
        num_reads: Tasks that read raw files.
        num_partitions: Parts that the devices fall into.

    Raises:
        InputError: If there are more tasks than Ray is known to queue (a million on
            one machine, by its published scalability envelope), or the index of pieces
            takes more than a tenth of the smallest node's memory.
    """
    nodes = _alive()
    memory = min(node["Resources"].get("memory", 0) for node in nodes)
    maps = min(num_reads, MAP_TASKS)
    most = min(
        _OBJECTS - num_reads - maps,
        math.floor(_INDEX_SHARE * memory / _INDEX_BYTES / max(maps, 1)),
    )
    if num_partitions > most:
        raise errors.InputError(
            f"ray.num_partitions={num_partitions}: this cluster of {len(nodes)} "
            f"nodes, the smallest with {memory / 1e9:.1f} GB, carries {max(most, 0):,} "
            "partitions of this source; state fewer of them, and a memory_limit that "
            "holds a larger one."
        )


def is_lost(error: Exception) -> bool:
    """Tells whether an error of Ray says that a node is gone with the pieces it had."""
    import ray

    return not isinstance(error, ray.exceptions.RayTaskError) or _LOST in str(error)


def is_full(error: Exception) -> bool:
    """Tells whether an error of Ray says that a node's disk is full."""
    return _FULL in str(error)


def _alive() -> list[dict[str, Any]]:
    """The nodes of the connected cluster, as Ray describes them."""
    import ray

    return [node for node in ray.nodes() if node["Alive"]]
