"""What is public about device tables: columns, constraints and caps."""

import dataclasses
import functools
from typing import Literal

from teledp_jax import errors
from teledp_jax.schemas.columns import MOST_CODES, Column

Role = Literal["anchor", "group", "entity"]

MOST_ROWS = MOST_CODES - 1
"""Most rows of a device in a table: their number fits into a code."""

FIXED_ROWS = 16
"""Most rows that a method of fixed shapes reads of a device, unless a table says so."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constraint:
    """What holds of the columns of each row, as the header of their table states it.

    Attributes:
        kind: `at_most`: of two numbers the first is at most the second one, if a row
            has both. `sum`: numbers add up to `total`; if it is a number, a row may
            have none of them, or only zeros. `combinations`: texts that a row has are
            together one of `values`. `determines`: rows that are alike in the first
            column are alike in the others.
        columns: The columns that it ties.
        total: What numbers add up to, or the name of the column that holds it.
        values: Combinations that occur, each a text per column.
    """

    kind: Literal["at_most", "sum", "combinations", "determines"]
    columns: tuple[str, ...]
    total: float | str = 0.0
    values: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names all columns that it speaks of, that of a total too."""
        return (
            (*self.columns, self.total) if isinstance(self.total, str) else self.columns
        )


def check_name(name: str) -> None:
    """Refuses a name that is no name of a table in SQL and of a file.

    Args:
        name: The name of a table.

    Raises:
        InputError: If it is empty or holds a dot, a quote, a slash or a line's end.
    """
    if not name or set(name) & set("./\\\"'`\0\r\n"):
        raise errors.InputError(
            f"Table {name!r}: a name holds no dot, quote or slash; rename its file."
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """One device table.

    Attributes:
        name: Name of the table and of its file.
        role: `anchor` (one row per device), `group` (none or one) or `entity` (many).
        grain: What a row is, in words.
        columns: All columns but the device id.
        max_rows: Most rows that a device keeps in the arrays: a wide public limit that
            guards memory.
        fixed_rows: Most rows that a method of fixed shapes reads and draws of a device;
            0 is `max_rows`, at most `FIXED_ROWS`. See `Schema.narrowed`.
        cap_by: Column whose largest values are kept when a device has more rows.
        unique: Columns that no two rows of a device have alike, as its grain says; but
            for values that stand for all other texts.
        constraints: What holds of the columns of each row; synthetic rows keep it.
    """

    name: str
    role: Role
    grain: str
    columns: tuple[Column, ...]
    max_rows: int = 1
    fixed_rows: int = 0
    cap_by: str | None = None
    unique: tuple[str, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        names = [column.name for column in self.columns]
        if not names or len(set(names)) != len(names):
            raise errors.InputError(f"Table {self.name}: expected columns, each once.")
        if self.role != "entity" and self.max_rows != 1:
            raise errors.InputError(f"Table {self.name}: {self.role} has max_rows 1.")
        if not 1 <= self.max_rows <= MOST_ROWS:
            raise errors.InputError(
                f"Table {self.name}: expected max_rows in 1..{MOST_ROWS}."
            )
        if not 0 <= self.fixed_rows <= self.max_rows:
            raise errors.InputError(
                f"Table {self.name}: expected fixed_rows in 1..{self.max_rows}, its "
                "max_rows."
            )
        if self.role == "entity" and self.cap_by not in names:
            raise errors.InputError(
                f"Table {self.name}: expected cap_by to name one of its columns."
            )
        if unknown := sorted(set(self.unique) - set(names)):
            raise errors.InputError(
                f"Table {self.name}: unique names {unknown}, none of its columns."
            )

    def narrowed(self, max_rows: int = 0) -> "Table":
        """Limits the rows of a device; see `Schema.narrowed`.

        Args:
            max_rows: Most rows; 0: `fixed_rows`.
        """
        most = max_rows or self.fixed_rows or FIXED_ROWS
        if most >= self.max_rows:
            return self
        return dataclasses.replace(self, max_rows=most, fixed_rows=most)

    def column(self, name: str) -> Column:
        """Finds the column of that name.

        Args:
            name: Name of the column.

        Raises:
            KeyError: If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Head:
    """One discrete variable of a flattened device record; see `arrays.flatten`.

    Attributes:
        table: Name of its table.
        row: Row of the table, or -1 where the variable is the number of rows.
        column: The column, or None where the variable is the number of rows.
        num_codes: Size of the domain.
    """

    table: str
    row: int
    column: Column | None
    num_codes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schema:
    """The device tables of a suite, the anchor first.

    Attributes:
        suite: Name of the suite.
        device: Name of the id column that all tables share.
        tables: The tables.
    """

    suite: str
    device: str
    tables: tuple[Table, ...]

    def __post_init__(self) -> None:
        roles = [table.role for table in self.tables]
        if not roles or roles[0] != "anchor" or roles.count("anchor") != 1:
            raise errors.InputError(
                f"Suite {self.suite}: expected one table with role anchor, the first."
            )
        names = [table.name for table in self.tables]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise errors.InputError(
                f"Suite {self.suite}: two tables have the same name {twice}."
            )
        for table in self.tables:
            if any(column.name == self.device for column in table.columns):
                raise errors.InputError(
                    f"Table {table.name}: {self.device} is the id column; leave it out "
                    "of the columns."
                )

    @property
    def anchor(self) -> Table:
        """Gives the table with exactly one row per device."""
        return self.tables[0]

    def table(self, name: str) -> Table:
        """Finds the table of that name.

        Args:
            name: Name of the table.

        Raises:
            KeyError: If there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @property
    def max_rows(self) -> dict[str, int]:
        """Gives the most rows of a device, by table."""
        return {table.name: table.max_rows for table in self.tables}

    def narrowed(self, max_rows: int = 0) -> "Schema":
        """Limits rows for methods whose shapes are fixed; see `arrays.narrow`.

        Args:
            max_rows: Most rows of a device in any table; 0: each table's `fixed_rows`.

        Returns:
            The schema with limits that are as low. Devices of it are devices of this
            one, too.
        """
        return dataclasses.replace(
            self, tables=tuple(table.narrowed(max_rows) for table in self.tables)
        )

    @functools.cached_property
    def heads(self) -> tuple[Head, ...]:
        """Lists the variables of a flattened device record, in order.

        Each table but the anchor begins with its number of rows (0 or 1 for a group);
        then follow the columns of its first row, of its second row, and so on.
        """
        heads = []
        for table in self.tables:
            if table.role != "anchor":
                heads.append(
                    Head(
                        table=table.name,
                        row=-1,
                        column=None,
                        num_codes=table.max_rows + 1,
                    )
                )
            heads += [
                Head(
                    table=table.name, row=row, column=column, num_codes=column.num_codes
                )
                for row in range(table.max_rows)
                for column in table.columns
            ]
        return tuple(heads)
