"""A forest of noisy pairs over the variables of a device, and exact draws from it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from teledp_jax import arrays, base
from teledp_jax import schema as schema_lib
from teledp_jax.marginals import measure
from teledp_jax.marginals import pairs as pairs_lib


class Edge(NamedTuple):
    """A variable and the one that it depends on.

    Attributes:
        parent: Drawn before, or None.
        child: The variable.
        lift: `[parent cell, child cell]`: how much likelier than alone; None without a
            parent.
    """

    parent: pairs_lib.Variable | None
    child: pairs_lib.Variable
    lift: Float[np.ndarray, "_ _"] | None


def lift(shares: Float[np.ndarray, "first second"]) -> Float[np.ndarray, "_ _"]:
    """A pair's shares over what they would be if its variables were independent.

    Where a variable never takes a value, there is nothing to say: one.
    """
    alone = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    return np.where(alone > 0, shares / np.maximum(alone, 1e-300), 1.0)


def grow(
    schema: schema_lib.Schema,
    measured: Sequence[pairs_lib.Pair],
    shares: Sequence[Float[np.ndarray, "_ _"]],
    strengths: Sequence[float],
) -> tuple[Edge, ...]:
    """Gives each variable the parent, drawn before it, that tells most about it.

    Variables come table by table, the anchor first, a table's number of rows before
    its columns; among columns the one with the strongest tie to what is drawn goes
    next. A pair with a column of a table also tells about the table's presence.

    Args:
        schema: The public schema.
        measured: The pairs.
        shares: Shares of the cells of each pair.
        strengths: How much each pair tells, as `pairs.surplus`; none if not above 0.
    """
    ties: dict[str, list[tuple[float, Edge]]] = {}
    for pair, table, strength in zip(measured, shares, strengths, strict=True):
        if strength <= 0:
            continue
        for parent, child, joint in (
            (pair.first, pair.second, table),
            (pair.second, pair.first, table.T),
        ):
            for part, edge in _with_presence(schema, parent, child, joint):
                tie = (part * strength, edge)
                ties.setdefault(edge.child.name, []).append(tie)
    drawn: set[str] = set()
    forest = []
    for group in _groups(schema):
        waiting = list(group)
        while waiting:
            open_ties = [
                tie
                for which in waiting
                for tie in ties.get(which.name, ())
                if tie[1].parent is not None and tie[1].parent.name in drawn
            ]
            edge = Edge(None, waiting[0], None)
            if open_ties:
                edge = max(open_ties, key=lambda tie: tie[0])[1]
            waiting = [which for which in waiting if which.name != edge.child.name]
            drawn.add(edge.child.name)
            forest.append(edge)
    return tuple(forest)


def _groups(schema: schema_lib.Schema) -> Iterator[list[pairs_lib.Variable]]:
    """Variables in the order in which they may be drawn."""
    for table in schema.tables:
        if table.role != "anchor":
            rows = f"{table.name}/{pairs_lib.ROWS}"
            yield [pairs_lib.variable(schema, rows)]
        yield [
            pairs_lib.variable(schema, f"{table.name}/{column.name}")
            for column in table.columns
        ]


def _with_presence(
    schema: schema_lib.Schema,
    parent: pairs_lib.Variable,
    child: pairs_lib.Variable,
    joint: Float[np.ndarray, "parent child"],
) -> Iterator[tuple[float, Edge]]:
    """The edge of a pair, and a weak one to the number of rows that it implies."""
    yield 1.0, Edge(parent, child, lift(joint))
    is_column = child.column >= 0 and child.table != schema.anchor.name
    if is_column and parent.table != child.table:
        rows = pairs_lib.variable(schema, f"{child.table}/{pairs_lib.ROWS}")
        presence = np.stack([joint[:, -1], joint[:, :-1].sum(axis=1)], axis=1)
        which = np.minimum(np.arange(rows.num_cells), 1)
        yield 0.1, Edge(parent, rows, lift(presence)[:, which])


def sample(
    key: Key[Array, ""],
    schema: schema_lib.Schema,
    model: base.Tree,
    forest: Sequence[Edge],
    count: int,
) -> arrays.DeviceArrays:
    """Draws devices: each variable given its parent, and given its number of rows.

    Args:
        key: Public.
        schema: The public schema.
        model: One-way shares, from `independent.estimate`.
        forest: What `grow` returned.
        count: Number of devices.
    """
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    num_rows = {schema.anchor.name: np.ones(count, np.int64)}
    codes: dict[str, Integer[np.ndarray, "device row column"]] = {}
    for edge in forest:
        table, shares = schema.table(edge.child.table), model[edge.child.name]
        if edge.child.column < 0:
            device = np.arange(count)
            row = bucket = np.zeros(count, np.int64)
        else:
            rows = num_rows[table.name]
            if table.name not in codes:
                shape = (count, table.max_rows, len(table.columns))
                codes[table.name] = np.zeros(shape, np.int64)
            device, row = np.nonzero(np.arange(table.max_rows) < rows[:, None])
            bucket = measure.row_bucket(rows)[device]
        parent = _parent_cells(edge, num_rows, codes, device, row)
        drawn = _draw(generator, shares, edge.lift, bucket, parent)
        if edge.child.column < 0:
            num_rows[table.name] = drawn
        else:
            codes[table.name][device, row, edge.child.column] = drawn
    return {
        table.name: _in_order(table, codes[table.name], num_rows[table.name])
        for table in schema.tables
    }


def _parent_cells(
    edge: Edge,
    num_rows: Mapping[str, Integer[np.ndarray, " device"]],
    codes: Mapping[str, Integer[np.ndarray, "device row column"]],
    device: Integer[np.ndarray, " drawn"],
    row: Integer[np.ndarray, " drawn"],
) -> Integer[np.ndarray, " drawn"]:
    """The parent's cell for each value to draw; zeros without a parent.

    In the child's own table the parent is in the same row; in another one its first row
    speaks, which is as good as any: rows are not in order yet.
    """
    parent = edge.parent
    if parent is None:
        return np.zeros(len(device), np.int64)
    if parent.column < 0:
        return num_rows[parent.table][device]
    own = row if parent.table == edge.child.table else np.zeros_like(row)
    found = codes[parent.table][device, own, parent.column]
    return np.where(num_rows[parent.table][device] > 0, found, parent.num_cells - 1)


def _draw(
    generator: np.random.Generator,
    shares: Float[np.ndarray, "bucket code"],
    factors: Float[np.ndarray, "parent cell"] | None,
    bucket: Integer[np.ndarray, " drawn"],
    parent: Integer[np.ndarray, " drawn"],
) -> Integer[np.ndarray, " drawn"]:
    """Codes by shares times lift, as evenly as whole numbers allow, in random order."""
    drawn = np.zeros(len(bucket), np.int64)
    num_codes = shares.shape[1]
    kind = bucket * (parent.max(initial=0) + 1) + parent
    order = generator.permutation(len(kind))
    order = order[np.argsort(kind[order], kind="stable")]
    starts = np.flatnonzero(np.diff(kind[order], prepend=-1))
    for here in np.split(order, starts[1:]) if len(order) else []:
        density = shares[bucket[here[0]]]
        if factors is not None:
            lifted = density * factors[parent[here[0]], :num_codes]
            density = lifted if lifted.sum() > 0 else density
        cumulative = np.cumsum(density)
        points = (np.arange(len(here)) + generator.random()) / len(here)
        codes = np.searchsorted(cumulative / cumulative[-1], points, side="right")
        drawn[here] = np.minimum(codes, num_codes - 1)
    return drawn


def _in_order(
    table: schema_lib.Table,
    codes: Integer[np.ndarray, "device row column"],
    num_rows: Integer[np.ndarray, " device"],
) -> arrays.TableArrays:
    """A table with rows as `data.encode` orders them: by `cap_by`, largest first."""
    mask = np.arange(table.max_rows)[None, :] < num_rows[:, None]
    if table.cap_by is not None:
        position = [column.name for column in table.columns].index(table.cap_by)
        rank = np.where(mask, codes[..., position], -1)
        order = np.argsort(-rank, axis=1, kind="stable")
        codes = np.take_along_axis(codes, order[..., None], axis=1)
    dtype = arrays.code_dtype(max(column.num_codes for column in table.columns))
    return arrays.TableArrays(codes.astype(dtype), mask)
