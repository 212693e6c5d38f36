"""What is measured of a device: one vector of counts over all of its tables.

The vector is made of blocks. A block counts the rows (or the device) in the cells of
one or two variables; a device without a table adds nothing to its blocks. Every row
counts. Of the k rows of a device each adds the weight 1 / sqrt(k (1 + (k - 1) / d)), d
being a quarter of the cells that rows tell apart: so a block has a squared norm of
about one, whether rows lie in many cells or in few. `vectors` bounds the whole vector.

Everything here is public: it follows from the schema and from pairs that queries name.
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from teledp_jax import errors, schemas
from teledp_jax.marginals import row_codes

ROWS = "rows"  # the name of a table's number of rows, among names of columns


_OTHERS = 0.25  # weight of a row whose text is none of the listed ones

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
        others: Side and code of what stands for all other texts.
    """

    sides: tuple[Variable, ...]
    table: str
    weight: float
    is_total: bool
    spread: float
    start: int
    others: tuple[tuple[int, int], ...] = ()

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

    @property
    def cell_weights(self) -> Float[np.ndarray, " cell"]:
        """Computes what a device with one row adds, by cell.

        Rows of other texts pile up in one cell of a device: they add less there, or
        they would take the room of all else.

        Returns:
            Weights of the cells.
        """
        weights = np.full(self.shape, self.weight)
        for side, code in self.others:
            np.moveaxis(weights, side, 0)[code] *= _OTHERS
        return weights.ravel()

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
    """Tells whether a device has a table: its only code is that it does."""
    return Variable("presence", table.name, -1, 1, f"{table.name}/{ROWS}>0")


def rows(table: schemas.Table) -> Variable:
    """Returns the number of rows; of a table with one row at most its presence."""
    if table.max_rows == 1:
        return presence(table)
    size = len(row_codes.row_starts(table.max_rows))
    return Variable("rows", table.name, -1, size, f"{table.name}/{ROWS}")


def bucket(table: schemas.Table) -> Variable:
    """Returns the bucket of the number of rows."""
    size = len(row_codes.bucket_starts(table.max_rows))
    return Variable("bucket", table.name, -1, size, f"{table.name}/{ROWS}~")


def column(table: schemas.Table, position: int) -> Variable:
    """Returns a column of a table."""
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
