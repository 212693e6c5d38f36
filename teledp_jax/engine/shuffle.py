"""Raw Parquet, brought together by partition of devices: Ray reads and shuffles."""

import functools
import pathlib
import shutil
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet
from absl import logging
from duckdb import StarExpression

from teledp_jax import runs, storage
from teledp_jax.data import aggregate, warehouse
from teledp_jax.data import suite as suite_lib
from teledp_jax.engine import cluster

_PARTITION = "teledp_partition"
_SPLIT = "teledp_split"
_EMPTY = "empty.parquet"
_TRIES = 4  # of a table's shuffle
_NUM_SPLITS = 8  # blocks of a partition: one device may own a tenth of all rows


def stage(
    suite: suite_lib.Suite,
    files: aggregate.RawFiles,
    folder: pathlib.Path,
    *,
    selection: aggregate.Selection,
    num_partitions: int,
    token: str,
    progress: aggregate.Progress,
) -> None:
    """Writes the rows that count of each private raw table, by partition of devices.

    A table that was staged before under the same token is left as it is.

    Args:
        suite: The suite.
        files: Of each raw table, checked.
        folder: Gets a folder a table; every node of the cluster sees it.
        selection: Which rows count.
        num_partitions: How many parts the devices fall into, by a hash of the id.
        token: Fingerprint of all that the rows depend on.
        progress: Called with tables done and tables in all.

    Raises:
        InputError: If the cluster gives up.
    """
    import ray.data  # an extra: the rest of the package does without

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.shuffle_strategy = ray.data.context.ShuffleStrategy.SHUFFLE_V2
    names = [name for name in files if suite.sources[name].device is not None]
    for done, name in enumerate(names):
        progress(done, len(names))
        marker = folder / name / "finished.json"
        if marker.exists() and runs.read_json(marker)["token"] == token:
            continue
        with cluster.reporting(f"shuffle of {name}"):
            _stage_table(
                suite.sources[name],
                files[name],
                folder / name,
                selection,
                num_partitions,
            )
        runs.write_json(marker, {"token": token})
    progress(len(names), len(names))


def staged(
    suite: suite_lib.Suite,
    files: aggregate.RawFiles,
    folder: pathlib.Path,
    partition: int,
) -> aggregate.RawFiles:
    """The files of one partition: its own of private tables, all of public ones.

    Each private table has a file at least, if one without rows, so that columns and
    types are those of the whole table.
    """
    own = {}
    for name, whole in files.items():
        if suite.sources[name].device is None:
            own[name] = whole
            continue
        part = folder / name / f"{_PARTITION}={partition}"
        own[name] = [folder / name / _EMPTY, *sorted(part.glob("*.parquet"))]
    return own


def _stage_table(
    source: suite_lib.Source,
    files: Sequence[storage.Place],
    folder: pathlib.Path,
    selection: aggregate.Selection,
    num_partitions: int,
) -> None:
    """Shuffles one raw table, anew if a lost node took more along than tasks.

    Ray runs lost tasks again, but not all that goes with them.
    """
    import ray

    for left in reversed(range(_TRIES)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        pa.parquet.write_table(suite_lib.empty_table(source), folder / _EMPTY)
        try:
            _shuffle(source, files, folder, selection, num_partitions)
            return
        except ray.exceptions.RayTaskError:
            raise  # a fault of the files, not of the cluster
        except ray.exceptions.RayError as error:
            if not left:
                raise
            kind = type(error).__name__
            logging.warning("%s: the shuffle starts again (%s).", source.name, kind)


def _shuffle(
    source: suite_lib.Source,
    files: Sequence[storage.Place],
    folder: pathlib.Path,
    selection: aggregate.Selection,
    num_partitions: int,
) -> None:
    """Reads, selects, shuffles and writes one raw table.

    All of it are Ray tasks without state: what a dead worker has made is made again,
    and a file that was written twice has the same name and rows.
    """
    import ray.data

    filesystem, names = storage.arrow(files)
    rows = ray.data.read_parquet(
        names, columns=list(source.types), filesystem=filesystem
    )
    number = functools.partial(
        _number, source=source, selection=selection, num_partitions=num_partitions
    )
    rows = rows.map_batches(
        number, batch_size=None, batch_format="pyarrow", zero_copy_batch=True
    )
    rows = rows.repartition(num_partitions, keys=[_PARTITION, _SPLIT])
    rows.write_parquet(str(folder.absolute()), partition_cols=[_PARTITION])


def _number(
    batch: pa.Table,
    *,
    source: suite_lib.Source,
    selection: aggregate.Selection,
    num_partitions: int,
) -> pa.Table:
    """The rows of a batch that count, each with the number of its partition."""
    assert source.device is not None
    with warehouse.sealed() as connection:
        rows = aggregate.raw_rows(connection.from_arrow(batch), source, selection)
        numbered = rows.project(
            StarExpression(),
            warehouse.partition(source.device, num_partitions).alias(_PARTITION),
        ).to_arrow_table()
    # In the order of the rows, so that a batch read again is split the same.
    split = pa.array(range(len(numbered)), pa.int32()).to_numpy() % _NUM_SPLITS
    return numbered.append_column(_SPLIT, pa.array(split, pa.int32()))
