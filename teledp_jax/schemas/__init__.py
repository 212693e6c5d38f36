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
    Constraint,
    Head,
    Role,
    Schema,
    Table,
    check_name,
)

__all__ = [
    "ABSENT",
    "MOST_CODES",
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
