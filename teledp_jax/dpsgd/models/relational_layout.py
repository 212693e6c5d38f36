"""What the relational model predicts, in which order, and through which functions.

A variable is a column, or the number of rows of a table. The device's own come first:
the anchor's columns, then the number of rows of each table; then table by table the
columns of a row. Variables with domains of one kind and about one size form a block, so
that they go through the network as dense arrays.
"""

import dataclasses
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Int

from teledp_jax import schemas

_FILL = 8  # domains are filled up to multiples of it, so that there are few blocks


_SMALL = 6  # domains up to this size gain nothing from smooth functions


NUM_FLAGS = 2  # absent and zero


CURVE_SCALES = (1.0, 0.5, 0.25)  # scale of the polynomials of degree 1, 2, 3


_CURVES_SEEN = 2  # how many of them show a number to later variables


_WIDE = 64  # codes; categories with more are seen only in their own row


class Variable(NamedTuple):
    """One discrete variable.

    Attributes:
        table: Position of its table in the schema.
        column: Position of its column; -1 for the number of rows.
        head: Its head in the flattened record; that of the first row in a table.
        num_codes: Size of the domain.
        first: First code of an ordered domain; `num_codes` if codes have no order.
    """

    table: int
    column: int
    head: int
    num_codes: int
    first: int

    @property
    def is_smooth(self) -> bool:
        """Whether it is seen and predicted through polynomials of its code."""
        return self.num_codes - self.first > _SMALL


class Block(NamedTuple):
    """Variables of one kind and of about one size.

    Attributes:
        places: Their positions among the variables of the group.
        size: Number of codes, filled up.
        is_smooth: Whether they go through polynomials.
    """

    places: tuple[int, ...]
    size: int
    is_smooth: bool

    @property
    def is_wide(self) -> bool:
        """Whether they are seen only in their own row."""
        return not self.is_smooth and self.size > _WIDE

    @property
    def num_inputs(self) -> int:
        """Functions through which each variable is seen."""
        return NUM_FLAGS + _CURVES_SEEN if self.is_smooth else self.size

    @property
    def num_outputs(self) -> int:
        """Functions through which each variable is predicted."""
        return NUM_FLAGS + len(CURVE_SCALES) if self.is_smooth else self.size


@dataclasses.dataclass(frozen=True)
class Group:
    """Variables that are predicted in turn, each given those before it.

    Attributes:
        variables: The variables, in order.
        blocks: Each variable in one of them; features, coefficients and codes of the
            group lie in the order of blocks.
        rows: Most rows of a device, which share weights; 1 for the device's own.
        owner: Head with the number of rows; -1 for the device's own.
    """

    variables: tuple[Variable, ...]
    blocks: tuple[Block, ...]
    rows: int = 1
    owner: int = -1

    @property
    def input_places(self) -> tuple[int, ...]:
        """For each feature, the position of its variable."""
        return tuple(
            place
            for block in self.blocks
            for place in block.places
            for _ in range(block.num_inputs)
        )

    @property
    def output_places(self) -> tuple[int, ...]:
        """For each coefficient, the position of its variable."""
        return tuple(
            place
            for block in self.blocks
            for place in block.places
            for _ in range(block.num_outputs)
        )

    @property
    def num_codes(self) -> int:
        """Codes of all variables, blocks filled up."""
        return sum(len(block.places) * block.size for block in self.blocks)

    @property
    def num_shown(self) -> int:
        """How many features, the first ones, other rows and later tables see."""
        return sum(
            len(block.places) * block.num_inputs
            for block in self.blocks
            if not block.is_wide
        )

    @property
    def row_places(self) -> tuple[int, ...]:
        """Places of all that a row sees: its own features, and those of rows before."""
        before = (-1,) * self.num_shown if self.rows > 1 else ()
        return self.input_places + before

    @property
    def repeated(self) -> tuple[int, ...]:
        """Variables whose codes may come again, or not, in further rows."""
        if self.rows == 1:
            return ()
        return tuple(
            place
            for place, variable in enumerate(self.variables)
            if variable.first == variable.num_codes
        )

    @property
    def spans(self) -> tuple[slice, ...]:
        """Where the codes of each variable lie, filled up."""
        found, start = {}, 0
        for block in self.blocks:
            for place in block.places:
                found[place] = slice(start, start + block.size)
                start += block.size
        return tuple(found[place] for place in range(len(self.variables)))


@dataclasses.dataclass(frozen=True)
class Layout:
    """All variables of a schema.

    Attributes:
        device: The anchor's columns and the numbers of rows.
        tables: The columns of each other table.
        num_heads: Heads of the flattened record.
    """

    device: Group
    tables: tuple[Group, ...]
    num_heads: int

    @property
    def groups(self) -> tuple[Group, ...]:
        """The device's group, then the tables'."""
        return (self.device, *self.tables)


def layout(schema: schemas.Schema) -> Layout:
    """Orders the variables of a schema."""
    own: list[Variable] = []
    tables: list[Group] = []
    start = 0
    for position, table in enumerate(schema.tables):
        owner = -1
        if table.role != "anchor":
            own.append(Variable(position, -1, start, table.max_rows + 1, 1))
            owner, start = start, start + 1
        columns = tuple(
            Variable(
                position,
                index,
                start + index,
                column.num_codes,
                column.first_bin if column.is_number else column.num_codes,
            )
            for index, column in enumerate(table.columns)
        )
        if table.role == "anchor":
            own += columns
        else:
            tables.append(_group(columns, rows=table.max_rows, owner=owner))
        start += table.max_rows * len(columns)
    return Layout(_group(tuple(own)), tuple(tables), start)


def _group(variables: tuple[Variable, ...], *, rows: int = 1, owner: int = -1) -> Group:
    """Sorts variables into blocks."""
    blocks: dict[tuple[bool, int], list[int]] = {}
    smooth = max((v.num_codes for v in variables if v.is_smooth), default=0)
    for place, variable in enumerate(variables):
        size = smooth if variable.is_smooth else variable.num_codes
        if size > 2:
            size = -(-size // _FILL) * _FILL
        blocks.setdefault((variable.is_smooth, size), []).append(place)
    found = [
        Block(tuple(places), size, is_smooth)
        for (is_smooth, size), places in sorted(blocks.items())
    ]
    ordered = tuple(sorted(found, key=lambda block: block.is_wide))
    return Group(variables, ordered, rows, owner)


def codes_of(
    group: Group, codes: Int[Array, "device head"]
) -> Int[Array, "device row variable"]:
    """Takes the codes of a group's variables.

    Args:
        group: Variables of a row.
        codes: Flattened records.

    Returns:
        Codes of each row that the group's table may have; one row for the device
        itself.
    """
    heads = np.array([variable.head for variable in group.variables])
    rows = np.arange(group.rows)[:, None] * len(heads)
    if group.owner >= 0:  # all side by side
        part = codes[:, heads[0] : heads[0] + group.rows * len(heads)]
        return part.reshape(-1, group.rows, len(heads))
    return codes[:, heads[None] + rows]
