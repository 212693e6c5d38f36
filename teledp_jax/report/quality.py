"""Shows what became of raw rows and of values: private, for the owner of the data."""

from collections.abc import Mapping, Sequence

from teledp_jax.data import accounting
from teledp_jax.report import tables

_HEADINGS = {
    accounting.ROWS: "rows",
    accounting.USED: "used",
    accounting.UNSELECTED: "outside of window and sample",
    accounting.NO_ID: "without an id",
    accounting.ORPHAN: "of devices that the anchor lacks",
}


def raw_rows(counts: Sequence[Mapping[str, str]]) -> tables.Grid:
    """Makes a table of what became of the rows of each raw table, with shares.

    Args:
        counts: Rows of `private/quality.csv`.

    Returns:
        A row per raw table; none if the run counted no raw rows.
    """
    found: dict[str, dict[str, int]] = {}
    for row in counts:
        if row["rule"] in _HEADINGS:
            found.setdefault(row["table"], {})[row["rule"]] = int(row["count"])
    rows = [
        (
            table,
            *(
                _with_share(own.get(rule, 0), own.get(accounting.ROWS, 0), rule)
                for rule in _HEADINGS
            ),
        )
        for table, own in sorted(found.items())
    ]
    return tables.of(("raw table", *_HEADINGS.values()), rows)


def _with_share(count: int, total: int, rule: str) -> str:
    """A count, and its share of all rows."""
    if rule == accounting.ROWS or not total:
        return f"{count:,}"
    return f"{count:,} ({count / total:.2%})"
