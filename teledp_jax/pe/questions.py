"""What devices of one table are asked: in which cell of a partition do they lie?

A partition gives each record one cell at most, by looking at that record only, so a
device changes one count by one.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int32, Integer

from teledp_jax.pe import trees


class Forest(NamedTuple):
    """A tree for each stratum; its leaves are the cells.

    Attributes:
        trees: By stratum; records of other strata have no cell.
    """

    trees: Mapping[int, trees.Tree]

    @property
    def num_cells(self) -> int:
        """Counts the leaves of all trees."""
        return sum(tree.num_leaves for tree in self.trees.values())

    def cells(
        self,
        codes: Integer[np.ndarray, "record column"],
        strata: Integer[np.ndarray, " record"],
    ) -> Int32[np.ndarray, " record"]:
        """Finds the cell of each record.

        Args:
            codes: Records.
            strata: Stratum of each.

        Returns:
            Numbers of cells; -1 where there is none.
        """
        found, first = np.full(len(codes), -1, np.int32), 0
        for stratum, tree in self.trees.items():
            here = np.flatnonzero(strata == stratum)
            found[here] = first + trees.leaves_of(tree, codes[here])
            first += tree.num_leaves
        return found


class Pair(NamedTuple):
    """Two columns, the codes of each in groups; a cell is a pair of groups.

    Attributes:
        columns: Positions of the columns.
        groups: Group of each code, for both columns.
    """

    columns: tuple[int, int]
    groups: tuple[Integer[np.ndarray, " _"], Integer[np.ndarray, " _"]]

    @property
    def num_cells(self) -> int:
        """Counts the pairs of groups."""
        first, second = (int(groups.max()) + 1 for groups in self.groups)
        return first * second

    def cells(
        self,
        codes: Integer[np.ndarray, "record column"],
        strata: Integer[np.ndarray, " record"],
    ) -> Int32[np.ndarray, " record"]:
        """Finds the cell of each record.

        Args:
            codes: Records.
            strata: Not looked at.

        Returns:
            Numbers of cells.
        """
        del strata
        one, two = (
            groups[codes[:, column]]
            for column, groups in zip(self.columns, self.groups, strict=True)
        )
        return (one * (int(self.groups[1].max()) + 1) + two).astype(np.int32)


Question = Forest | Pair


def counts(
    question: Question,
    codes: Integer[np.ndarray, "device column"],
    strata: Integer[np.ndarray, " device"],
) -> Integer[np.ndarray, " cell"]:
    """Counts the devices in each cell: one that joins adds one to one cell at most.

    Args:
        question: The partition.
        codes: Private records.
        strata: Stratum of each.

    Returns:
        Exact counts. Private.
    """
    cells = question.cells(codes, strata)
    return np.bincount(cells[cells >= 0], minlength=question.num_cells)


def all_pairs(
    columns: trees.Columns,
    masses: Sequence[Float[np.ndarray, " _"]],
    num_cells: int,
) -> list[Pair]:
    """Makes a question of each pair of columns.

    Args:
        columns: The columns.
        masses: For each column the share of each code: DP outputs.
        num_cells: Most cells of a pair.

    Returns:
        The questions. A column of few codes leaves more cells to its partner.
    """
    side = int(num_cells**0.5)
    found = []
    for one in range(len(masses)):
        for two in range(one):
            narrow = min(side, len(masses[one]), len(masses[two]))
            sizes = [
                min(
                    len(masses[i]),
                    side if len(masses[i]) <= side else num_cells // narrow,
                )
                for i in (one, two)
            ]
            first, second = (
                grouped(masses[i], size, is_ordered=bool(columns.ordered[i]))
                for i, size in zip((one, two), sizes, strict=True)
            )
            found.append(Pair((one, two), (first, second)))
    return found


def grouped(
    mass: Float[np.ndarray, " code"], num_groups: int, *, is_ordered: bool
) -> Integer[np.ndarray, " code"]:
    """Puts codes into groups of about equal mass.

    Args:
        mass: Share of each code, not negative.
        num_groups: Most groups.
        is_ordered: Whether groups are ranges; otherwise the codes of most mass get
            groups of their own and the rest fill the others from the largest down.

    Returns:
        Group of each code, from 0, none left out.
    """
    if len(mass) <= num_groups:
        return np.arange(len(mass))
    order = np.arange(len(mass)) if is_ordered else np.argsort(-mass, kind="stable")
    found = np.zeros(len(mass), np.int64)
    left, group, held = float(mass.sum()), 0, 0.0
    goal = left / num_groups
    for code in order.tolist():
        if held and held + mass[code] / 2 > goal and group + 1 < num_groups:
            left -= held
            group, held = group + 1, 0.0
            goal = left / (num_groups - group)
        found[code] = group
        held += float(mass[code])
    return found
