"""What is public about device tables: columns, domains, bins, caps and units."""

from teledp_jax.schemas.columns import (
    ABSENT,
    MOST_CODES,
    ZERO,
    Column,
    Kind,
    Scale,
    spaced_edges,
)
from teledp_jax.schemas.tables import (
    FIXED_ROWS,
    MOST_ROWS,
    Constraint,
    Head,
    Role,
    Schema,
    Table,
    check_name,
)

__all__ = [
    "ABSENT",
    "FIXED_ROWS",
    "MOST_CODES",
    "MOST_ROWS",
    "ZERO",
    "Column",
    "Constraint",
    "Head",
    "Kind",
    "Role",
    "Scale",
    "Schema",
    "Table",
    "check_name",
    "spaced_edges",
]
