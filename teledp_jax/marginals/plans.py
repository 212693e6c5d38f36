"""Plans of what is measured of a device: which blocks, and how each is weighed.

Everything here is public: it follows from the schema and from pairs that queries name.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from teledp_jax import errors, schemas
from teledp_jax.marginals import statistics

# Squared weights of blocks. What nobody names is measured coarsely.
_ONE_WAY, _NAMED, _PUBLIC, _TOTAL = 1.0, 1.0, 0.1, 0.25
_MANY, _MORE = 100, 4.0  # items from which their block weighs so many times as much
_MOST_PUBLIC_CELLS = 1 << 14  # of a pair that nobody names
_MOST_PUBLIC_COLUMNS = 8  # of a table whose pairs are measured though nobody names them


def plan(schema: schemas.Schema, named: Sequence[Sequence[str]]) -> statistics.Plan:
    """Makes the plan of what is measured.

    Args:
        schema: The public schema.
        named: Pairs of variables that queries need, each a name of `variable`.

    Returns:
        Totals of tables; every column by bucket of the number of rows; numbers of rows;
        tables by tables; anchor columns by numbers of rows and by items; the named
        pairs; and pairs inside of tables that have few columns.

    Raises:
        InputError: If a name is unknown or a pair is not of two variables.
    """
    maker = _Maker(schema)
    maker.add_one_way()
    maker.add_named(named)
    maker.add_public()
    return statistics.Plan(tuple(maker.blocks))


def one_way(schema: schemas.Schema) -> statistics.Plan:
    """Makes the plan of what is measured where no variable is tied to another.

    Args:
        schema: The public schema.

    Returns:
        Totals of tables, numbers of rows, and every column by bucket of that number.
    """
    maker = _Maker(schema)
    maker.add_one_way()
    return statistics.Plan(tuple(maker.blocks))


class _Maker:
    """Collects blocks, each pair of variables once."""

    def __init__(self, schema: schemas.Schema) -> None:
        self.schema = schema
        self.blocks: list[statistics.Block] = []
        self._known: set[frozenset[str]] = set()

    def add(
        self,
        sides: tuple[statistics.Variable, ...],
        square: float,
        *,
        is_total: bool = False,
    ) -> None:
        """Adds a block of a squared weight, unless it is known already."""
        names = frozenset(side.name for side in sides)
        if names in self._known and not is_total:
            return
        if not is_total:
            self._known.add(names)
        several = [
            side
            for side in sides
            if side.kind == "column" and self.schema.table(side.table).max_rows > 1
        ]
        counted = (several or list(sides))[-1].table
        cells = np.prod([side.num_codes for side in several]) if several else 1
        start = self.blocks[-1].cells.stop if self.blocks else 0
        spread = max(float(cells) / 4, 1.0)
        self.blocks.append(
            statistics.Block(sides, counted, square**0.5, is_total, spread, start,
                  self._others(sides))
        )  # fmt: skip

    def _others(
        self, sides: tuple[statistics.Variable, ...]
    ) -> tuple[tuple[int, int], ...]:
        """Where rows of other texts of a table of several rows are counted."""
        found = []
        for place, side in enumerate(sides):
            table = self.schema.table(side.table)
            if side.kind == "column" and table.max_rows > 1:
                own = table.columns[side.column]
                if own.other is not None:
                    found.append((place, own.code_of(own.other)))
        return tuple(found)

    def add_one_way(self) -> None:
        """Adds what every plan holds, totals first."""
        for table in self.schema.tables[1:]:
            self.add((statistics.presence(table),), _TOTAL, is_total=True)
        for table in self.schema.tables:
            self.add_columns(table)

    def add_columns(self, table: schemas.Table) -> None:
        """Adds the number of rows of a table, and its columns."""
        square = _ONE_WAY * _together(len(table.columns))
        if table.max_rows > 1:
            self.add((statistics.rows(table),), _ONE_WAY)
        for position in range(len(table.columns)):
            own = statistics.column(table, position)
            is_item = position == statistics.item(table)
            factor = _MORE if is_item and own.num_codes >= _MANY else 1.0
            sides = (statistics.bucket(table), own) if table.max_rows > 1 else (own,)
            self.add(sides, square * factor)

    def add_named(self, named: Sequence[Sequence[str]]) -> None:
        """Adds the pairs that queries name, but for rows of two tables together."""
        pairs = []
        for both in named:
            if len(both) != 2 or both[0] == both[1]:
                raise errors.InputError(f"pairs: {both} is not two variables.")
            pairs.append(tuple(statistics.variable(self.schema, name) for name in both))
        pairs = [pair for pair in pairs if self._is_countable(pair)]
        tables = [frozenset(side.table for side in pair) for pair in pairs]
        for pair, own in zip(pairs, tables, strict=True):
            self.add(pair, _NAMED * _together(tables.count(own)))
        for pair in pairs:
            self._add_presence(*pair)
            self._add_presence(*reversed(pair))

    def _add_presence(
        self, side: statistics.Variable, other: statistics.Variable
    ) -> None:
        """Adds who has the table of the other side of a pair, by a column."""
        table = self.schema.table(other.table)
        if side.kind == "column" and table.role != "anchor":
            if side.table == self.schema.anchor.name:
                self.add((side, statistics.rows(table)), _NAMED)
            elif side.table != table.name:
                self.add((side, statistics.presence(table)), _NAMED)

    def _is_countable(self, pair: tuple[statistics.Variable, ...]) -> bool:
        """Whether a pair is of one row, or of a row and its device."""
        tables = {
            side.table
            for side in pair
            if side.kind == "column" and self.schema.table(side.table).max_rows > 1
        }
        within = pair[0].table == pair[1].table
        return len(tables) < 2 and (not within or pair[0].kind == pair[1].kind)

    def add_public(self) -> None:
        """Adds the pairs that any fleet is asked about."""
        anchor, *others = self.schema.tables
        own = [
            statistics.column(anchor, position)
            for position in range(len(anchor.columns))
        ]
        for one, other in itertools.combinations(others, 2):
            self.add((statistics.presence(one), statistics.presence(other)), _PUBLIC)
        for table in others:
            for side in own:
                self._add_small((side, statistics.rows(table)))
            if (position := statistics.item(table)) is not None:
                for side in own:
                    self._add_small((side, statistics.column(table, position)))
        for table in self.schema.tables:
            if table is not anchor and len(table.columns) > _MOST_PUBLIC_COLUMNS:
                continue
            inside = [statistics.column(table, i) for i in range(len(table.columns))]
            for pair in itertools.combinations(inside, 2):
                self._add_small(pair)

    def _add_small(self, sides: tuple[statistics.Variable, ...]) -> None:
        """Adds a pair that nobody names, if it has few cells."""
        if np.prod([side.num_codes for side in sides]) <= _MOST_PUBLIC_CELLS:
            self.add(sides, _PUBLIC)


def _together(count: int) -> float:
    """Factor of the squared weight of so many blocks of the same tables.

    Together they take the root of their number: each adds less to what is known.
    """
    return float(count) ** -0.5
