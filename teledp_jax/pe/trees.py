"""Cuts the space of records into leaves of about equal weight, by random trees.

A tree is made from weighted public candidates only, so a private record that votes for
the leaf that it lies in changes one count by one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

_LOW, _HIGH = 0.4, 0.6  # where a cut of a number may lie, as a share of the weight
_TINY = 1e-6  # least share of others on a side
_UNEVEN = 0.15  # least share of a node's weight that a cut leaves on either side


class Columns(NamedTuple):
    """What is public about the columns of a record.

    Attributes:
        sizes: `[column]`: number of codes.
        ordered: `[column]`: whether codes have an order, as the bins of a number do.
    """

    sizes: Integer[np.ndarray, " column"]
    ordered: Bool[np.ndarray, " column"]


class Tree(NamedTuple):
    """A binary tree; node 0 is the root, a child below 0 is leaf `-child - 1`.

    Attributes:
        column: `[node]`: column that is cut.
        right: `[node, code]`: whether a code of that column goes to the right.
        children: `[node, 2]`: left and right child.
        num_leaves: Number of leaves.
    """

    column: Integer[np.ndarray, " node"]
    right: Bool[np.ndarray, "node code"]
    children: Integer[np.ndarray, "node side"]
    num_leaves: int


class Others(NamedTuple):
    """Weighted candidates that a tree is to tell its own from.

    Attributes:
        codes: `[candidate, column]`.
        weights: `[candidate]`; not negative.
    """

    codes: Integer[np.ndarray, "candidate column"]
    weights: Float[np.ndarray, " candidate"]


def grow(
    generator: np.random.Generator,
    columns: Columns,
    codes: Integer[np.ndarray, "candidate column"],
    weights: Float[np.ndarray, " candidate"],
    *,
    leaf_weight: float,
    same_column: bool,
    others: Others | None = None,
    even: bool = True,
) -> Tree:
    """Grows a tree over weighted candidates.

    A number is cut between the 40 % and the 60 % quantile of the node's weight, a
    category into two random sets of about half of it each.

    Args:
        generator: Public randomness.
        columns: The columns.
        codes: Public candidates.
        weights: Their weights; not negative.
        leaf_weight: A node of less than twice this weight is not cut.
        same_column: Whether all nodes of one depth cut the same column, each column
            once before any a second time (an oblivious tree): such a tree sees what
            many columns say only together. Otherwise each node draws its own.
        others: Candidates of other strata; a node whose children will be leaves is cut
            where its own candidates differ most from these. None: as other nodes.
        even: Whether a cut leaves at least a part of a node's weight on either side;
            otherwise the weight of a leaf is enough, so that what few have is cut off.

    Returns:
        The tree.
    """
    num_columns = len(columns.sizes)
    order = np.concatenate([generator.permutation(num_columns) for _ in range(64)])
    nodes: list[tuple[int, Bool[np.ndarray, " code"]]] = []
    children: list[list[int]] = []
    num_leaves = 0
    beside = np.arange(0 if others is None else len(others.codes))
    # Each entry: where the child's number is written, its candidates, those of other
    # strata, and its depth.
    waiting = [(-1, 0, np.arange(len(codes)), beside, 0)]
    while waiting:
        parent, side, index, beside, depth = waiting.pop()
        cut = None
        weight = weights[index].sum()
        if others is not None and 2 * leaf_weight <= weight < 4 * leaf_weight:
            cut = _telling_cut(
                generator,
                columns,
                Others(codes[index], weights[index]),
                Others(others.codes[beside], others.weights[beside]),
            )
        if cut is None and weight >= 2 * leaf_weight:
            tries = order[depth : depth + num_columns]
            if not same_column:
                tries = generator.integers(num_columns, size=2 * num_columns)
            least = _UNEVEN * weight if even else leaf_weight
            cut = _cut(generator, columns, codes[index], weights[index], tries, least)
        if cut is None:
            num_leaves += 1
            if parent >= 0:
                children[parent][side] = -num_leaves
            continue
        column, right = cut
        own = len(nodes)
        nodes.append(cut)
        children.append([0, 0])
        if parent >= 0:
            children[parent][side] = own
        goes = right[codes[index, column]]
        if others is None:
            go_beside = np.zeros(0, bool)
        else:
            go_beside = right[others.codes[beside, column]]
        waiting.append((own, 0, index[~goes], beside[~go_beside], depth + 1))
        waiting.append((own, 1, index[goes], beside[go_beside], depth + 1))
    table = np.zeros((len(nodes), int(columns.sizes.max())), bool)
    for number, (_, right) in enumerate(nodes):
        table[number, : len(right)] = right
    return Tree(
        column=np.array([column for column, _ in nodes], np.int64),
        right=table,
        children=np.array(children, np.int64).reshape(-1, 2),
        num_leaves=num_leaves,
    )


def leaves_of(
    tree: Tree, codes: Integer[np.ndarray, "record column"]
) -> Integer[np.ndarray, " record"]:
    """Finds the leaf of each record.

    Args:
        tree: The tree.
        codes: Records. Private ones may be among them: each looks at itself only.

    Returns:
        `[record]` numbers of leaves.
    """
    places = np.zeros(len(codes), np.int64)
    if not len(tree.column):  # one leaf only
        return places
    rows = np.arange(len(codes))
    while len(rows):
        nodes = places[rows]
        sides = tree.right[nodes, codes[rows, tree.column[nodes]]]
        places[rows] = tree.children[nodes, sides.astype(np.int64)]
        rows = rows[places[rows] >= 0]
    return -places - 1


def _cut(
    generator: np.random.Generator,
    columns: Columns,
    codes: Integer[np.ndarray, "candidate column"],
    weights: Float[np.ndarray, " candidate"],
    tries: Integer[np.ndarray, " try"],
    least: float,
) -> tuple[int, Bool[np.ndarray, " code"]] | None:
    """Chooses a column and a side for each code; None if no column can be cut."""
    total = weights.sum()
    for column in map(int, tries):
        mass = np.bincount(codes[:, column], weights, columns.sizes[column])
        order = np.arange(len(mass))
        share = generator.uniform(_LOW, _HIGH)
        if not columns.ordered[column]:
            order, share = generator.permutation(len(mass)), 0.5
        running = np.cumsum(mass[order])
        # The code that holds the quantile goes to the side that is more even.
        place = min(int(np.searchsorted(running, share * total)), len(mass) - 1)
        below = running[place] - mass[order[place]]
        if share * total - below > running[place] - share * total:
            place += 1
        right = np.ones(len(mass), bool)
        right[order[:place]] = False
        left_weight = mass[~right].sum()
        if least <= left_weight <= total - least:
            return column, right
    return None


def _telling_cut(
    generator: np.random.Generator,
    columns: Columns,
    own: Others,
    others: Others,
) -> tuple[int, Bool[np.ndarray, " code"]] | None:
    """Chooses the cut at which two sets of candidates differ most.

    The measure is the Kullback-Leibler divergence of the shares on either side, times a
    random factor, so that trees differ.
    """
    best, found = 0.0, None
    if not others.weights.sum() > 0:
        return None
    for column, size in enumerate(columns.sizes):
        mass, beside = (
            np.bincount(part.codes[:, column], part.weights, size) / part.weights.sum()
            for part in (own, others)
        )
        order = np.arange(size)
        if not columns.ordered[column]:
            order = np.argsort(mass / (beside + _TINY))
        left = np.cumsum(mass[order])
        inside = np.flatnonzero((left >= _UNEVEN) & (left <= 1 - _UNEVEN))
        if not len(inside):
            continue
        p = left[inside]
        q = np.clip(np.cumsum(beside[order])[inside], _TINY, 1 - _TINY)
        told = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
        score = told.max() * generator.uniform(0.5, 1.0)
        if score > best:
            right = np.ones(size, bool)
            right[order[: inside[told.argmax()] + 1]] = False
            best, found = score, (column, right)
    return found
