"""Counts of what was dropped, clamped or made absent. Private: they are exact."""

import dataclasses
import pathlib
from collections.abc import Collection, Iterable

from teledp_jax import runs


@dataclasses.dataclass(frozen=True)
class Count:
    """How often a rule touched a column.

    Attributes:
        table: Name of the device table.
        column: Name of the column.
        rule: What was done, such as `clamped`.
        count: Number of rows, or of values.
    """

    table: str
    column: str
    rule: str
    count: int


def record(
    path: pathlib.Path, counts: Iterable[Count], *, rules: Collection[str]
) -> None:
    """Writes counts into `path`, in place of the earlier counts of these rules.

    Args:
        path: The run's `private/quality.csv`.
        counts: Counts of one stage; those that are zero are left out.
        rules: All rules of that stage.
    """
    kept = runs.read_csv(path) if path.exists() else []
    rows: list[dict[str, object]] = [
        dict(row) for row in kept if row["rule"] not in rules
    ]
    rows += [dataclasses.asdict(count) for count in counts if count.count]
    names = [field.name for field in dataclasses.fields(Count)]
    runs.write_csv(path, names, rows)
