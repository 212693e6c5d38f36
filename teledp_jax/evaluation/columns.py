"""Columns of a device table as NumPy arrays, for whatever no query asks.

A column is read when it is asked for and kept by nobody here: of a large table, one
column is in memory, and the device of each row.
"""

import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float, Int

from teledp_jax import errors, schemas
from teledp_jax.data import warehouse

_ROWS = 2**16  # whose ids are in memory as texts
_Column = TypeVar("_Column")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Categories:
    """A category column: `values[codes[row]]`, where code -1 is a missing value."""

    values: tuple[str, ...]
    codes: Int[np.ndarray, " row"]


class Columns(Mapping[str, _Column], Generic[_Column]):
    """Columns by name, each read anew whenever it is asked for."""

    def __init__(self, names: Sequence[str], read: Callable[[str], _Column]) -> None:
        """Reads nothing yet.

        Args:
            names: Of the columns.
            read: Reads one.
        """
        self._names, self._read = names, read

    def __getitem__(self, name: str) -> _Column:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one table.

    Attributes:
        ids: Distinct device ids.
        device: Index into `ids` of each row.
        numbers: Number columns; NaN is missing.
        categories: Category columns.
    """

    ids: pa.Array
    device: Int[np.ndarray, " row"]
    numbers: Columns[Float[np.ndarray, " row"]]
    categories: Columns[Categories]

    def num_devices(self, chosen: np.ndarray) -> int:
        """Counts the devices with a chosen row.

        Args:
            chosen: Mask over rows.

        Returns:
            Number of devices.
        """
        has_row = np.zeros(len(self.ids), bool)
        has_row[self.device[chosen]] = True
        return int(has_row.sum())


def read(path: pathlib.Path, table: schemas.Table, device: str) -> Rows:
    """Reads the ids of a device table, a file or a folder of parts.

    Returns:
        The rows; their other columns are read when they are asked for.

    Raises:
        InputError: If it is no Parquet or lacks a column.
    """
    names = {device, *(column.name for column in table.columns)}
    files = warehouse.table_files(path)
    with _told(path):
        for file in files:
            if missing := sorted(names - set(pq.read_schema(file).names)):
                raise errors.InputError(f"{path}: lacks the columns {missing}.")
        ids, devices = _devices(files, device)
    is_number = {column.name: column.is_number for column in table.columns}
    return Rows(
        ids=ids,
        device=devices,
        numbers=Columns(
            [name for name, number in is_number.items() if number],
            functools.partial(_numbers, path, files),
        ),
        categories=Columns(
            [name for name, number in is_number.items() if not number],
            functools.partial(_categories, path, files),
        ),
    )


@contextlib.contextmanager
def _told(path: pathlib.Path) -> Iterator[None]:
    """Turns faults of a file into one line."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise errors.InputError(
            f"{path}: cannot be read ({type(error).__name__}); make it again."
        ) from None


def count_rows(path: pathlib.Path) -> int:
    """Counts the rows of a device table, a file or a folder of parts."""
    files = warehouse.table_files(path)
    return sum(int(pq.read_metadata(file).num_rows) for file in files)


def _chunks(files: Sequence[pathlib.Path], name: str) -> Iterator[pa.Array]:
    """A column, some rows at a time."""
    for file in files:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=_ROWS, columns=[name]):
                if len(batch):
                    yield batch.column(0)


def _numbers(
    path: pathlib.Path, files: Sequence[pathlib.Path], name: str
) -> Float[np.ndarray, " row"]:
    """A number column; NaN is missing."""
    with _told(path):
        chunks = [
            chunk.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            for chunk in _chunks(files, name)
        ]
    return np.concatenate([np.zeros(0), *chunks])


def _categories(
    path: pathlib.Path, files: Sequence[pathlib.Path], name: str
) -> Categories:
    """A category column."""
    with _told(path):
        values, codes = _encoded(_chunks(files, name))
    return Categories(values=tuple(values.to_pylist()), codes=codes)


def _devices(
    files: Sequence[pathlib.Path], device: str
) -> tuple[pa.Array, Int[np.ndarray, " row"]]:
    """Distinct ids of a table, and the index of each row's."""
    heads: list[pa.Array] = []
    codes: list[Int[np.ndarray, " row"]] = []
    num_ids, last = 0, None
    for ids in _chunks(files, device):
        before = pa.concat_arrays([pa.array([last], ids.type), ids[:-1]])
        if ids.null_count or pc.any(pc.greater(before, ids)).as_py():
            return _encoded(_chunks(files, device))  # rows of a device may lie apart
        opens = pc.fill_null(pc.not_equal(before, ids), True)
        heads.append(ids.filter(opens))
        place = np.cumsum(opens.to_numpy(zero_copy_only=False), dtype=np.int32)
        codes.append(num_ids - 1 + place)
        num_ids += len(heads[-1])
        last = ids[len(ids) - 1].as_py()
    empty = pa.array([], pa.string())
    distinct = pa.concat_arrays([empty, *(ids.cast(pa.string()) for ids in heads)])
    return distinct, np.concatenate([np.zeros(0, np.int32), *codes])


def _encoded(chunks: Iterator[pa.Array]) -> tuple[pa.Array, Int[np.ndarray, " row"]]:
    """Distinct texts of a column, and the index of each row's; -1 where missing."""
    encoded = pa.chunked_array(
        [chunk.cast(pa.string()).dictionary_encode() for chunk in chunks],
        pa.dictionary(pa.int32(), pa.string()),
    ).unify_dictionaries()
    if not encoded.num_chunks:
        return pa.array([], pa.string()), np.zeros(0, np.int32)
    codes = [
        chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for chunk in encoded.chunks
    ]
    return encoded.chunk(0).dictionary, np.concatenate(codes).astype(np.int32)
