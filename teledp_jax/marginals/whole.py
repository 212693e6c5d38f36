"""A model of whole devices: a chain of log-linear links that meets noisy statistics.

Anchor columns come first, then the numbers of rows of all tables, then the columns of
tables with one row, then those of tables with several: the items of all rows at once,
and the other columns row by row. Each link depends on all that it was measured with.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import (
    baskets,
    determined,
    estimates,
    links,
    noisy_sums,
    partial_pool,
    row_codes,
    statistics,
    survival,
    terms,
)

_FIRST_SWEEPS, _SWEEPS = 3, 8  # over the parts of a link
_FIRST_POOL, _FEWEST, _MOST = 4_000, 20_000, 40_000  # devices that links are fitted on
_ROWS, _FEWEST_OWNERS = 100_000, 4_000  # rows of a table, and devices, that are enough
_REDRAWS = 12  # of rows that repeat the key of one before


def order(
    schema: schemas.Schema,
) -> Iterator[tuple[schemas.Table, list[statistics.Variable]]]:
    """Lists variables in the order of the chain, those that are drawn together in one.

    Args:
        schema: The public schema.
    """
    anchor, *others = schema.tables
    for position in range(len(anchor.columns)):
        yield anchor, [statistics.column(anchor, position)]
    for table in others:
        yield table, [_num_rows(table)]
    for table in sorted(others, key=lambda table: table.max_rows > 1):
        places = list(range(len(table.columns)))
        first = statistics.item(table)
        if first is not None:
            keys = [table.columns[i].name in table.unique for i in places]
            sizes = [column.num_codes for column in table.columns]
            places.sort(key=lambda i: (i != first, not keys[i], -sizes[i] * keys[i]))
        yield table, [statistics.column(table, position) for position in places]


def _num_rows(table: schemas.Table) -> statistics.Variable:
    """The number of rows as a link draws it: one code more, for none."""
    rows = statistics.rows(table)
    return rows._replace(kind="rows", num_codes=rows.num_codes + 1)


def fit(
    generator: np.random.Generator, schema: schemas.Schema, noisy: noisy_sums.Noisy
) -> base.Tree:
    """Fits the model; DP outputs only.

    A first model, fitted fast, draws a pool that tells how much of each statistic the
    clip took; the second one is fitted to the statistics with that undone.

    Args:
        generator: Public; draws the partial_pool.
        schema: The public schema.
        noisy: The noisy statistics.

    Returns:
        The model, as `sample` takes it.
    """
    found = estimates.Estimates(schema, noisy, survival.by_tables(noisy))
    first = _fit(generator, schema, noisy.plan, found, _FIRST_POOL, _FIRST_SWEEPS)
    pool = sample(generator, schema, first, _FIRST_POOL)
    surviving = survival.by_pool(schema, noisy, pool)
    found = estimates.Estimates(schema, noisy, surviving)
    count = min(max(noisy.num_devices, _FEWEST), _MOST)
    if noisy.plan.is_one_way:
        count = _FIRST_POOL  # shares need no pool
    return _fit(generator, schema, noisy.plan, found, count, _SWEEPS)


def _fit(
    generator: np.random.Generator,
    schema: schemas.Schema,
    plan: statistics.Plan,
    found: estimates.Estimates,
    count: int,
    num_sweeps: int,
) -> base.Tree:
    """Fits link after link to a pool that they draw."""
    whole = partial_pool.Pool(schema, count)
    known: set[str] = set()
    tree: dict[str, Any] = {"links": {}, "most": {}}
    for table, together in order(schema):
        chain = []
        pool = whole
        if table.max_rows > 1 and together[0].kind == "column":
            pool = _enough(whole, table)
        item = baskets.item_of(table) if together[0].kind == "column" else None
        if item is not None:
            tree["most"][table.name] = _most_repeats(schema, plan, found, table, item)
        for child in together:
            shares = _shares(schema, found, child)
            link = links.fit(
                generator, whole if child == item else pool, child, shares,
                _parts(schema, plan, found, child, known),
                by_device=child == item, num_sweeps=num_sweeps,
            )  # fmt: skip
            tree["links"][child.name] = link.tree()
            chain.append(links.from_tree(schema, child, tree["links"][child.name]))
            known.add(child.name)
            if child.kind == "rows":
                known.add(statistics.presence(table).name)
            _draw(generator, pool, table, chain[-1:], tree["most"])
        _redraw(generator, pool, table, chain)
    return tree


def _enough(pool: partial_pool.Pool, table: schemas.Table) -> partial_pool.Pool:
    """As many devices of a pool as have rows enough; no later table sees these rows."""
    wanted = np.searchsorted(np.cumsum(pool.num_rows[table.name]), _ROWS) + 1
    return pool.first(min(max(int(wanted), _FEWEST_OWNERS), pool.count))


def sample(
    generator: np.random.Generator,
    schema: schemas.Schema,
    tree: Mapping[str, Any],
    count: int,
) -> arrays.DeviceArrays:
    """Draws devices, rows in the order of `data.encode`.

    Args:
        generator: Public draws.
        schema: The public schema.
        tree: What `fit` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    pool = partial_pool.Pool(schema, count)
    for table, together in order(schema):
        chain = [
            links.from_tree(schema, child, tree["links"][child.name])
            for child in together
        ]
        _draw(generator, pool, table, chain, tree["most"])
        _redraw(generator, pool, table, chain)
    return {table.name: _arrays(pool, table) for table in schema.tables}


def _arrays(pool: partial_pool.Pool, table: schemas.Table) -> arrays.TableArrays:
    """The rows of a table, of each device the largest first."""
    codes = pool.codes[table.name]
    if table.cap_by is not None:
        place = [column.name for column in table.columns].index(table.cap_by)
        codes = codes[np.lexsort((-codes[:, place], pool.owner[table.name]))]
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    edges = arrays.edges(pool.num_rows[table.name])
    return arrays.TableArrays(codes.astype(dtype), edges)


def _draw(
    generator: np.random.Generator,
    pool: partial_pool.Pool,
    table: schemas.Table,
    chain: list[links.Link],
    most: Mapping[str, Any],
) -> None:
    """Draws some variables of a table, in turn."""
    for link in chain:
        child = link.child
        if child.kind == "rows":
            rows = partial_pool.rows_of(pool, child, by_device=False)
            codes = links.draw(generator, pool, link, rows)
            pool.set_rows(table, _numbers(generator, table, codes))
        elif child == baskets.item_of(table):
            items = baskets.draw(generator, pool, link, np.asarray(most[table.name]))
            pool.codes[table.name][:, child.column] = items
        else:
            rows = partial_pool.rows_of(pool, child, by_device=False)
            codes = links.draw(generator, pool, link, rows)
            pool.codes[table.name][:, child.column] = codes


def _numbers(
    generator: np.random.Generator, table: schemas.Table, codes: partial_pool.Codes
) -> Integer[np.ndarray, " device"]:
    """Numbers of rows, evenly within what a code stands for."""
    starts = row_codes.row_starts(table.max_rows)
    low = np.append(0, starts)[codes]
    high = np.append(0, np.append(starts[1:] - 1, table.max_rows))[codes]
    return generator.integers(low, high + 1)


def _redraw(
    generator: np.random.Generator,
    pool: partial_pool.Pool,
    table: schemas.Table,
    chain: list[links.Link],
) -> None:
    """Draws all but the items of rows anew that repeat a key, as no two rows do."""
    item = baskets.item_of(table)
    later = [link for link in chain if link.child.kind == "column"]
    if item is None or len(later) < 2:
        return
    keys = {i for i, column in enumerate(table.columns) if column.name in table.unique}
    if not keys - {item.column}:
        return
    codes, owner = pool.codes[table.name], pool.owner[table.name]
    for _ in range(_REDRAWS):
        again = baskets.repeats(table, codes, owner)
        if not len(again):
            return
        for link in later[1:]:
            rows = partial_pool.rows_of(pool, link.child, by_device=False).take(again)
            drawn = links.draw(generator, pool, link, rows)
            codes[again, link.child.column] = drawn


def _shares(
    schema: schemas.Schema, found: estimates.Estimates, child: statistics.Variable
) -> Float[np.ndarray, "bucket code"]:
    """Shares of the codes of a variable, by bucket of the number of rows."""
    if child.kind == "rows":
        return found.rows(schema.table(child.table))[None]
    return found.column(child)


def _most_repeats(
    schema: schemas.Schema,
    plan: statistics.Plan,
    found: estimates.Estimates,
    table: schemas.Table,
    item: statistics.Variable,
) -> Float[np.ndarray, " item"]:
    """How often a device may have each item, by the other columns of the key."""
    others = {}
    for block in plan.blocks:
        if len(block.sides) != 2 or item not in block.sides:
            continue
        other = block.sides[1 - block.sides.index(item)]
        if other.kind == "column" and other.table == table.name:
            mass = found.mass(block) if block.sides[0] == item else found.mass(block).T
            shares = _following(schema, found, block, item, other, mass)
            mass = np.where(mass > 2 * found.stddev(block), mass, 0.0)
            if shares is not None:
                mass = np.where(np.isnan(shares), mass, shares)
            others[other.column] = mass
    return baskets.most_repeats(table, item.column, others)


def _parts(
    schema: schemas.Schema,
    plan: statistics.Plan,
    found: estimates.Estimates,
    child: statistics.Variable,
    known: set[str],
) -> list[terms.Part]:
    """Measured blocks of a variable with those before it."""
    parts = []
    for block in plan.blocks:
        if len(block.sides) != 2 or block.sides[0].kind == "bucket":
            continue
        mass = found.mass(block)
        for parent, own, cells in (
            (block.sides[0], block.sides[1], mass),
            (block.sides[1], block.sides[0], mass.T),
        ):
            is_own = own.name == child.name or (
                child.kind == "rows"
                and own == statistics.presence(schema.table(child.table))
            )
            if is_own and parent.name in known:
                part = _part(schema, found, block, child, parent, cells)
                parts.append(part)
    return parts


def _part(
    schema: schemas.Schema,
    found: estimates.Estimates,
    block: statistics.Block,
    child: statistics.Variable,
    parent: statistics.Variable,
    cells: Float[np.ndarray, "cell code"],
) -> terms.Part:
    """A block as the later of its variables sees it."""
    before = found.devices(parent)
    inputs = terms.functions(schema, parent, before)
    shares = _following(schema, found, block, parent, child, cells)
    if child.kind == "rows":
        # Who has no row is not counted: all others of the same code before.
        none = before - cells.sum(axis=1)
        cells = np.concatenate([none[:, None], cells], axis=1)
        outcome = np.minimum(np.arange(child.num_codes), cells.shape[1] - 1)
        outputs = _steps(cells.shape[1])
    else:
        outcome = np.arange(child.num_codes)
        outputs = terms.functions(schema, child, found.column(child).mean(axis=0))
    return terms.Part(
        parent, block, cells, found.stddev(block), inputs, outputs, outcome, shares
    )


def _following(
    schema: schemas.Schema,
    found: estimates.Estimates,
    block: statistics.Block,
    parent: statistics.Variable,
    child: statistics.Variable,
    cells: Float[np.ndarray, "cell code"],
) -> Float[np.ndarray, "cell code"] | None:
    """Shares of a category that follows from the item of its row; none for others."""
    table = schema.table(parent.table)
    is_within = child.kind == "column" and child.table == table.name
    if not is_within or parent != baskets.item_of(table):
        return None
    if table.columns[child.column].is_number:
        return None
    rows = found.devices(parent)
    return determined.shares(cells, rows, found.stddev(block))


def _steps(size: int) -> Float[np.ndarray, "outcome function"]:
    """Functions of a number of rows: whether there is any, and how high it is."""
    there = (np.arange(size) > 0).astype(np.float64)
    if size == 2:
        return there[:, None]
    height = np.where(there > 0, np.linspace(-1.0, 1.0, size), 0.0)
    return np.stack([there, height, there * height**2], axis=1)
