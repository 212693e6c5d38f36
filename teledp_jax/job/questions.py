"""Asks devices the queries of a workload: what each adds to which answer.

The SELECT of a query's `contributions` runs over tables that are decoded in memory, in
a sealed database. It is the same for the private devices and for synthetic ones.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.data import decode, definition
from teledp_jax.job import settings
from teledp_jax.queries import asking, catalog, contributions

Means = Mapping[tuple[str, str], Float[np.ndarray, " bin"]]
_INDEX = "index of the device"
_BATCH = 20_000  # devices whose tables are in memory at once


def of(settings: settings.Settings, suite: definition.Suite) -> base.Questions:
    """Makes what asks devices the queries of a run that declare contributions.

    Args:
        settings: The checked config; its queries are read when they are first asked.
        suite: The suite, its schema as devices are encoded with.

    Returns:
        The questions, as `base.Context` takes them.
    """

    @functools.cache
    def queries() -> list[catalog.Query]:
        found = catalog.load(settings.suite_folder / "queries")
        return catalog.select(found, settings.workloads)

    return lambda devices, like: ask(suite.schema, queries(), devices, like)


def ask(
    schema: schemas.Schema,
    queries: Sequence[catalog.Query],
    devices: arrays.DeviceArrays,
    like: arrays.DeviceArrays,
) -> list[base.Asked]:
    """Asks devices what they add to the answers of queries.

    A device whose rows make a SELECT fail adds nothing to that query; the others add
    what they do without it.

    Args:
        schema: The device tables.
        queries: Those that declare no contributions, or read tables that the schema
            lacks, are left out.
        devices: Private or public ones.
        like: Public devices, for the values inside of bins.

    Returns:
        What devices add, by query.
    """
    known = {table.name for table in schema.tables}
    declared = [
        (query, query.contributions)
        for query in queries
        if query.contributions is not None and set(query.tables) <= known
    ]
    statements = [stated.select for _, stated in declared]
    parts: list[list[pa.Table]] = [[] for _ in declared]
    count, means = arrays.num_devices(devices), decode.means(schema, like)
    for start in range(0, count, _BATCH):
        batch = arrays.take(devices, slice(start, start + _BATCH))
        found = _rows(schema, statements, batch, means, start)
        for own, rows in zip(parts, found, strict=True):
            own += rows
    return [
        _asked(query.name, stated, rows)
        for (query, stated), rows in zip(declared, parts, strict=True)
    ]


def _rows(
    schema: schemas.Schema,
    statements: Sequence[str],
    devices: arrays.DeviceArrays,
    means: Means,
    start: int,
) -> list[list[pa.Table]]:
    """Rows of each statement, the device's id replaced by its index from `start`.

    No error may depend on one device: where a statement fails, each half is asked by
    itself, down to the device whose rows make it fail.
    """
    count = arrays.num_devices(devices)
    found: list[list[pa.Table]] = []
    with asking.database() as connection:
        for name, rows in decode.tables_of_means(schema, devices, means):
            connection.register(name, rows)
        for statement in statements:
            own = asking.rows(connection, statement)
            found.append([] if own is None else [_indexed(own, schema.device, start)])
    for position, statement in enumerate(statements):
        if found[position] or count <= 1:
            continue
        for low, high in ((0, count // 2), (count // 2, count)):
            half = arrays.take(devices, slice(low, high))
            (more,) = _rows(schema, [statement], half, means, start + low)
            found[position] += more
    return found


def _indexed(rows: pa.Table, device: str, start: int) -> pa.Table:
    """Rows with the index of their device in place of its id."""
    digits = pc.utf8_slice_codeunits(rows[device], len(decode.MEAN) + 1)
    index = pc.add(pc.cast(digits, pa.int64()), start - 1)
    return rows.set_column(rows.column_names.index(device), _INDEX, index)


def _asked(
    name: str, declared: contributions.Contributions, parts: Sequence[pa.Table]
) -> base.Asked:
    """What the rows of a query say."""
    amounts = list(declared.amounts)
    ratios = tuple(
        (amounts.index(value.numerator), amounts.index(value.denominator or amounts[0]))
        for value in declared.values.values()
        if value.numerator != contributions.DEVICES
    )
    ratios = tuple(dict.fromkeys(ratios))
    if not parts:
        none = np.zeros(0, np.int64)
        return base.Asked(name, none, none, (), np.zeros((0, len(amounts))), ratios)
    rows = pa.concat_tables(parts)
    group, groups = _groups(rows, list(declared.keys))
    columns = [
        np.ones(rows.num_rows)
        if amount == contributions.DEVICES
        else pc.cast(rows[amount], pa.float64()).to_numpy()
        for amount in amounts
    ]
    return base.Asked(
        name, rows[_INDEX].to_numpy(), group, groups, np.stack(columns, axis=1), ratios
    )


def _groups(
    rows: pa.Table, keys: Sequence[str]
) -> tuple[Integer[np.ndarray, " row"], tuple[tuple[Any, ...], ...]]:
    """The group of each row, and the values of keys of each group that occurs."""
    codes, values = np.zeros(rows.num_rows, np.int64), []
    for key in keys:
        encoded = pc.dictionary_encode(rows[key].combine_chunks(), "encode")
        own = encoded.dictionary.to_pylist()
        codes = codes * max(len(own), 1) + encoded.indices.to_numpy()
        values.append(own)
    found, group = np.unique(codes, return_inverse=True)
    sizes = [max(len(own), 1) for own in values]
    places = np.unravel_index(found, sizes) if keys else ()
    named = [
        [own[position] for position in place]
        for own, place in zip(values, places, strict=True)
    ]
    groups = tuple(zip(*named, strict=True)) if keys else ((),) * len(found)
    return group.astype(np.int64), groups
