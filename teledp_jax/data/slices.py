"""Some devices of a source, told apart by their ids: what one pass reads.

Slices by hash read all files. Where files have their rows in the order of the ids, as
the statistics of their row groups say, slices by order read a few files each: see
`find`. Either way the filter decides whose rows count, so statistics that lie cost time
and change no table.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from teledp_jax import storage
from teledp_jax.data import definition, rawfiles, rawvalues, sizes

MOST_READ = 1.5
"""Times the bytes of the source, that slices by order may read in all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hashed:
    """Devices by the hash of their ids.

    Attributes:
        number: Number of the slice.
        num_slices: How many there are.
    """

    number: int
    num_slices: int

    def holds(self, device: str) -> duckdb.Expression:
        """Whether a row is of one of them; `device` names the id column."""
        number = hashed(device, self.num_slices)
        return number == ConstantExpression(self.number)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ordered:
    """Devices by the order of their ids.

    Attributes:
        low: Least id; None has no least, and rows without an id.
        high: The first id of the next slice; None has no greatest.
    """

    low: str | int | None
    high: str | int | None

    def holds(self, device: str) -> duckdb.Expression:
        """Whether a row is of one of them; `device` names the id column."""
        own = ColumnExpression(device)
        if self.low is None:
            return own.isnull() | (own < ConstantExpression(self.high))
        above = own >= ConstantExpression(self.low)
        return (
            above
            if self.high is None
            else above & (own < ConstantExpression(self.high))
        )


Slice = Hashed | Ordered
"""Some devices."""


def hashed(device: str, num_slices: int) -> duckdb.Expression:
    """The number of the slice by hash that a row belongs to.

    Of the id as text, for tables may have it in other types. MD5 takes as long as all
    the rest, and this hash need only last for one version of DuckDB.

    Args:
        device: Name of the id column.
        num_slices: How many there are.
    """
    text = ColumnExpression(device).cast(duckdb.sqltype("VARCHAR"))
    return FunctionExpression("hash", text) % ConstantExpression(num_slices)


def by_hash(
    files: rawfiles.RawFiles, num_slices: int
) -> list[tuple[Slice, rawfiles.RawFiles]]:
    """Makes slices by hash, each of which reads all files.

    Args:
        files: Of each raw table.
        num_slices: How many.
    """
    return [
        (Hashed(number=number, num_slices=num_slices), files)
        for number in range(num_slices)
    ]


class _Group(NamedTuple):
    """A row group: the file, bytes that are read, least and greatest id, if known."""

    table: str
    file: storage.Place
    size: int
    low: str | int | None
    high: str | int | None
    has_null: bool

    def meets(self, one: Ordered) -> bool:
        """Whether it may hold rows of a slice."""
        if self.low is None or self.high is None or (self.has_null and not one.low):
            return True
        below = one.high is None or self.low < one.high  # type: ignore[operator]
        return below and (one.low is None or self.high >= one.low)  # type: ignore[operator]


def find(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    sources: Mapping[str, definition.Source],
    num_slices: int,
) -> list[tuple[Slice, rawfiles.RawFiles]]:
    """Finds slices by order that read little more than the source once.

    Args:
        suite: The suite.
        files: Of each raw table.
        sources: The raw tables, each with the columns that are read.
        num_slices: How many to make.

    Returns:
        Each slice with the files that it reads, public tables whole; none where files
        are not in the order of the ids, or do not say so.
    """
    groups = [
        group
        for name, own in files.items()
        if suite.sources[name].device is not None
        for file in own
        for group in _groups(file, sources[name])
    ]
    known = sorted((g for g in groups if g.low is not None), key=lambda g: str(g.low))
    if not known or len({type(group.low) for group in known}) > 1:
        return []
    known.sort(key=lambda group: group.low)  # type: ignore[arg-type, return-value]
    cuts = _cuts(known, num_slices)
    made = [Ordered(low=a, high=b) for a, b in itertools.pairwise([None, *cuts, None])]
    read = sum(group.size * sum(map(group.meets, made)) for group in groups)
    if len(made) < 2 or read > MOST_READ * sum(group.size for group in groups):
        return []
    return [(one, _files_of(suite, files, groups, one)) for one in made]


def _cuts(groups: list[_Group], num_slices: int) -> list[str | int]:
    """First ids of all slices but the first, so that each has as many bytes."""
    total, seen = sum(group.size for group in groups), 0
    cuts: list[str | int] = []
    for group in groups:
        if seen >= total * (len(cuts) + 1) / num_slices and group.low is not None:
            if group.low != groups[0].low and group.low not in cuts:
                cuts.append(group.low)
        seen += group.size
    return cuts


def _files_of(
    suite: definition.Suite,
    files: rawfiles.RawFiles,
    groups: list[_Group],
    one: Ordered,
) -> dict[str, list[storage.Place]]:
    """The files that a slice reads."""
    met = {(group.table, str(group.file)) for group in groups if group.meets(one)}
    return {
        name: [
            file
            for file in own
            if suite.sources[name].device is None or (name, str(file)) in met
        ]
        for name, own in files.items()
    }


def _groups(file: storage.Place, source: definition.Source) -> Iterator[_Group]:
    """The row groups of a file, with what its statistics say of ids."""
    device = str(source.device)
    with rawvalues.opened(file) as opened:
        place = opened.schema_arrow.get_field_index(device)
        is_text = place >= 0 and pa.types.is_string(opened.schema_arrow.types[place])
        is_whole = place >= 0 and pa.types.is_integer(opened.schema_arrow.types[place])
        fits = is_text if source.types[device] == "VARCHAR" else is_whole
        for number in range(opened.metadata.num_row_groups):
            group = opened.metadata.row_group(number)
            low, high, has_null = None, None, True
            if fits:
                low, high, has_null = _span(group, device)
            yield _Group(
                source.name, file, sizes.of_group(group, source).plain, low, high,
                has_null,
            )  # fmt: skip


def _span(
    group: pq.RowGroupMetaData, device: str
) -> tuple[str | int | None, str | int | None, bool]:
    """Least and greatest id of a row group, and whether a row may have none."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == device:
            known = column.statistics
            if known is None or not known.has_min_max:
                return None, None, True
            has_null = not known.has_null_count or known.null_count > 0
            low, high = known.min, known.max
            if isinstance(low, str | int) and type(low) is type(high):
                return low, high, has_null
    return None, None, True
