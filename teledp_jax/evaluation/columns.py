"""Columns of a device table as NumPy arrays, for whatever no query asks."""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float, Int

from teledp_jax import errors, schemas
from teledp_jax.data import warehouse


@dataclasses.dataclass(frozen=True, kw_only=True)
class Categories:
    """A category column: `values[codes[row]]`, where code -1 is a missing value."""

    values: tuple[str, ...]
    codes: Int[np.ndarray, " row"]


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
    numbers: Mapping[str, Float[np.ndarray, " row"]]
    categories: Mapping[str, Categories]

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
    """Reads a device table, a file or a folder of parts.

    Raises:
        InputError: If it is no Parquet or lacks a column.
    """
    names = [device, *(column.name for column in table.columns)]
    try:
        files = map(pq.ParquetFile, warehouse.table_files(path))
        data = pa.concat_tables(file.read(columns=names) for file in files)
        data = data.combine_chunks()
        if missing := sorted(set(names) - set(data.column_names)):
            raise errors.InputError(f"{path}: lacks the columns {missing}.")
        ids, device_codes = _encoded(data[device])
        numbers, categories = {}, {}
        for column in table.columns:
            if column.is_number:
                numbers[column.name] = np.asarray(
                    data[column.name].cast(pa.float64(), safe=False).to_numpy()
                )
            else:
                values, codes = _encoded(data[column.name])
                categories[column.name] = Categories(
                    values=tuple(values.to_pylist()), codes=codes
                )
    except (pa.ArrowException, OSError) as error:
        raise errors.InputError(
            f"{path}: cannot be read ({type(error).__name__}); make it again."
        ) from None
    return Rows(ids=ids, device=device_codes, numbers=numbers, categories=categories)


def count_rows(path: pathlib.Path) -> int:
    """Counts the rows of a device table, a file or a folder of parts."""
    files = warehouse.table_files(path)
    return sum(int(pq.read_metadata(file).num_rows) for file in files)


def _encoded(column: pa.ChunkedArray) -> tuple[pa.Array, Int[np.ndarray, " row"]]:
    """Distinct texts of a column, and the index of each row's; -1 where missing."""
    encoded = column.cast(pa.string()).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks)
    encoded = pc.dictionary_encode(encoded)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return encoded.dictionary, codes.astype(np.int64)
