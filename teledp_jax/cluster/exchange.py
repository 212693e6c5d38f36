"""How pieces cross the cluster, as objects or through files, and how many may.

A shuffle has maps, which hand pieces out, and reducers, which write them: each writes
the pieces of many partitions. So their numbers follow from the bytes and not from the
number of partitions.

In Ray's object store, a shuffle makes an object for each pair of map and reducer. A
large one goes through files on the nodes' disks: one object for each map and one for
each reducer. A small one does not, because a cluster gets over the loss of a node in
seconds without files, and in minutes with them.

`benchmarks/many_partitions.py` measures what each costs; docs/scaling.md has the
numbers.
"""

import contextlib
import math
import pathlib
import tempfile
from collections.abc import Iterator

from teledp_jax import errors

MAP_TASKS = 1024
"""Most maps, about: each hands out a piece for each table and partition."""

TASK_BYTES = 2**26
"""Of rows that a task reads."""

_REDUCERS = 1024  # at most: each asks Ray for other memory, so its queue gets slower
_FEW_REDUCERS = 64  # of a small shuffle, so that many cores have work
_REDUCER_BYTES = 2**28  # of rows that a reducer of a larger one writes
_OBJECT_BYTES = 10_000  # that the driver keeps of a pair of map and reducer: measured
_OBJECT_SHARE = 0.1  # of the smallest node's memory, which they may take
_PIECE_BYTES = 3_000  # of a piece without rows: 1,300 to 6,100 by table
_TASKS = 1_000_000  # that Ray is known to queue on one machine, see `check`
_LOST = "ShuffleFileServerAnomalyError"  # of Ray: a node that served files is gone
_FULL = "ShuffleDiskError"  # of Ray


def reducers(num_bytes: int, num_partitions: int) -> int:
    """Counts the tasks that write what a shuffle brings together.

    Args:
        num_bytes: Of all rows that are handed out.
        num_partitions: Parts that the devices fall into.
    """
    by_size = max(_FEW_REDUCERS, math.ceil(num_bytes / _REDUCER_BYTES))
    return min(num_partitions, by_size, _REDUCERS)


def most_objects() -> int:
    """Counts the pairs of map and reducer that the driver has memory for."""
    return math.floor(_OBJECT_SHARE * _least_memory() / _OBJECT_BYTES)


@contextlib.contextmanager
def shuffling(
    folder: pathlib.Path, *, num_bytes: int, num_reads: int, num_reducers: int
) -> Iterator[None]:
    """Sets how Ray Data shuffles: through files in a folder of each node, if many.

    Args:
        folder: Made on each node if it is not there, for its user only.
        num_bytes: Of all rows that are handed out.
        num_reads: Tasks that read raw files.
        num_reducers: Tasks that write what was brought together.
    """
    import ray.data  # an extra: the rest of the package does without

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.shuffle_strategy = ray.data.context.ShuffleStrategy.SHUFFLE_V2
    pairs = min(num_reads, MAP_TASKS) * num_reducers
    context.use_disk_based_hash_shuffle = pairs > most_objects()
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
    """Refuses a shuffle of more tasks or pieces than a cluster carries.

    Args:
        num_reads: Tasks that read raw files.
        num_partitions: Parts that the devices fall into.

    Raises:
        InputError: If there are more tasks than Ray is known to queue (a million on
            one machine, by its published scalability envelope); or so many partitions
            that the pieces of a task, without any rows, are as large as its rows.
    """
    if num_reads + MAP_TASKS + _REDUCERS > _TASKS:
        raise errors.InputError(
            f"source: its raw tables take {num_reads:,} tasks to read, and Ray is "
            f"known to queue {_TASKS:,}; state a narrower window or a device_share."
        )
    most = TASK_BYTES // _PIECE_BYTES
    if num_partitions > most:
        raise errors.InputError(
            f"ray.num_partitions={num_partitions}: of more than {most:,} the pieces "
            "would be larger than the rows in them; state fewer, and a memory_limit "
            "that holds a larger one."
        )


def is_lost(error: Exception) -> bool:
    """Tells whether an error of Ray says that a node is gone with the pieces it had."""
    import ray

    return not isinstance(error, ray.exceptions.RayTaskError) or _LOST in str(error)


def is_full(error: Exception) -> bool:
    """Tells whether an error of Ray says that a node's disk is full."""
    return _FULL in str(error)


def _least_memory() -> float:
    """Bytes of the smallest node of the connected cluster."""
    import ray

    alive = (node for node in ray.nodes() if node["Alive"])
    return min(node["Resources"].get("memory", 0) for node in alive)
