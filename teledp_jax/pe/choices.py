"""What can be chosen of `pe`, the three selections together."""

import dataclasses
from typing import Literal

from teledp_jax.privacy import checks

SELECTIONS = ("leaves", "published", "tab_pe")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choices:
    """Settings of votes on leaves and of the published recipes.

    Attributes:
        selection: `leaves`, `published` or `tab_pe`.
        label: Category of the only table whose values are voted on apart; empty: the
            last column, if it is a category of at most 64 values; `none`: none.
        start_share: Share of the privacy loss that the start gets; 0: for a table
            of P pairs of columns besides the label P / (P + 70), at least 0.1, as a
            vote sees less of each the more there are; for a fleet 0.75. For `leaves`,
            as are the next five.
        pairs_share: Share of it that pairs of the columns of one table get; none are
            counted if 0, or if noise leaves a pair fewer than four cells.
        num_rounds: Votes of each device; 0: 20 for one table, 10 for a fleet.
        pool: Records of the pool; 0: by the noisy number of devices.
        features: The variables that each query names, as `table/column` and
            `table/rows`: what votes of a fleet ask for; none: as the job's queries
            name them.
        num_iterations: Votes of each device. For `published`, as are the next two.
        num_candidates: Candidates of each vote; 0: see `pe.population.sizes`.
        max_rows: Most rows of a device that are read and drawn in any table, the first
            ones; 0: as many as each table's `fixed_rows`.
    """

    selection: Literal["leaves", "published", "tab_pe"] = "leaves"
    label: str = ""
    start_share: float = 0.0
    pairs_share: float = 0.6
    num_rounds: int = 0
    pool: int = 0
    features: tuple[tuple[str, ...], ...] | None = None
    num_iterations: int = 10
    num_candidates: int = 2000
    max_rows: int = 0


def check(fields: checks.Fields, *, most_start: float) -> None:
    """Checks the settings of `Choices`.

    Args:
        fields: The config of a method.
        most_start: The start's share lies below it.

    Raises:
        InputError: If one of them is out of its range.
    """
    fields.one_of("selection", SELECTIONS)
    fields.number("num_iterations", at_least=1)
    fields.number("num_rounds", "pool", "num_candidates", "max_rows", at_least=0)
    fields.number("start_share", at_least=0, below=most_start)
    fields.number("pairs_share", at_least=0, below=1)
