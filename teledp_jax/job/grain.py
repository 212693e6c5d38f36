"""Holds synthetic rows to what headers state: `unique` columns, values never absent.

What a header states is public, so that to hold it reads nothing private.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Integer

from teledp_jax import arrays, schemas

_ROUNDS = 16  # of exchanges, before what still repeats is dropped


def key_of(table: schemas.Table) -> list[int]:
    """Finds the positions of the columns that no two rows of a device have alike.

    Args:
        table: The table.
    """
    return [i for i, column in enumerate(table.columns) if column.name in table.unique]


def repeats(
    table: schemas.Table,
    codes: Integer[np.ndarray, "row column"],
    owners: Integer[np.ndarray, " row"],
    key: Sequence[int],
) -> Bool[np.ndarray, " row"]:
    """Finds rows with a key that an earlier row of their device has.

    A code that stands for all other texts may come again.

    Args:
        table: The table.
        codes: Codes of some rows, all those of a device or none.
        owners: The device of each row.
        key: Positions of the columns of the key.

    Returns:
        True for each row that repeats a key.
    """
    flat = np.zeros(len(codes), np.int64)
    open_ended: Bool[np.ndarray, " row"] = np.zeros(len(codes), bool)
    for position in key:
        column = table.columns[position]
        flat = flat * column.num_codes + codes[:, position]
        if column.other is not None:
            other = column.code_of(column.other)
            open_ended = np.logical_or(open_ended, codes[:, position] == other)
        elif not column.is_number:  # a text of no vocabulary is absent
            absent = codes[:, position] == schemas.ABSENT
            open_ended = np.logical_or(open_ended, absent)
    order = np.lexsort((flat, owners))
    order = order[~open_ended[order]]
    flat, owners = flat[order], owners[order]
    again = np.logical_and(flat[1:] == flat[:-1], owners[1:] == owners[:-1])
    found = np.zeros(len(codes), bool)
    found[order[1:][again]] = True
    return found


def held(
    schema: schemas.Schema, devices: arrays.DeviceArrays, rng: np.random.Generator
) -> arrays.DeviceArrays:
    """Makes synthetic devices keep what headers state of each table.

    A value that is absent though it may not be is drawn from those of other rows. A row
    that repeats a key changes places with a row of another device, so that all
    counts over rows stay; what still repeats after some rounds is dropped.

    Args:
        schema: The device tables.
        devices: Synthetic devices.
        rng: Draws the partners.

    Returns:
        The devices; tables of which nothing is stated as they were.
    """
    made = dict(devices)
    for table in schema.tables:
        if not all(column.may_be_absent for column in table.columns):
            made[table.name] = _filled(table, made[table.name], rng)
        if key_of(table):
            made[table.name] = _held(table, made[table.name], rng)
    return made


def _filled(
    table: schemas.Table, rows: arrays.TableArrays, rng: np.random.Generator
) -> arrays.TableArrays:
    """Rows of a table that have each value which may not be absent."""
    codes = np.array(rows.codes)
    for position, column in enumerate(table.columns):
        own = codes[:, position]
        lacking = own == schemas.ABSENT
        if column.may_be_absent or not lacking.any():
            continue
        known = own[~lacking]
        if not len(known):  # no row has a value: any will do
            known = np.arange(1, column.num_codes, dtype=codes.dtype)
        codes[lacking, position] = rng.choice(known, int(lacking.sum()))
    return arrays.TableArrays(codes, rows.offsets)


def _held(
    table: schemas.Table, rows: arrays.TableArrays, rng: np.random.Generator
) -> arrays.TableArrays:
    """Rows of a table that keep its grain."""
    key = key_of(table)
    codes, device = np.array(rows.codes), arrays.owners(rows)
    num_devices = len(rows.offsets) - 1
    found = repeats(table, codes, device, key)
    for _ in range(_ROUNDS):
        bad = np.flatnonzero(found)
        if not len(bad):
            break
        partner = rng.choice(len(device), len(bad))
        alone = _meet_once(device[bad], device[partner])
        bad, partner = bad[alone], partner[alone]
        touched = np.zeros(num_devices, bool)
        touched[device[bad]] = touched[device[partner]] = True
        near = np.flatnonzero(touched[device])
        found[near] = _exchange(table, codes, device, key, (bad, partner), near)
    counts = np.bincount(device[~found], minlength=num_devices)
    return arrays.TableArrays(codes[~found], arrays.edges(counts))


def _meet_once(
    one: Integer[np.ndarray, " pair"], other: Integer[np.ndarray, " pair"]
) -> Bool[np.ndarray, " pair"]:
    """Pairs of two devices neither of which is in a pair before."""
    _, first = np.unique(np.stack([one, other], axis=1).ravel(), return_index=True)
    is_first = np.zeros(2 * len(one), bool)
    is_first[first] = True
    return np.logical_and(is_first[::2], is_first[1::2])


def _exchange(
    table: schemas.Table,
    codes: Integer[np.ndarray, "row column"],
    device: Integer[np.ndarray, " row"],
    key: Sequence[int],
    pairs: tuple[Integer[np.ndarray, " pair"], Integer[np.ndarray, " pair"]],
    near: Integer[np.ndarray, " near"],
) -> Bool[np.ndarray, " near"]:
    """Exchanges pairs of rows where fewer rows then repeat a key.

    `near` are all rows of the pairs' devices; returns which of them repeat a key.
    """
    one, other = pairs

    def repeated() -> Bool[np.ndarray, " near"]:
        return repeats(table, codes[near], device[near], key)

    def count() -> Integer[np.ndarray, " pair"]:
        by_device = np.bincount(device[near][repeated()], minlength=device[-1] + 1)
        total: Integer[np.ndarray, " pair"]
        total = by_device[device[one]] + by_device[device[other]]
        return total

    before = count()
    codes[one], codes[other] = codes[other], codes[one]
    back = count() >= before
    one, other = one[back], other[back]
    codes[one], codes[other] = codes[other], codes[one]
    return repeated()
