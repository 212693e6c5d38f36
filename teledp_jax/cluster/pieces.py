"""What crosses the network in a shuffle: the rows of a task for one partition.

A piece is compressed Arrow, with texts as dictionaries; the pieces of a table and
partition become one staged Parquet file.
"""

import contextlib
import pathlib
from collections.abc import Iterable, Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from jaxtyping import Integer

from teledp_jax import errors, runs
from teledp_jax.data import definition, warehouse

PARTITION = "partition"
_GROUP_ROWS = 2**20  # of a staged file that are in memory at once
_PIECES = pa.ipc.IpcWriteOptions(compression="lz4")


def partition_folder(folder: pathlib.Path, table: str, partition: int) -> pathlib.Path:
    """Returns where the pieces of a table and partition lie."""
    return folder / table / f"{PARTITION}={partition}"


def encoded(rows: pa.Table) -> pa.Table:
    """Encodes each text column as one dictionary, all columns in one chunk."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(
                index, field.name, rows.column(index).dictionary_encode()
            )
    return rows.unify_dictionaries().combine_chunks()


def partition_of(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    source: definition.Source,
    num_partitions: int,
) -> Integer[np.ndarray, " row"]:
    """Finds the partition of each row; each id is hashed once.

    Args:
        connection: Any.
        rows: Of a private raw table, in one chunk.
        source: Names the id column, whose type may be any.
        num_partitions: How many there are.

    Returns:
        Number of the partition of each row, in 0 to `num_partitions - 1`.
    """
    assert source.device is not None
    ids = rows.column(source.device).combine_chunks()
    if not pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_encode()
    no_id = pa.nulls(1, ids.dictionary.type)
    known = pa.table({source.device: pa.concat_arrays([ids.dictionary, no_id])})
    hashed = connection.from_arrow(known).project(
        warehouse.partition(source.device, num_partitions).alias(PARTITION)
    )
    partitions = hashed.to_arrow_table().column(PARTITION).to_numpy()
    partitions = partitions.astype(np.min_scalar_type(num_partitions))
    return partitions[ids.indices.fill_null(len(ids.dictionary)).to_numpy()]


def piece(rows: pa.Table) -> bytes:
    """Writes rows as an Arrow file's content, with no text that they do not hold."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            whole = rows.column(index).combine_chunks()
            used = whole.indices.dictionary_encode()
            own = pa.DictionaryArray.from_arrays(
                used.indices, whole.dictionary.take(used.dictionary)
            )
            rows = rows.set_column(index, field.name, own)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, rows.schema, options=_PIECES) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def write(pieces: pa.Table, *, folder: pathlib.Path, attempt: str) -> pa.Table:
    """Writes the pieces of each table and partition to one file; returns the files.

    A file has the number of its first piece, for a piece comes but once, and the name
    of the attempt, for another one may put pieces together otherwise.

    Args:
        pieces: Columns `table`, `number` (of its first chunk), `partition`, `piece`.
        folder: Holds a folder per table.
        attempt: Names the attempt.

    Raises:
        InputError: If the folder cannot be written, as on a full disk.
    """
    found: dict[tuple[str, int], dict[int, pa.Buffer]] = {}
    for name, content in zip(
        pieces.select(["table", PARTITION, "number"]).to_pylist(),
        pieces.column("piece"),
        strict=True,
    ):
        own = found.setdefault((name["table"], name[PARTITION]), {})
        own[name["number"]] = content.as_buffer()
    written = []
    try:
        for (table, partition), own in found.items():
            part = partition_folder(folder, table, partition)
            part.mkdir(exist_ok=True)
            file = part / f"{min(own):06d}-{attempt}.parquet"
            with runs.atomic(file) as temporary:
                _write_parquet(map(own.__getitem__, sorted(own)), temporary)
            written.append(str(file.relative_to(folder)))
    except OSError as error:
        raise errors.InputError(
            f"{folder}: cannot be written ({error.strerror}); free disk space or "
            "choose another --workdir, then go on with the same command."
        ) from None
    return pa.table({"file": pa.array(written, pa.string())})


def _write_parquet(pieces: Iterable[pa.Buffer], path: pathlib.Path) -> None:
    """Writes pieces of one table to one Parquet file, some at a time."""
    with contextlib.ExitStack() as stack:
        writer = None
        for rows in _joined(pa.ipc.open_file(piece).read_all() for piece in pieces):
            if writer is None:
                texts = [f.name for f in rows.schema if pa.types.is_dictionary(f.type)]
                writer = stack.enter_context(
                    pa.parquet.ParquetWriter(
                        path,
                        rows.schema,
                        compression="lz4",
                        use_dictionary=texts,
                        write_statistics=False,
                    )
                )
            writer.write_table(rows)


def _joined(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Pieces put together until they have as many rows as a row group should."""
    own: list[pa.Table] = []
    for piece in pieces:
        own.append(piece)
        if sum(map(len, own)) >= _GROUP_ROWS:
            yield pa.concat_tables(own).unify_dictionaries()
            own = []
    if own:
        yield pa.concat_tables(own).unify_dictionaries()
