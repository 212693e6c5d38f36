"""One row of features a device, and what can be predicted from them."""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float

from teledp_jax import schemas
from teledp_jax.evaluation import columns

MOST_DEVICES = 2**18
"""That features are built of: models learn from 10,000 of them at most."""

Name = tuple[str, str]
"""A table and a column; an empty column is the number of rows."""

Features = Mapping[Name, Float[np.ndarray, " _"]]
"""NaN where a device lacks the value."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """A binary label of a device, made of one feature.

    Attributes:
        name: The label in words.
        target: The feature.
        above: A device is positive where the feature is larger, or
        equal: where it is equal to this.
        hidden: Features that are not shown to the model.
    """

    name: str
    target: Name
    above: float | None = None
    equal: float | None = None
    hidden: frozenset[Name]

    def label(
        self, features: Features
    ) -> tuple[Bool[np.ndarray, " device"], Bool[np.ndarray, " device"]]:
        """Labels devices for a task.

        Args:
            features: Features of devices.

        Returns:
            Whether each device is positive, and whether it has the label at all.
        """
        values = features[self.target]
        known = ~np.isnan(values)
        positive = (
            values > self.above if self.above is not None else values == self.equal
        )
        return positive, known


def build(folder: pathlib.Path, schema: schemas.Schema) -> Features:
    """Builds the features of devices, in the order of the anchor.

    Of a fleet of more than `MOST_DEVICES`, so many are taken, evenly spaced.

    Numbers and public category codes of the anchor and of group tables; of entity
    tables the sums of numbers; of both the number of rows. A table whose file is
    missing has no rows.

    Args:
        folder: Holds the device tables.
        schema: The public schema.

    Returns:
        One number per device, by feature; NaN if it is absent.

    Raises:
        InputError: If a file cannot be read.
    """
    features: dict[Name, Float[np.ndarray, " device"]] = {}
    ids: pa.Array = pa.array([], pa.string())
    for table in schema.tables:
        path = folder / f"{table.name}.parquet"
        if not path.exists():
            features |= _nothing(table, len(ids))
            continue
        rows = columns.read(path, table, schema.device)
        if table.role == "anchor":
            ids = _spaced(rows.ids)
        place = pc.index_in(rows.ids, value_set=ids).fill_null(-1)
        where = place.to_numpy(zero_copy_only=False)[rows.device]
        features |= _of_table(table, rows, where, len(ids))
    return features


def _spaced(ids: pa.Array) -> pa.Array:
    """Not too many of the ids, evenly spaced."""
    if len(ids) <= MOST_DEVICES:
        return ids
    return ids.take(np.linspace(0, len(ids) - 1, MOST_DEVICES).astype(np.int64))


def tasks(schema: schemas.Schema, real: Features) -> list[Task]:
    """Returns up to three labels by a rule that is the same for every suite.

    Whether a device reports a table (the one whose share is nearest to one half);
    whether the number that most devices report is above its median; whether the
    anchor's category is the most common one (the column where that share is nearest to
    one half). All are fixed on the real training devices.
    """
    found = []
    tables = [table for table in schema.tables if table.role != "anchor"]
    if tables:
        table = min(tables, key=lambda one: abs(np.mean(real[one.name, ""] > 0) - 0.5))
        found.append(
            Task(
                name=f"reports {table.name}",
                target=(table.name, ""),
                above=0.0,
                hidden=_of(schema, table.name, real),
            )
        )
    return [*found, *_above_median(schema, real), *_is_common(schema, real)]


def _of(schema: schemas.Schema, table: str, real: Features) -> frozenset[Name]:
    """All features of a table, which would give its own away; none of the anchor's."""
    if table == schema.anchor.name:
        return frozenset()
    return frozenset(name for name in real if name[0] == table)


def _above_median(schema: schemas.Schema, real: Features) -> list[Task]:
    """The number of a group table, else of any, that most devices have."""
    names = [
        (table.role != "group", (table.name, column.name))
        for table in schema.tables
        for column in table.columns
        if column.is_number
    ]
    usable = [
        (role, name)
        for role, name in names
        if not np.isnan(real[name]).all()
        and np.nanmin(real[name]) < np.nanmax(real[name])
    ]
    if not usable:
        return []
    _, name = min(usable, key=lambda pair: (pair[0], np.isnan(real[pair[1]]).sum()))
    return [
        Task(
            name=f"{name[0]}.{name[1]} above its median",
            target=name,
            above=float(np.nanmedian(real[name])),
            hidden=_of(schema, name[0], real) | {name},
        )
    ]


def _is_common(schema: schemas.Schema, real: Features) -> list[Task]:
    """The category of the anchor whose most common value is nearest to one half."""
    best: tuple[float, Name, float, str] | None = None
    for column in schema.anchor.columns:
        values = real[schema.anchor.name, column.name]
        values = values[~np.isnan(values)].astype(np.int64)
        if column.is_number or not values.size:
            continue
        counts = np.bincount(values)
        code = int(counts.argmax())
        distance = abs(float(counts[code]) / values.size - 0.5)
        if best is None or distance < best[0]:
            name = (schema.anchor.name, column.name)
            best = (distance, name, float(code), column.categories[code])
    if best is None:
        return []
    _, name, equal, text = best
    return [
        Task(
            name=f"{name[0]}.{name[1]} is {text}",
            target=name,
            equal=equal,
            hidden=frozenset({name}),
        )
    ]


def _nothing(table: schemas.Table, num_devices: int) -> dict[Name, np.ndarray]:
    """Features of a table without rows."""
    names = [(table.name, column.name) for column in table.columns]
    features = {name: np.full(num_devices, np.nan) for name in names}
    if table.role != "anchor":
        features[table.name, ""] = np.zeros(num_devices)
    return features


def _of_table(
    table: schemas.Table, rows: columns.Rows, where: np.ndarray, num_devices: int
) -> dict[Name, np.ndarray]:
    """Features of one table; `where` is each row's device, -1 for none."""
    kept = where >= 0
    features = _nothing(table, num_devices)
    if table.role != "anchor":
        count = np.bincount(where[kept], minlength=num_devices)
        features[table.name, ""] = count.astype(np.float64)
    for column in table.columns:
        target = features[table.name, column.name]
        if column.is_number and table.role == "entity":
            values = rows.numbers[column.name]
            valid = kept & ~np.isnan(values)
            total = np.bincount(where[valid], values[valid], minlength=num_devices)
            has_value = np.bincount(where[valid], minlength=num_devices) > 0
            target[has_value] = total[has_value]
        elif column.is_number:
            target[where[kept]] = rows.numbers[column.name][kept]
        elif table.role != "entity":
            target[where[kept]] = _public_codes(column, rows)[kept]
    return features


def _public_codes(
    column: schemas.Column, rows: columns.Rows
) -> Float[np.ndarray, " row"]:
    """Place of each row's category in the public vocabulary; NaN outside of it."""
    category = rows.categories[column.name]
    codes = [column.code_of(value) - 1 for value in category.values]
    table = np.array([*(code if code >= 0 else np.nan for code in codes), np.nan])
    return table[category.codes]
