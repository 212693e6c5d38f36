"""Log-linear models in a chain, each variable given those before, from noisy pairs.

A variable's logits are a bias for each code and, for every measured pair with a
variable before it, a term for each cell of the pair. The terms are those at which the
pairs of a large pool, drawn along the chain, come out as measured, by as much as they
are clear of their noise. So a variable depends on all that it was measured with, where
a tree keeps one neighbour of each, and no clique is larger than a pair.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse
from jaxtyping import Float, Integer

from teledp_jax import arrays, base, schemas
from teledp_jax.marginals import grain, measure, moments, pairs

_SWEEPS = 16  # over the pairs of a variable
_LARGEST_STEP = 3.0  # of one correction of a logit
_MOST_ROWS = 40_000  # of a column that its terms are fitted on
_REDRAWS = 12  # of rows that repeat one before
_CHUNK = 1 << 22  # logits in memory at once

Cells = Integer[np.ndarray, " row"]


class Term(NamedTuple):
    """What one variable adds to the logits of a later one.

    Attributes:
        parent: The variable before.
        logits: `[parent cell, code]`.
    """

    parent: pairs.Variable
    logits: Float[np.ndarray, "cell code"]


class Link(NamedTuple):
    """One variable of the chain.

    Attributes:
        child: The variable.
        bias: `[bucket of the number of rows, code]`.
        terms: One for each measured pair with a variable before.
    """

    child: pairs.Variable
    bias: Float[np.ndarray, "bucket code"]
    terms: tuple[Term, ...]


class _Drawn:
    """What has been drawn of some devices."""

    def __init__(self, schema: schemas.Schema, count: int) -> None:
        self.count = count
        self.num_rows = {schema.anchor.name: np.ones(count, np.int64)}
        self.codes: dict[str, Integer[np.ndarray, "device row column"]] = {}
        for table in schema.tables:
            shape = (count, table.max_rows, len(table.columns))
            self.codes[table.name] = np.zeros(shape, np.int32)

    def rows(self, table: schemas.Table) -> arrays.TableArrays:
        """All rows of a table."""
        num_rows = self.num_rows[table.name]
        mask = np.arange(table.max_rows)[None, :] < num_rows[:, None]
        return arrays.from_padded(self.codes[table.name], mask)

    def cells(
        self, which: pairs.Variable, table: str, device: Cells, row: Cells
    ) -> Cells:
        """Cells of a variable, as seen from rows of a table.

        In its own table it is that of the same row; of another one the first row
        speaks, as good as any since rows are in no order.
        """
        if which.column < 0:
            return np.minimum(self.num_rows[which.table][device], which.num_cells - 1)
        own = row if which.table == table else 0
        found = self.codes[which.table][device, own, which.column]
        there = self.num_rows[which.table][device] > 0
        return np.where(there, found, which.num_cells - 1)


def order(
    schema: schemas.Schema,
) -> Iterator[tuple[schemas.Table, list[pairs.Variable]]]:
    """Variables in the order of the chain, those that are drawn together in one list.

    The anchor's columns and all numbers of rows, each a list of its own; then the
    columns of the other tables.
    """
    tables = schema.tables
    for column in tables[0].columns:
        yield tables[0], [pairs.variable(schema, f"{tables[0].name}/{column.name}")]
    for table in tables[1:]:
        name = f"{table.name}/{pairs.ROWS}"
        yield table, [pairs.variable(schema, name)]
    for table in tables[1:]:
        names = [f"{table.name}/{column.name}" for column in table.columns]
        yield table, [pairs.variable(schema, name) for name in names]


def fit(
    generator: np.random.Generator,
    schema: schemas.Schema,
    one_way: base.Tree,
    measured: Sequence[moments.Measured],
    count: int,
) -> tuple[Link, ...]:
    """Finds the terms at which a pool of devices meets one-way shares and pairs.

    Args:
        generator: Public; draws the pool.
        schema: The public schema.
        one_way: Shares by bucket and code, from `independent.estimate`.
        measured: Noisy pairs.
        count: Devices of the pool.
    """
    measured = moments.with_presence(schema, one_way, measured)
    drawn = _Drawn(schema, count)
    known: set[str] = set()
    chain: list[Link] = []
    for table, together in order(schema):
        links = []
        for child in together:
            parts = moments.parts_of(schema, one_way, child, measured, known)
            links.append(_fit_link(drawn, table, child, one_way[child.name], parts))
            known.add(child.name)
            _draw_table(generator, drawn, table, links[-1:])
        if table.max_rows > 1 and links[0].child.column >= 0:
            _redraw(generator, drawn, table, links)
        chain += links
    return tuple(chain)


def sample(
    generator: np.random.Generator,
    schema: schemas.Schema,
    chain: Sequence[Link],
    count: int,
) -> arrays.DeviceArrays:
    """Draws devices along the chain, rows in the order of `data.encode`.

    Args:
        generator: Public draws.
        schema: The public schema.
        chain: What `fit` returned.
        count: Number of devices.

    Returns:
        The devices.
    """
    links: Mapping[str, Link] = {link.child.name: link for link in chain}
    drawn = _Drawn(schema, count)
    for table, together in order(schema):
        own = [links[child.name] for child in together]
        _draw_table(generator, drawn, table, own)
        if table.max_rows > 1:
            _redraw(generator, drawn, table, own)
    return {
        table.name: measure.in_order(table, drawn.rows(table))
        for table in schema.tables
    }


def _fit_link(
    drawn: _Drawn,
    table: schemas.Table,
    child: pairs.Variable,
    shares: Float[np.ndarray, "bucket code"],
    parts: Sequence[moments.Part],
) -> Link:
    """The bias and terms of one variable, by the first row of each device."""
    device, row = (part[:_MOST_ROWS] for part in _rows(drawn, child, first=True))
    # P(code) is proportional to exp(bias[bucket, code] + sum over terms of
    # logits[cell of the parent, code]); terms and bias are fitted in turn.
    bias = np.log(np.maximum(shares, 1e-9))
    bucket = _buckets(drawn, child, device)
    if not parts or not len(device):
        return Link(child, bias, ())
    places = [drawn.cells(part.parent, table.name, device, row) for part in parts]
    hot = [
        _one_hot(place, part.parent.num_cells)
        for place, part in zip(places, parts, strict=True)
    ]
    usual = shares.mean(axis=0)
    there = len(_rows(drawn, child, first=True)[0])
    size = drawn.count * len(device) / there
    blocks = [moments.Coefficients.make(part, usual, size) for part in parts]
    own = _one_hot(bucket, len(bias))
    logits = bias[bucket].astype(np.float32)
    for sweep in range(_SWEEPS):
        for block, place, one_hot in zip(blocks, places, hot, strict=True):
            moved = block.step(one_hot, _softmax(logits), is_first=not sweep)
            logits += moved.astype(np.float32)[place]
        held = own @ _softmax(logits)
        aim = shares * held.sum(axis=1, keepdims=True)
        # Iterative proportional fitting (Deming and Stephan 1940): log(aim / held).
        step = np.log(np.maximum(aim, 1e-6)) - np.log(np.maximum(held, 1e-6))
        step = np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        bias = bias + step
        logits += step.astype(np.float32)[bucket]
    terms = (Term(part.parent, b.logits) for part, b in zip(parts, blocks, strict=True))
    return Link(child, bias, tuple(terms))


def _one_hot(places: Cells, size: int) -> scipy.sparse.csr_array:
    """`[cell, row]`: one where a row lies in a cell."""
    count = len(places)
    by_row = (np.ones(count, np.float32), places, np.arange(count + 1))
    return scipy.sparse.csr_array(by_row, shape=(count, size)).T.tocsr()


def _softmax(logits: Float[np.ndarray, "row code"]) -> Float[np.ndarray, "row code"]:
    """Probabilities of codes."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _rows(
    drawn: _Drawn, child: pairs.Variable, *, first: bool = False
) -> tuple[Cells, Cells]:
    """Devices and rows where a variable has a value."""
    if child.column < 0:
        return np.arange(drawn.count), np.zeros(drawn.count, np.int64)
    num_rows = drawn.num_rows[child.table]
    if first:
        device = np.flatnonzero(num_rows)
        return device, np.zeros(len(device), np.int64)
    most = drawn.codes[child.table].shape[1]
    device, row = np.nonzero(np.arange(most) < num_rows[:, None])
    return device, row


def _buckets(drawn: _Drawn, child: pairs.Variable, device: Cells) -> Cells:
    """Bucket of the number of rows of each device; 0 for that number itself."""
    if child.column < 0:
        return np.zeros(len(device), np.int64)
    return measure.row_bucket(drawn.num_rows[child.table])[device]


def _draw_table(
    generator: np.random.Generator,
    drawn: _Drawn,
    table: schemas.Table,
    links: Sequence[Link],
) -> None:
    """Draws some variables of a table, in turn."""
    for link in links:
        device, row = _rows(drawn, link.child)
        codes = _draw(generator, drawn, table, link, device, row)
        if link.child.column < 0:
            drawn.num_rows[table.name] = codes.astype(np.int64)
        else:
            drawn.codes[table.name][device, row, link.child.column] = codes


def _draw(
    generator: np.random.Generator,
    drawn: _Drawn,
    table: schemas.Table,
    link: Link,
    device: Cells,
    row: Cells,
) -> Cells:
    """Codes of some rows, as evenly as whole numbers allow, in random order."""
    count, num_codes = len(device), link.bias.shape[1]
    # Systematic sampling: one point in each of `count` equal parts of [0, 1), mixed;
    # the code is where the cumulative share passes the point.
    points = (generator.permutation(count) + generator.random(count)) / max(count, 1)
    found = np.zeros(count, np.int32)
    size = max(_CHUNK // num_codes, 1)
    for start in range(0, count, size):
        here = slice(start, start + size)
        logits = link.bias[_buckets(drawn, link.child, device[here])]
        for term in link.terms:
            cells = drawn.cells(term.parent, table.name, device[here], row[here])
            logits = logits + term.logits[cells]
        cumulative = np.cumsum(_softmax(logits.astype(np.float32)), axis=1)
        point = points[here] * cumulative[:, -1]
        found[here] = (cumulative <= point[:, None]).sum(axis=1)
    return np.minimum(found, num_codes - 1)


def _redraw(
    generator: np.random.Generator,
    drawn: _Drawn,
    table: schemas.Table,
    links: Sequence[Link],
) -> None:
    """Draws rows anew that repeat the key of a row before, as no two rows do."""
    key = grain.key_of(table)
    if not key:
        return
    codes = drawn.codes[table.name]
    for _ in range(_REDRAWS):
        exists = np.arange(codes.shape[1]) < drawn.num_rows[table.name][:, None]
        device, row = np.nonzero(exists)
        again = grain.repeats(table, codes[device, row], device, key)
        device, row = device[again], row[again]
        if not len(device):
            return
        for link in links:
            codes[device, row, link.child.column] = _draw(
                generator, drawn, table, link, device, row
            )
