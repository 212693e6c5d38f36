"""The keys of the headers of raw, reporting and device tables: names and meanings.

What reads a header refuses every key that does not stand here, and the reference of
headers is written from here.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """What a header may state under a key.

    Attributes:
        needed: `yes`, `no`, or where it is needed or has a meaning.
        about: What it means, in Markdown.
        example: A value as it stands in YAML; empty if it is too long to show.
    """

    needed: str
    about: str
    example: str = ""


SOURCE: Mapping[str, Key] = {
    "about": Key(
        "no",
        "What a row is.",
        "One row per paper jam.",
    ),
    "role": Key(
        "yes",
        "Whose rows these are; one of the roles below.",
        "event",
    ),
    "device": Key(
        "unless public",
        "The id column.",
        "serial",
    ),
    "time": Key(
        "no",
        "The column that `config.window` applies to; a `DATE` or `TIMESTAMP`.",
        "ts",
    ),
    "columns": Key(
        "yes",
        "Each column with its meaning, in the order of the statement.",
        "{serial: serial number}",
    ),
    "assumed": Key(
        "no",
        "Columns whose name or type no public source states. The report lists them.",
        "[error_count]",
    ),
    "grain": Key(
        "no",
        "What identifies a row.",
        "one row per device and day",
    ),
}
"""Keys of a raw table."""

SOURCE_ROLES: Mapping[str, str] = {
    "devices": "Its rows define the population.",
    "event": "Rows of devices.",
    "public": "Rows about no device.",
}
"""Roles of a raw table."""

REPORTING: Mapping[str, Key] = {
    "about": Key(
        "no",
        "What the table is for.",
        "Waits per day.",
    ),
    "grain": Key(
        "no",
        "What a row is.",
        "One row per device and day.",
    ),
    "reads": Key(
        "yes",
        "The raw and reporting tables that the SELECT reads.",
        "[userwait_v2]",
    ),
    "device": Key(
        "no",
        "The id column.",
        "guid",
    ),
    "columns": Key(
        "yes",
        "Each column with its meaning, in the order of the SELECT.",
        "{guid: device id}",
    ),
}
"""Keys of a reporting table."""

DEVICE: Mapping[str, Key] = {
    "role": Key(
        "yes",
        "What a row stands for; one of the roles below.",
        "entity",
    ),
    "grain": Key(
        "yes",
        "What a row is.",
        "One row per printer and part.",
    ),
    "reads": Key(
        "yes",
        "The raw and reporting tables that the SELECT reads.",
        "[jams]",
    ),
    "device": Key(
        "yes",
        "The id column, the same in all device tables.",
        "serial",
    ),
    "max_rows": Key(
        "entity",
        "How many rows of a device are kept, 1 to 65535: a wide limit that guards "
        "memory.",
        "1000",
    ),
    "fixed_rows": Key(
        "no",
        "How many rows of a device a method of fixed shapes reads and draws; "
        "`max_rows`, at most 16, if not stated.",
        "3",
    ),
    "cap_by": Key(
        "entity",
        "The column whose largest values are kept if a device has more rows.",
        "num_jams",
    ),
    "unique": Key(
        "no",
        "Columns in which no two rows of a device are equal.",
        "[part]",
    ),
    "constraints": Key(
        "no",
        "What holds of the columns of each row; see below.",
        "[{at_most: [num_days, num_jams]}]",
    ),
    "columns": Key(
        "yes",
        "The public domain of each column; see below.",
        "{part: {kind: category, values: [tray]}}",
    ),
    "about": Key(
        "no",
        "Anything else.",
        "Jams since the last service.",
    ),
}
"""Keys of a device table."""

DEVICE_ROLES: Mapping[str, str] = {
    "anchor": "One row per device. A suite has one such table.",
    "group": "No row or one per device.",
    "entity": "Any number of rows per device.",
}
"""Roles of a device table."""

COLUMN: Mapping[str, Key] = {
    "kind": Key(
        "all",
        "What the values are; one of the kinds below.",
        "integer",
    ),
    "about": Key(
        "all",
        "What the column means.",
        "jams of this part",
    ),
    "values": Key(
        "category",
        "The public values: a list, or the name of a list in `vocabularies.yaml`.",
        "[tray, roller, Other]",
    ),
    "other": Key(
        "category",
        "The value that stands for all other text. Without it, other text is absent.",
        "Other",
    ),
    "learnt": Key(
        "all",
        "Whether a run learns more under noise than the header states: further texts "
        "beside `values`, or bins where most devices are, in place of `bins`. By "
        "default `true` for a category of an entity table with `other`, as its texts "
        "are names; else `false`.",
        "false",
    ),
    "unit": Key(
        "numbers",
        "The unit, in words.",
        "minutes",
    ),
    "low": Key(
        "numbers",
        "Least value. What is less counts as `low`.",
        "0",
    ),
    "high": Key(
        "numbers",
        "Greatest value, included for integers. What is more counts as `high`.",
        "1000",
    ),
    "bins": Key(
        "numbers",
        "How many bins lie between `low` and `high`.",
        "12",
    ),
    "scale": Key(
        "numbers",
        "How bins are spaced, and how values spread inside a bin; `linear` if not "
        "stated.",
        "log",
    ),
    "edges": Key(
        "numbers",
        "Edges of the bins, in place of `low`, `high` and `bins`.",
        "[1, 2, 4, 8, 9]",
    ),
    "absent": Key(
        "all",
        "`false`: every row has a value, and no synthetic row lacks it. By default a "
        "row may.",
        "false",
    ),
    "zero": Key(
        "numbers",
        "`false`: zero has no code of its own. It has one by default if `low` is not "
        "negative.",
        "false",
    ),
}
"""Keys of a column of a device table."""

KINDS: Mapping[str, str] = {
    "category": "A text, `VARCHAR` in the SELECT.",
    "integer": "A whole number, `BIGINT`.",
    "double": "Any number, `DOUBLE`.",
}
"""Kinds of a column of a device table."""

SCALES: Mapping[str, str] = {
    "linear": "Bins are equally wide.",
    "log": "Bins widen by the same factor from one to the next; `low` is above 0.",
}
"""Scales of a number."""

CONSTRAINTS: Mapping[str, Key] = {
    "at_most": Key(
        "no",
        "Of two numbers the first is at most the second, if a row has both.",
        "[num_days, num_jams]",
    ),
    "sum": Key(
        "no",
        "Numbers of kind `double` add up to 100, or are all zero or absent. With the "
        "name of a column as `total`, that column is their sum.",
        "{columns: [pct_on, pct_off], total: 100}",
    ),
    "combinations": Key(
        "no",
        "Texts of a row are together one of the list, unless one is absent.",
        "{columns: [os, release], values: [[Win11, 22H2]]}",
    ),
    "determines": Key(
        "no",
        "Rows alike in the first column are alike in the others.",
        "[model, vendor]",
    ),
}
"""Constraints of a device table."""
