"""The items of a device, drawn for all items at once.

A table with several rows is a basket of items. The number of rows k is drawn before; an
item i is in the basket with the chance p_i = k * share_i, cut where it may not repeat.
Systematic sampling then draws exactly k items, each with exactly its chance.
"""

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import schemas
from teledp_jax.marginals import links, partial_pool, statistics

_DEVICES = 512  # whose items share one order of the systematic sample
_FILLS = 6  # passes that spread what was cut over other items


def most_repeats(
    table: schemas.Table,
    item: int,
    others: dict[int, Float[np.ndarray, "item code"]],
) -> Float[np.ndarray, " item"]:
    """Estimates how often a device may have an item.

    Args:
        table: The table.
        item: Position of the item column.
        others: For other columns of the key, noisy masses of items by code, no less
            than zero.

    Returns:
        Numbers, at least 1: infinite if the key does not hold the item, or for codes
        that stand for all other texts; else by how many codes of the other columns of
        the key it is seen with.
    """
    column = table.columns[item]
    most = np.ones(column.num_codes)
    if column.name not in table.unique:
        return np.full(column.num_codes, np.inf)
    for position, name in enumerate(table.columns):
        if position == item or name.name not in table.unique:
            continue
        if position not in others:
            most *= max(name.num_codes - 1, 1)
            continue
        # The inverse of Simpson's index: codes that would repeat as often if even.
        mass = others[position]
        pooled = mass.sum(axis=0)
        mass = mass + 1e-6 * pooled + 1e-12
        shares = mass / mass.sum(axis=1, keepdims=True)
        most *= 1 / (shares**2).sum(axis=1)
    if column.other is not None:
        most[column.code_of(column.other)] = np.inf
    else:
        most[schemas.ABSENT] = np.inf
    return np.ceil(most - 0.05)


def draw(
    generator: np.random.Generator,
    pool: partial_pool.Pool,
    link: links.Link,
    most: Float[np.ndarray, " item"],
) -> Integer[np.ndarray, " row"]:
    """Draws the items of all rows of a table.

    Args:
        generator: Public.
        pool: What has been drawn: all numbers of rows, and the device's own variables.
        link: The item column.
        most: How often a device may have each item.

    Returns:
        An item for each row, those of a device in random order.
    """
    rows = partial_pool.rows_of(pool, link.child, by_device=True)
    num_rows = pool.num_rows[link.child.table][rows.device]
    order = generator.permutation(len(rows.device))
    found: list[np.ndarray] = [np.zeros(0, np.int64)]
    owner: list[np.ndarray] = [np.zeros(0, np.int64)]
    for start in range(0, len(order), _DEVICES):
        here = order[start : start + _DEVICES]
        expected = _expected(
            links.chances(pool, link, rows.take(here)).astype(np.float64),
            num_rows[here],
            most,
        )
        mixed = generator.permutation(len(most))
        sums = np.cumsum(expected[:, mixed], axis=1)
        sums[:, -1] = num_rows[here]
        ends = np.floor(sums + generator.random((len(here), 1)))
        counts = np.diff(ends, axis=1, prepend=0).astype(np.int64)
        device, item = np.nonzero(counts)
        times = counts[device, item]
        found.append(np.repeat(mixed[item], times))
        owner.append(np.repeat(rows.device[here[device]], times))
    items, owners = np.concatenate(found), np.concatenate(owner)
    # A device's rows are in no order.
    return items[np.lexsort((generator.random(len(items)), owners))]


def _expected(
    shares: Float[np.ndarray, "device item"],
    num_rows: Integer[np.ndarray, " device"],
    most: Float[np.ndarray, " item"],
) -> Float[np.ndarray, "device item"]:
    """How often each item is expected: in proportion to shares, and no more than most.

    If all items together are fewer than the rows, all are cut alike.
    """
    wanted = num_rows[:, None].astype(np.float64)
    expected = np.minimum(wanted * shares, most)
    for _ in range(_FILLS):
        lacking = wanted - expected.sum(axis=1, keepdims=True)
        open_ended = np.where(expected < most, shares, 0.0)
        total = np.maximum(open_ended.sum(axis=1, keepdims=True), 1e-12)
        expected = np.minimum(expected + lacking * open_ended / total, most)
    return expected * wanted / np.maximum(expected.sum(axis=1, keepdims=True), 1e-12)


def repeats(
    table: schemas.Table,
    codes: Integer[np.ndarray, "row column"],
    owner: Integer[np.ndarray, " row"],
) -> Integer[np.ndarray, " repeat"]:
    """Finds rows with a key that an earlier row of their device has.

    A code that stands for all other texts may come again.

    Args:
        table: The table.
        codes: Codes of its rows.
        owner: Device of each row.

    Returns:
        Positions of the rows.
    """
    key = [i for i, column in enumerate(table.columns) if column.name in table.unique]
    if not key:
        return np.zeros(0, np.int64)
    flat, closed = np.asarray(owner, np.int64), np.ones(len(owner), bool)
    for position in key:
        column, own = table.columns[position], codes[:, position]
        flat = flat * column.num_codes + own
        if column.other is not None:
            closed &= own != column.code_of(column.other)
        elif not column.is_number:
            closed &= own != schemas.ABSENT
    rows = np.flatnonzero(closed)
    _, first = np.unique(flat[rows], return_index=True)
    return np.setdiff1d(rows, rows[first], assume_unique=True)


def item_of(table: schemas.Table) -> statistics.Variable | None:
    """Finds the variable of a table's items, if it has several rows and a category."""
    position = statistics.item(table)
    return None if position is None else statistics.column(table, position)
