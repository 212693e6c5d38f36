"""What is measured of a device: one vector of counts over all of its tables.

The vector is made of blocks. A block counts the rows (or the device) in the cells of
one or two variables; a device without a table adds nothing to its blocks. Every row
counts. Of the k rows of a device each adds the weight 1 / sqrt(k (1 + (k - 1) / d)), d
being a quarter of the cells that rows tell apart: so a block has a squared norm of
about one, whether rows lie in many cells or in few. `vectors` bounds the whole vector.

Everything here is public: it follows from the schema and from pairs that queries name.
"""

import itertools
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import errors, schemas
from teledp_jax.marginals import row_codes

ROWS = "rows"  # the name of a table's number of rows, among names of columns

# Squared weights of blocks. What nobody names is measured coarsely.
_ONE_WAY, _NAMED, _PUBLIC, _TOTAL = 1.0, 1.0, 0.1, 0.25
_MOST_PUBLIC_CELLS = 1 << 14  # of a pair that nobody names
_MOST_PUBLIC_COLUMNS = 8  # of a table whose pairs are measured though nobody names them

Kind = Literal["presence", "rows", "bucket", "column"]


class Variable(NamedTuple):
    """One side of a block.

    Attributes:
        kind: `presence` of a table, its number of `rows`, the `bucket` of that number,
            or a `column`.
        table: Name of the table.
        column: Position of the column; -1 for the other kinds.
        num_codes: Codes of what exists; a device without the table has none.
        name: `table/column`, `table/rows` and so on.
    """

    kind: Kind
    table: str
    column: int
    num_codes: int
    name: str


class Block(NamedTuple):
    """One table of counts.

    Attributes:
        sides: One or two variables; the last is the fastest in the order of cells.
        table: The table whose rows are counted.
        weight: What a device with one row adds to its cell.
        is_total: Whether the block counts devices of a table and is never clipped.
        spread: Cells over which the rows of a device are thought to spread.
        start: First cell in the vector.
    """

    sides: tuple[Variable, ...]
    table: str
    weight: float
    is_total: bool
    spread: float
    start: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Codes of each side."""
        return tuple(side.num_codes for side in self.sides)

    @property
    def num_cells(self) -> int:
        """Cells of the block."""
        return int(np.prod(self.shape))

    @property
    def cells(self) -> slice:
        """Where the cells lie in the vector."""
        return slice(self.start, self.start + self.num_cells)

    def row_weight(
        self, num_rows: Integer[np.ndarray, " _"]
    ) -> Float[np.ndarray, " _"]:
        """Computes what each row of a device adds, before `weight`.

        Args:
            num_rows: Numbers of rows, at least 1.

        Returns:
            Weights, at most 1.
        """
        k = np.asarray(num_rows, np.float64)
        return 1.0 / np.sqrt(k * (1.0 + (k - 1.0) / self.spread))


class Plan(NamedTuple):
    """All blocks of the vector, in order."""

    blocks: tuple[Block, ...]

    @property
    def num_cells(self) -> int:
        """Entries of the vector."""
        return self.blocks[-1].cells.stop

    @property
    def is_one_way(self) -> bool:
        """Whether no block ties a variable to another one."""
        return all(
            len(block.sides) == 1 or block.sides[0].kind == "bucket"
            for block in self.blocks
        )

    @property
    def most_totals(self) -> float:
        """Largest squared norm of the blocks that are never clipped."""
        return sum(block.weight**2 for block in self.blocks if block.is_total)


def presence(table: schemas.Table) -> Variable:
    """Whether a device has a table: its only code is that it does."""
    return Variable("presence", table.name, -1, 1, f"{table.name}/{ROWS}>0")


def rows(table: schemas.Table) -> Variable:
    """The number of rows; of a table with one row at most its presence."""
    if table.max_rows == 1:
        return presence(table)
    size = len(row_codes.row_starts(table.max_rows))
    return Variable("rows", table.name, -1, size, f"{table.name}/{ROWS}")


def bucket(table: schemas.Table) -> Variable:
    """The bucket of the number of rows."""
    size = len(row_codes.bucket_starts(table.max_rows))
    return Variable("bucket", table.name, -1, size, f"{table.name}/{ROWS}~")


def column(table: schemas.Table, position: int) -> Variable:
    """A column of a table."""
    own = table.columns[position]
    name = f"{table.name}/{own.name}"
    return Variable("column", table.name, position, own.num_codes, name)


def variable(schema: schemas.Schema, name: str) -> Variable:
    """Finds the variable of a name, as queries give it.

    Args:
        schema: The public schema.
        name: `table/column` or `table/rows`.

    Raises:
        InputError: If the schema has none of that name.
    """
    table_name, _, own = name.partition("/")
    for table in schema.tables:
        if table.name != table_name:
            continue
        if own == ROWS and table.role != "anchor":
            return rows(table)
        for position, found in enumerate(table.columns):
            if found.name == own:
                return column(table, position)
    raise errors.InputError(
        f"pairs: suite {schema.suite} has no variable {name!r}; write table/column, "
        f"or table/{ROWS} for the number of rows of a table other than the anchor."
    )


def item(table: schemas.Table) -> int | None:
    """Finds the column that tells most about a row of a table with several rows.

    Args:
        table: The table.

    Returns:
        Position of the largest category of the unique key, else of all categories.
    """
    named = [i for i, c in enumerate(table.columns) if not c.is_number]
    keyed = [i for i in named if table.columns[i].name in table.unique] or named
    if table.max_rows == 1 or not keyed:
        return None
    return max(keyed, key=lambda i: table.columns[i].num_codes)


def plan(schema: schemas.Schema, named: Sequence[Sequence[str]]) -> Plan:
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
    return Plan(tuple(maker.blocks))


def one_way(schema: schemas.Schema) -> Plan:
    """Makes the plan of what is measured where no variable is tied to another.

    Args:
        schema: The public schema.

    Returns:
        Totals of tables, numbers of rows, and every column by bucket of that number.
    """
    maker = _Maker(schema)
    maker.add_one_way()
    return Plan(tuple(maker.blocks))


class _Maker:
    """Collects blocks, each pair of variables once."""

    def __init__(self, schema: schemas.Schema) -> None:
        self.schema = schema
        self.blocks: list[Block] = []
        self._known: set[frozenset[str]] = set()

    def add(
        self, sides: tuple[Variable, ...], square: float, *, is_total: bool = False
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
        self.blocks.append(Block(sides, counted, square**0.5, is_total, spread, start))

    def add_one_way(self) -> None:
        """Adds what every plan holds, totals first."""
        for table in self.schema.tables[1:]:
            self.add((presence(table),), _TOTAL, is_total=True)
        for table in self.schema.tables:
            self.add_columns(table)

    def add_columns(self, table: schemas.Table) -> None:
        """Adds the number of rows of a table, and its columns."""
        square = _ONE_WAY * _together(len(table.columns))
        if table.max_rows > 1:
            self.add((rows(table),), _ONE_WAY)
        for position in range(len(table.columns)):
            own = column(table, position)
            self.add((bucket(table), own) if table.max_rows > 1 else (own,), square)

    def add_named(self, named: Sequence[Sequence[str]]) -> None:
        """Adds the pairs that queries name, but for rows of two tables together."""
        pairs = []
        for both in named:
            if len(both) != 2 or both[0] == both[1]:
                raise errors.InputError(f"pairs: {both} is not two variables.")
            pairs.append(tuple(variable(self.schema, name) for name in both))
        pairs = [pair for pair in pairs if self._is_countable(pair)]
        tables = [frozenset(side.table for side in pair) for pair in pairs]
        for pair, own in zip(pairs, tables, strict=True):
            self.add(pair, _NAMED * _together(tables.count(own)))
        for pair in pairs:
            self._add_presence(*pair)
            self._add_presence(*reversed(pair))

    def _add_presence(self, side: Variable, other: Variable) -> None:
        """Adds who has the table of the other side of a pair, by a column."""
        table = self.schema.table(other.table)
        if side.kind == "column" and table.role != "anchor":
            if side.table == self.schema.anchor.name:
                self.add((side, rows(table)), _NAMED)
            elif side.table != table.name:
                self.add((side, presence(table)), _NAMED)

    def _is_countable(self, pair: tuple[Variable, ...]) -> bool:
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
        own = [column(anchor, position) for position in range(len(anchor.columns))]
        for one, other in itertools.combinations(others, 2):
            self.add((presence(one), presence(other)), _PUBLIC)
        for table in others:
            for side in own:
                self._add_small((side, rows(table)))
            if (position := item(table)) is not None:
                for side in own:
                    self._add_small((side, column(table, position)))
        for table in self.schema.tables:
            if table is not anchor and len(table.columns) > _MOST_PUBLIC_COLUMNS:
                continue
            inside = [column(table, i) for i in range(len(table.columns))]
            for pair in itertools.combinations(inside, 2):
                self._add_small(pair)

    def _add_small(self, sides: tuple[Variable, ...]) -> None:
        """Adds a pair that nobody names, if it has few cells."""
        if np.prod([side.num_codes for side in sides]) <= _MOST_PUBLIC_CELLS:
            self.add(sides, _PUBLIC)


def _together(count: int) -> float:
    """Factor of the squared weight of so many blocks of the same tables.

    Together they take the root of their number: each adds less to what is known.
    """
    return float(count) ** -0.5
