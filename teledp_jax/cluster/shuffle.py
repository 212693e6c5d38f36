"""Raw Parquet, brought together by partition of devices: Ray reads and shuffles.

What crosses the network are pieces: the rows that one task has read for one partition,
as compressed Arrow. So one shuffle takes all tables, whatever their columns.
"""

import functools
import itertools
import pathlib
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from absl import logging

from teledp_jax import errors, runs, storage
from teledp_jax.cluster import connection as cluster
from teledp_jax.cluster import exchange, pieces
from teledp_jax.data import (
    definition,
    layouts,
    lineage,
    rawfiles,
    rawvalues,
    reading,
    reduction,
    sizes,
    warehouse,
)

_SPLIT = "split"
_EMPTY = "empty.parquet"
_TRIES = 4  # of a lot's shuffle
_NUM_SPLITS = 8  # blocks of a partition: one device may own a tenth of all rows
_LOT_BYTES = 2**33  # of rows of tables that are shuffled, and started again, together


class _Chunk(NamedTuple):
    """Row groups of a raw file.

    Attributes:
        table: Name of the raw table.
        file: Name of the file.
        first: First row group.
        stop: The row group after the last one.
        number: Among all chunks of the table.
        num_bytes: Size of the columns that are read.
    """

    table: str
    file: str
    first: int
    stop: int
    number: int
    num_bytes: int


def stage(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    *,
    selection: rawfiles.Selection,
    num_partitions: int,
    temp_folder: pathlib.Path,
    token: str,
    progress: reduction.Progress,
) -> None:
    """Writes the rows that count of each private raw table, by partition of devices.

    Only the columns that device tables are made of leave the raw files. A table that
    was staged before under the same token is left as it is.

    Args:
        suite: The suite.
        files: Of each raw table, checked.
        folder: Gets a folder per table; every node of the cluster sees it.
        selection: Which rows count.
        num_partitions: How many parts the devices fall into, by a hash of the id.
        temp_folder: Of each node; gets what is on its way between tasks.
        token: Fingerprint of all that the rows depend on.
        progress: Called with tables done and tables in all.

    Raises:
        InputError: If the cluster gives up, or carries fewer partitions.
    """
    sources = lineage.narrowed(suite, selection.window)
    private = [name for name in files if sources[name].device is not None]
    markers = {name: folder / name / "finished.json" for name in private}
    left = [
        name
        for name, marker in markers.items()
        if not marker.exists() or runs.read_json(marker)["token"] != token
    ]
    done = len(private) - len(left)
    for lot in _lots({name: files[name] for name in left}, sources):
        progress(done, len(private))
        exchange.check(len(list(_tasks_of(lot))), num_partitions)
        empty = {name: pieces.encoded(sources[name].empty()) for name in lot}
        split = functools.partial(
            _split,
            sources={name: sources[name] for name in lot},
            schemas={name: rows.schema for name, rows in empty.items()},
            selection=selection,
            num_partitions=num_partitions,
        )
        with cluster.reporting(f"shuffle of {', '.join(lot)}"):
            _stage_lot(lot, empty, folder, split, num_partitions, temp_folder)
        for name in lot:
            runs.write_json(markers[name], {"token": token})
        done += len(lot)
    progress(done, len(private))


def staged(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    folder: pathlib.Path,
    partition: int,
) -> rawfiles.RawFiles:
    """Lists files of one partition: its own of private tables, all of public ones.

    Each private table has a file at least, if one without rows.
    """
    own = {}
    for name, whole in files.items():
        if suite.sources[name].device is None:
            own[name] = whole
            continue
        part = pieces.partition_folder(folder, name, partition)
        own[name] = [folder / name / _EMPTY, *sorted(part.glob("*.parquet"))]
    return own


def _lots(
    files: rawfiles.RawFiles, sources: Mapping[str, definition.Source]
) -> Iterator[dict[str, list[_Chunk]]]:
    """The chunks of tables that are shuffled together, by table."""
    lot: dict[str, list[_Chunk]] = {}
    size = 0
    for name, own in files.items():
        chunks = list(_chunks(sources[name], own))
        num_bytes = sum(chunk.num_bytes for chunk in chunks)
        if lot and size + num_bytes > _LOT_BYTES:
            yield lot
            lot, size = {}, 0
        lot[name] = chunks
        size += num_bytes
    if lot:
        yield lot


def _chunks(
    source: definition.Source, files: Sequence[storage.Place]
) -> Iterator[_Chunk]:
    """Parts of a table's files, each as large as a task should read."""
    numbers = itertools.count()
    for file in files:
        with rawvalues.opened(file) as opened:
            groups = opened.metadata
            first, size = 0, 0
            for group in range(groups.num_row_groups):
                size += sizes.of_group(groups.row_group(group), source).plain
                if size >= exchange.TASK_BYTES or group + 1 == groups.num_row_groups:
                    stop, number = group + 1, next(numbers)
                    yield _Chunk(source.name, str(file), first, stop, number, size)
                    first, size = stop, 0


def _tasks_of(lot: Mapping[str, Sequence[_Chunk]]) -> Iterator[list[_Chunk]]:
    """Chunks that a task reads: some small ones, or one."""
    task: list[_Chunk] = []
    for chunk in itertools.chain(*lot.values()):
        size = chunk.num_bytes + sum(other.num_bytes for other in task)
        if task and size > exchange.TASK_BYTES:
            yield task
            task = []
        task.append(chunk)
    if task:
        yield task


def _stage_lot(
    lot: Mapping[str, Sequence[_Chunk]],
    empty: Mapping[str, pa.Table],
    folder: pathlib.Path,
    split: Callable[[pa.Table], pa.Table],
    num_partitions: int,
    temp_folder: pathlib.Path,
) -> None:
    """Shuffles some raw tables, anew if a lost node took more along than tasks.

    Ray runs lost tasks again, but not all that goes with them.
    """
    import ray

    for left in reversed(range(_TRIES)):
        for name in lot:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir(parents=True, exist_ok=True)
            pa.parquet.write_table(empty[name], folder / name / _EMPTY)
        try:
            _shuffle(lot, folder, split, num_partitions, temp_folder)
            return
        except ray.exceptions.RayError as error:
            if exchange.is_full(error):
                raise errors.InputError(
                    f"{temp_folder}: the disk of a node is full; free space there, or "
                    "choose another temp_folder, then give the same command again."
                ) from None
            if not exchange.is_lost(error) or not left:
                raise  # a fault of the files, not of the cluster
            kind = type(error).__name__
            logging.warning("The shuffle of %s starts again (%s).", list(lot), kind)


def _shuffle(
    lot: Mapping[str, Sequence[_Chunk]],
    folder: pathlib.Path,
    split: Callable[[pa.Table], pa.Table],
    num_partitions: int,
    temp_folder: pathlib.Path,
) -> None:
    """Reads, selects, shuffles and writes some raw tables.

    All of it are Ray tasks without state: what a dead worker has made is made again.
    The files that count are those that finished tasks name.
    """
    import ray.data

    tasks = [{"chunks": [chunk._asdict() for chunk in task]} for task in _tasks_of(lot)]
    if not tasks:
        return
    size = sum(chunk.num_bytes for own in lot.values() for chunk in own)
    write = functools.partial(
        pieces.write, folder=folder.absolute(), attempt=uuid.uuid4().hex
    )
    num_reducers = exchange.reducers(size, num_partitions)
    with exchange.shuffling(
        temp_folder, num_bytes=size, num_reads=len(tasks), num_reducers=num_reducers
    ):
        rows = ray.data.from_items(tasks, override_num_blocks=len(tasks))
        rows = rows.map_batches(split, batch_size=None, batch_format="pyarrow")
        rows = rows.repartition(num_reducers, keys=[pieces.PARTITION, _SPLIT])
        files = rows.map_batches(write, batch_size=None, batch_format="pyarrow")
        written = {row["file"] for row in files.take_all()}
    for name in lot:
        for file in (folder / name).glob(f"{pieces.PARTITION}=*/*.parquet"):
            if str(file.relative_to(folder)) not in written:
                file.unlink()  # of a task that died after it


def _split(
    tasks: pa.Table,
    *,
    sources: Mapping[str, definition.Source],
    schemas: Mapping[str, pa.Schema],
    selection: rawfiles.Selection,
    num_partitions: int,
) -> pa.Table:
    """The rows of some tasks that count, a piece for each table and partition."""
    found: dict[str, list] = {
        name: [] for name in ("table", "number", pieces.PARTITION, _SPLIT, "piece")
    }
    chunks = [_Chunk(**chunk) for task in tasks.to_pylist() for chunk in task["chunks"]]
    with warehouse.sealed() as connection:
        for table, own in itertools.groupby(chunks, lambda chunk: chunk.table):
            source, (first, *others) = sources[table], own
            rows = pa.concat_tables(
                _selected(connection, chunk, source, schemas[table], selection)
                for chunk in (first, *others)
            )
            partition = pieces.partition_of(connection, rows, source, num_partitions)
            rows = rows.take(np.argsort(partition, kind="stable"))
            numbers, counts = np.unique(partition, return_counts=True)
            stops = np.cumsum(counts)
            for number, start, stop in zip(numbers, stops - counts, stops, strict=True):
                found["table"].append(table)
                found["number"].append(first.number)
                found[pieces.PARTITION].append(number)
                found[_SPLIT].append(first.number % _NUM_SPLITS)
                found["piece"].append(pieces.piece(rows.slice(start, stop - start)))
    return pa.table(
        found,
        schema=pa.schema(
            [
                ("table", pa.string()),
                ("number", pa.int64()),
                (pieces.PARTITION, pa.int64()),
                (_SPLIT, pa.int64()),
                ("piece", pa.large_binary()),
            ]
        ),
    )


def _selected(
    connection: duckdb.DuckDBPyConnection,
    chunk: _Chunk,
    source: definition.Source,
    schema: pa.Schema,
    selection: rawfiles.Selection,
) -> pa.Table:
    """The rows of a chunk that count, each value in the type that all files share."""
    rows = connection.from_arrow(_read(chunk, source))
    rows = reading.raw_rows(rows, source, selection).to_arrow_table()
    return pieces.encoded(rows).cast(schema)


def _read(chunk: _Chunk, source: definition.Source) -> pa.Table:
    """The rows of a chunk, as they are in the file, without what no database takes."""
    texts = [name for name, kind in source.types.items() if kind == "VARCHAR"]
    place = storage.place(chunk.file)
    with rawvalues.opened(place, dictionaries=texts) as file:
        rows = file.read_row_groups(
            range(chunk.first, chunk.stop),
            columns=[n for n in file.schema_arrow.names if n in source.types],
            use_threads=False,
        )
    rows, _ = rawvalues.usable(rows)
    for name, value in layouts.folder_values(chunk.file).items():
        if name in source.types and name not in rows.column_names:
            column = pa.repeat(pa.scalar(value, pa.string()), len(rows))
            rows = rows.append_column(name, column)
    return rows
