"""Device tables of some devices at a time, so that memory does not grow with the fleet.

A file of a device table is in the order of the ids, so one reading of all files, side
by side, gives the devices batch by batch. Where a table is a folder of parts, as engine
`ray` makes it, each part is a batch.
"""

import itertools
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from teledp_jax import errors, schemas
from teledp_jax.data import device_files, parts

VALUES = 2**22
"""About so many values of all tables are in a batch: some 300 MB as it is encoded."""

_ROWS = 2**16  # of a table that are read ahead


class Batch(NamedTuple):
    """Rows of some devices, all that they have.

    Attributes:
        part: Name of the part, as `part-00000`; empty if these are all devices.
        tables: Rows of each device table, in the order of the ids.
    """

    part: str
    tables: Mapping[str, pa.Table]

    def column(self, table: str, column: str) -> pa.Array:
        """Gives a column in one piece, as `encode.encode_columns` reads it.

        Args:
            table: Name of the table.
            column: Name of the column.

        Returns:
            The values of all rows.
        """
        return self.tables[table][column].combine_chunks()

    def select(self, table: str, columns: Sequence[str]) -> pa.Table:
        """Gives rows of a table, as `references.write` reads them.

        Args:
            table: Name of the table.
            columns: Names of the columns.

        Returns:
            The rows, with these columns.
        """
        return self.tables[table].select(list(columns))


def count(schema: schemas.Schema, folder: pathlib.Path) -> int:
    """Counts the batches that `read` gives.

    Args:
        schema: The device tables.
        folder: Holds `<table>.parquet` for each of them, a file or a folder of parts.

    Raises:
        InputError: If a file is absent or damaged.
    """
    anchor = folder / f"{schema.anchor.name}.parquet"
    if anchor.is_dir():
        return len(_parts(anchor))
    values = 0
    for table in schema.tables:
        with device_files.opened(folder / f"{table.name}.parquet") as file:
            values += file.metadata.num_rows * (1 + len(table.columns))
    return max(-(-values // VALUES), 1)


def read(
    schema: schemas.Schema,
    folder: pathlib.Path,
    *,
    columns: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Batch]:
    """Reads device tables, batch by batch.

    Args:
        schema: The device tables.
        folder: Holds `<table>.parquet` for each of them, a file or a folder of parts.
        columns: Of each table, the columns to read besides the ids; None reads all.

    Yields:
        Batches of about as many devices each, in the order of the ids; of parts, in the
        order of the parts. Rows of devices that the anchor lacks are in some batch.

    Raises:
        InputError: If a file is absent, damaged, lacks a column, or has to be read in
            several batches and is not in the order of the ids.
    """
    anchor = folder / f"{schema.anchor.name}.parquet"
    names = {table.name: device_files.names(schema, table) for table in schema.tables}
    if columns is not None:
        names = {table: [schema.device, *columns[table]] for table in names}
    if anchor.is_dir():
        for name in _parts(anchor):
            yield Batch(
                name,
                {
                    table: device_files.read_table(folder, table, own, part=name)
                    for table, own in names.items()
                },
            )
        return
    number = count(schema, folder)
    if number == 1:
        yield Batch(
            "",
            {
                table: device_files.read_table(folder, table, own)
                for table, own in names.items()
            },
        )
        return
    rows = {
        table: _Rows(folder / f"{table}.parquet", own) for table, own in names.items()
    }
    for place, stop in enumerate([*_stops(anchor, schema.device, number), None]):
        yield Batch(
            parts.part_name(place),
            {table: own.up_to(stop) for table, own in rows.items()},
        )


def _parts(anchor: pathlib.Path) -> list[str]:
    """Names of the parts of a fleet."""
    return sorted(path.stem for path in anchor.glob("part-*.parquet"))


def _stops(anchor: pathlib.Path, device: str, number: int) -> list[str]:
    """The first id of each batch but the first."""
    with device_files.opened(anchor) as file:
        size = -(-file.metadata.num_rows // number)
        stops: list[str] = []
        seen = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=[device]):
            ids = batch.column(0)
            while (place := (len(stops) + 1) * size - seen) < len(ids):
                stops.append(ids[place].as_py())
            seen += len(ids)
    return stops


class _Rows:
    """The rows of a table, taken from the front."""

    def __init__(self, path: pathlib.Path, names: list[str]) -> None:
        """Reads no row yet.

        Args:
            path: The file.
            names: The columns, that of the ids first.
        """
        self._path, self._names = path, names
        with device_files.opened(path) as file:
            self._empty = file.schema_arrow.empty_table().select(names)
        self._batches = self._read()
        self._ahead: pa.Table | None = None
        self._last: str | None = None

    def up_to(self, stop: str | None) -> pa.Table:
        """Takes the rows of ids before one; None takes all that are left."""
        taken = [self._empty]
        ahead, self._ahead = self._ahead, None
        for own in itertools.chain([] if ahead is None else [ahead], self._batches):
            ids = own[self._names[0]]
            size = len(own)
            if stop is not None:
                size = pc.sum(pc.less(ids, stop)).as_py() or 0
            taken.append(own.slice(0, size))
            if size < len(own):
                self._ahead = own.slice(size)
                break
        return pa.concat_tables(taken)

    def _read(self) -> Iterator[pa.Table]:
        """The rows of the file, some at a time, held to the order of the ids."""
        with device_files.opened(self._path) as file:
            for batch in file.iter_batches(batch_size=_ROWS, columns=self._names):
                self._check(batch.column(self._names[0]))
                yield pa.Table.from_batches([batch]).select(self._names)

    def _check(self, ids: pa.Array) -> None:
        """Refuses ids that fall."""
        first = pa.array([self._last if self._last is not None else ""], ids.type)
        before = pa.concat_arrays([first, ids[:-1]])
        if not pc.all(pc.less_equal(before, ids)).as_py():
            raise errors.InputError(
                f"{self._path}: rows are not in the order of {self._names[0]}; "
                "aggregate again."
            )
        self._last = ids[len(ids) - 1].as_py()
