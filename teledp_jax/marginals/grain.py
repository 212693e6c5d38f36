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
    codes: Integer[np.ndarray, "device row column"],
    mask: Bool[np.ndarray, "device row"],
    key: Sequence[int],
) -> Bool[np.ndarray, "device row"]:
    """Finds rows with a key that an earlier row of their device has.

    A code that stands for all other texts may come again.

    Args:
        table: The table.
        codes: Its codes.
        mask: Which rows exist.
        key: Positions of the columns of the key.

    Returns:
        True for each row that repeats a key.
    """
    flat = np.zeros(codes.shape[:2], np.int64)
    open_ended: Bool[np.ndarray, "device row"] = ~mask
    for position in key:
        column = table.columns[position]
        flat = flat * column.num_codes + codes[..., position]
        if column.other is not None:
            other = column.code_of(column.other)
            open_ended = np.logical_or(open_ended, codes[..., position] == other)
        elif not column.is_number:  # a text of no vocabulary is absent
            absent = codes[..., position] == schemas.ABSENT
            open_ended = np.logical_or(open_ended, absent)
    rows = np.arange(codes.shape[1])
    flat = np.where(open_ended, -1 - rows, flat)
    sorting = np.argsort(flat, axis=1, kind="stable")
    ordered = np.take_along_axis(flat, sorting, axis=1)
    again = np.zeros(flat.shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    found = np.zeros(flat.shape, bool)
    np.put_along_axis(found, sorting, again, axis=1)
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
    codes, mask = np.array(rows.codes), np.asarray(rows.mask)
    for position, column in enumerate(table.columns):
        own = codes[..., position]
        lacking = mask & (own == schemas.ABSENT)
        if column.may_be_absent or not lacking.any():
            continue
        known = own[mask & ~lacking]
        if not len(known):  # no row has a value: any will do
            known = np.arange(1, column.num_codes, dtype=codes.dtype)
        codes[lacking, position] = rng.choice(known, int(lacking.sum()))
    return arrays.TableArrays(codes, mask)


def _held(
    table: schemas.Table, rows: arrays.TableArrays, rng: np.random.Generator
) -> arrays.TableArrays:
    """Rows of a table that keep its grain."""
    key = key_of(table)
    codes, mask = np.array(rows.codes), np.array(rows.mask)
    found = repeats(table, codes, mask, key)
    device, row = np.nonzero(mask)
    for _ in range(_ROUNDS):
        bad = np.flatnonzero(found[device, row])
        if not len(bad):
            break
        partner = rng.choice(len(device), len(bad))
        alone = _meet_once(device[bad], device[partner])
        bad, partner = bad[alone], partner[alone]
        places = (device[bad], row[bad]), (device[partner], row[partner])
        _exchange(table, codes, mask, key, *places)
        touched = np.concatenate([device[bad], device[partner]])
        found[touched] = repeats(table, codes[touched], mask[touched], key)
    kept = mask & ~found
    order = np.argsort(~kept, axis=1, kind="stable")  # rows that exist come first
    codes[~kept] = 0
    return arrays.TableArrays(
        np.take_along_axis(codes, order[..., None], axis=1),
        np.take_along_axis(kept, order, axis=1),
    )


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
    codes: Integer[np.ndarray, "device row column"],
    mask: Bool[np.ndarray, "device row"],
    key: Sequence[int],
    one: tuple[Integer[np.ndarray, " pair"], Integer[np.ndarray, " pair"]],
    other: tuple[Integer[np.ndarray, " pair"], Integer[np.ndarray, " pair"]],
) -> None:
    """Exchanges rows of pairs of devices, where fewer rows then repeat a key."""

    def count() -> Integer[np.ndarray, " pair"]:
        found = [
            repeats(table, codes[device], mask[device], key).sum(axis=1)
            for device in (one[0], other[0])
        ]
        total: Integer[np.ndarray, " pair"] = found[0] + found[1]
        return total

    before = count()
    codes[one], codes[other] = codes[other], codes[one]
    back = count() >= before
    one, other = (one[0][back], one[1][back]), (other[0][back], other[1][back])
    codes[one], codes[other] = codes[other], codes[one]
