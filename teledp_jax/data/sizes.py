"""How large the raw rows are that a suite reads, by what files say of themselves."""

import functools
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow.parquet as pq

from teledp_jax import storage
from teledp_jax.data import definition, rawvalues

_PLAIN_BYTES = 8  # of a value


class Size(NamedTuple):
    """Bytes of the columns that are read.

    Attributes:
        packed: Compressed, as they lie in the files.
        plain: As encoded in the files, or as plain numbers: the greater of the two, for
            columns that compress well are small in the file only.
    """

    packed: int
    plain: int

    def plus(self, other: "Size") -> "Size":
        """Adds another size.

        Args:
            other: The other one.
        """
        return Size(self.packed + other.packed, self.plain + other.plain)


def of_group(group: pq.RowGroupMetaData, source: definition.Source) -> Size:
    """Sizes the columns of a row group that are read.

    Args:
        group: What the file says of it.
        source: Names the columns.
    """
    packed = encoded = 0
    for number in range(group.num_columns):
        column = group.column(number)
        path = column.path_in_schema
        if path in source.types or path.split(".")[0] in source.types:
            packed += column.total_compressed_size
            encoded += column.total_uncompressed_size
    plain = group.num_rows * len(source.types) * _PLAIN_BYTES
    return Size(packed, max(encoded, plain))


def of_files(files: Iterable[storage.Place], source: definition.Source) -> Size:
    """Sizes the columns of files that are read.

    Args:
        files: Of a raw table.
        source: Names the columns.
    """
    return functools.reduce(Size.plus, (_of_file(f, source) for f in files), Size(0, 0))


def _of_file(file: storage.Place, source: definition.Source) -> Size:
    """The size of one file's columns."""
    with rawvalues.opened(file) as opened:
        groups = opened.metadata
        each = (
            of_group(groups.row_group(i), source) for i in range(groups.num_row_groups)
        )
        return functools.reduce(Size.plus, each, Size(0, 0))
