"""What a tree may ask of a whole device: one small code for each trait.

A device is a row of the anchor, tables of one row that it may lack, and tables of many
rows. A trait is a column of the anchor or of a table of one row; a number of rows; how
many rows hold an item; the largest number of a column, over all rows or over those of
an item; or the item of the largest row. Each looks at one device only, and every device
has a code for each.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Integer

from teledp_jax import arrays, schemas
from teledp_jax.pe import trees

_MOST_ITEMS = 24  # of a column that traits ask for
_FEWEST = 0.002  # share of records with an item that traits ask for
_NUMBERS = 12  # codes of a number of rows: none, 1, 2 to 3, 4 to 7 and so on

Kind = Literal["rows", "count", "first", "largest"]


class Trait(NamedTuple):
    """One question to a device.

    Attributes:
        kind: `rows`: number of rows; `count`: rows that hold an item; `first`: code in
            the first row; `largest`: largest code of a number.
        table: Name of the table.
        column: Position of the column that is read; -1 for `rows`.
        item_column: Position of the column of the item, -1 for all rows.
        item: Its code.
        shift: By how much codes exceed those of the column: 1 where a device may have
            no such row, which is code 0.
        num_codes: Number of codes of the trait.
        ordered: Whether codes have an order.
    """

    kind: Kind
    table: str
    column: int
    item_column: int
    item: int
    shift: int
    num_codes: int
    ordered: bool


def catalogue(schema: schemas.Schema, pool: arrays.DeviceArrays) -> tuple[Trait, ...]:
    """Lists what may be asked, items by what a public pool holds.

    Args:
        schema: The public schema.
        pool: Records, DP outputs.

    Returns:
        All traits, table by table.
    """
    found: list[Trait] = []
    for table in schema.tables:
        shift = int(table.role != "anchor")
        if shift:
            codes = 2 if table.max_rows == 1 else _NUMBERS
            found.append(Trait("rows", table.name, -1, -1, 0, 0, codes, True))
        for place, column in enumerate(table.columns):
            several = table.max_rows > 1 and column.is_number
            kind: Kind = "largest" if several else "first"
            codes = column.num_codes + shift
            found.append(
                Trait(kind, table.name, place, -1, 0, shift, codes, column.is_number)
            )
        if table.max_rows > 1:
            found += _of_items(table, pool[table.name])
    return tuple(found)


def _of_items(table: schemas.Table, rows: arrays.TableArrays) -> list[Trait]:
    """Traits of the items that most records of a pool hold."""
    found = []
    numbers = [i for i, column in enumerate(table.columns) if column.is_number]
    owner, codes = arrays.owners(rows), np.asarray(rows.codes)
    for place, column in enumerate(table.columns):
        if column.is_number:
            continue
        seen = np.unique(owner.astype(np.int64) * column.num_codes + codes[:, place])
        holders = np.bincount(seen % column.num_codes, minlength=column.num_codes)
        share = holders / arrays.num_devices({table.name: rows})
        share[schemas.ABSENT] = 0.0
        most = np.argsort(-share)[:_MOST_ITEMS]
        for code in most[share[most] >= _FEWEST].tolist():
            found.append(
                Trait("count", table.name, place, place, code, 0, _NUMBERS, True)
            )
            for number in numbers:
                size = table.columns[number].num_codes + 1
                found.append(
                    Trait("largest", table.name, number, place, code, 1, size, True)
                )
    return found


def named(
    schema: schemas.Schema, traits: tuple[Trait, ...], names: Collection[str]
) -> list[int]:
    """Finds the traits of some variables.

    Args:
        schema: The public schema.
        traits: What `catalogue` returned.
        names: Variables as `table/column` and `table/rows`.

    Returns:
        Positions of traits.
    """
    found = []
    for position, trait in enumerate(traits):
        columns = schema.table(trait.table).columns
        name = columns[trait.column].name if trait.column >= 0 else "rows"
        if f"{trait.table}/{name}" in names:
            found.append(position)
    return found


def columns_of(traits: tuple[Trait, ...]) -> trees.Columns:
    """Describes traits as columns for `trees`.

    Args:
        traits: Some traits.

    Returns:
        Their numbers of codes and orders.
    """
    return trees.Columns(
        sizes=np.array([trait.num_codes for trait in traits], np.int64),
        ordered=np.array([trait.ordered for trait in traits], bool),
    )


def read(
    traits: tuple[Trait, ...], devices: arrays.DeviceArrays
) -> Integer[np.ndarray, "device trait"]:
    """Reads traits of devices.

    Args:
        traits: Some traits.
        devices: Private devices, or records of a pool.

    Returns:
        Codes. Private if devices are.
    """
    count = arrays.num_devices(devices)
    found = np.zeros((count, len(traits)), np.int32)
    for place, trait in enumerate(traits):
        found[:, place] = _read(trait, devices[trait.table], count)
    return found


def _read(
    trait: Trait, rows: arrays.TableArrays, count: int
) -> Integer[np.ndarray, " device"]:
    """Codes of one trait."""
    num_rows = arrays.num_rows(rows)
    if trait.kind == "rows":
        return _bucket(num_rows, trait.num_codes)
    codes = np.asarray(rows.codes)
    found = np.zeros(count, np.int64)
    if trait.kind == "first":
        first = np.asarray(rows.offsets)[:-1][num_rows > 0]
        found[num_rows > 0] = codes[first, trait.column].astype(np.int64) + trait.shift
        return found
    owner = arrays.owners(rows)
    if trait.item_column >= 0:
        holds = codes[:, trait.item_column] == trait.item
        owner, codes = owner[holds], codes[holds]
    if trait.kind == "count":
        return _bucket(np.bincount(owner, minlength=count), trait.num_codes)
    here = codes[:, trait.column].astype(np.int64) + trait.shift
    np.maximum.at(found, owner, here)
    return found


def _bucket(
    numbers: Integer[np.ndarray, " device"], num_codes: int
) -> Integer[np.ndarray, " device"]:
    """Binary digits of numbers, up to the last code."""
    return np.minimum(np.frexp(numbers.astype(np.float64))[1], num_codes - 1)
