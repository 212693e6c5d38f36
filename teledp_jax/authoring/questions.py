"""The first workload of a draft: questions that most owners ask of any table."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

from teledp_jax.authoring import device_tables

_MAX_PAIRS = 12  # pairs of columns of the anchor
_MOST_NUMBERS = 8  # in one query: methods measure pairs of what a query names
_LEAST = 50  # devices of a group


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """A query.

    Attributes:
        name: Name of its file.
        question: What it answers, in words.
        kind: Its type, as `aggregate`.
        tables: Device tables that it reads.
        keys: Columns that identify a row of the result.
        values: Metric and threshold of each value column.
        statement: The SELECT.
        is_rare: Whether few devices may report what it is about.
    """

    name: str
    question: str
    kind: str
    tables: tuple[str, ...]
    keys: tuple[str, ...]
    values: dict[str, tuple[str, float]]
    statement: str
    is_rare: bool = False

    @property
    def codename(self) -> str:
        """A short name for tables."""
        return "".join(part.capitalize() for part in self.name.split("_"))


_CLOSE = ("relative_error", 0.25)
_QUARTILES = {"lower": 0.25, "median": 0.5, "upper": 0.75}


def ask(tables: Sequence[device_tables.DeviceTable]) -> tuple[Question, ...]:
    """Writes the questions of a draft.

    Args:
        tables: The device tables, the anchor first.

    Returns:
        Per column and per pair of columns of the anchor; per group table its reach,
        its means and quartiles; per entity table its most common items.
    """
    anchor = tables[0]
    found = [*_columns(anchor), *_pairs(anchor)]
    for table in tables[1:]:
        found += _top(table) if table.role == "entity" else _use(table)
    return tuple(found)


def _columns(table: device_tables.DeviceTable) -> Iterator[Question]:
    """Devices per text, and means of numbers."""
    for column in table.categories():
        yield _devices_by(f"devices_by_{column.name}", table, (column,))
    yield from _of_numbers("means_of_devices", "spread_of_devices", "a device", table)


def _pairs(table: device_tables.DeviceTable) -> Iterator[Question]:
    """Devices per pair of texts, and means of numbers per text."""
    texts, numbers = table.categories(), table.numbers()[:_MOST_NUMBERS]
    for pair in itertools.islice(itertools.combinations(texts, 2), _MAX_PAIRS):
        names = "_and_".join(column.name for column in pair)
        yield _devices_by(f"devices_by_{names}", table, pair)
    for column in texts[:_MAX_PAIRS] if numbers else ():
        yield _devices_by(f"means_by_{column.name}", table, (column,), numbers)
    for column in numbers:
        if others := [number for number in numbers if number is not column]:
            yield _by_size(column, table, others)


def _devices_by(
    name: str,
    table: device_tables.DeviceTable,
    keys: Sequence[device_tables.Column],
    numbers: Sequence[device_tables.Column] = (),
) -> Question:
    """Devices per text or pair of texts, and means of numbers of theirs, if any."""
    said = " and ".join(map(_said, keys))
    asked = "How many devices are there" if not numbers else "What are the means"
    columns = [column.name for column in keys]
    means = {f"mean_{number.name}": f"avg({number.name})" for number in numbers}
    selected = [*columns, "count(*) AS num_devices"]
    selected += [f"{sql} AS {mean}" for mean, sql in means.items()]
    listed = ",\n  ".join(selected)
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    grouped = ", ".join(columns)
    return Question(
        name=name,
        question=f"{asked} per {said}?",
        kind="aggregate",
        tables=(table.name,),
        keys=tuple(columns),
        values=dict.fromkeys(("num_devices", *means), _CLOSE),
        statement=f"""SELECT
  {listed}
FROM {table.name}
WHERE {present}
GROUP BY {grouped}
HAVING count(*) >= {_LEAST}
ORDER BY {grouped}""",
    )


def _use(table: device_tables.DeviceTable) -> Iterator[Question]:
    """How many devices a group table knows, what they do, and who does it rarely."""
    yield from _of_numbers(
        f"use_of_{table.name}", f"spread_of_{table.name}", "such a device", table
    )
    rows = table.numbers()[0].name
    yield Question(
        name=f"heavy_users_of_{table.name}",
        question=f"How many devices have 100 rows or more in {table.raw.name}?",
        kind="aggregate",
        tables=(table.name,),
        keys=(),
        values={"num_devices": _CLOSE},
        statement=f"""SELECT count(*) AS num_devices
FROM {table.name}
WHERE {rows} >= 100""",
        is_rare=True,
    )


def _top(table: device_tables.DeviceTable) -> Iterator[Question]:
    """The items that most devices have."""
    item = table.categories()[0]
    yield Question(
        name=f"top_{table.name}",
        question=f"Which {_said(item)} do most devices have in {table.raw.name}?",
        kind="topk",
        tables=(table.name,),
        keys=(item.name,),
        values={"num_devices": ("spearman", 0.5)},
        statement=f"""SELECT
  {item.name},
  count(DISTINCT {table.device}) AS num_devices
FROM {table.name}
WHERE {item.name} IS NOT NULL AND {item.name} <> 'Other'
GROUP BY {item.name}
ORDER BY num_devices DESC, {item.name}
LIMIT 10""",
    )


def _of_numbers(
    means: str, spread: str, of: str, table: device_tables.DeviceTable
) -> Iterator[Question]:
    """Means and quartiles of all numbers of a table, some in each query."""
    numbers = table.numbers()
    for start in range(0, len(numbers), _MOST_NUMBERS):
        own = numbers[start : start + _MOST_NUMBERS]
        suffix = f"_{start // _MOST_NUMBERS + 1}" if start else ""
        yield _means(f"{means}{suffix}", of, table, own)
        yield _spread(f"{spread}{suffix}", table, own)


def _means(
    name: str,
    of: str,
    table: device_tables.DeviceTable,
    numbers: Sequence[device_tables.Column],
) -> Question:
    """Number of devices and means of numbers of a table."""
    means = "".join(f",\n  avg({n.name}) AS mean_{n.name}" for n in numbers)
    return Question(
        name=name,
        question=f"How many devices does {table.name} know, and what is {of} like?",
        kind="aggregate",
        tables=(table.name,),
        keys=(),
        values={"num_devices": _CLOSE}
        | {f"mean_{number.name}": _CLOSE for number in numbers},
        statement=f"""SELECT
  count(*) AS num_devices{means}
FROM {table.name}""",
    )


def _spread(
    name: str,
    table: device_tables.DeviceTable,
    numbers: Sequence[device_tables.Column],
) -> Question:
    """Quartiles of numbers of a table."""
    values = {
        f"{of}_{number.name}": f"quantile_disc({number.name}, {share})"
        for number in numbers
        for of, share in _QUARTILES.items()
    }
    selected = ",\n  ".join(f"{sql} AS {value}" for value, sql in values.items())
    return Question(
        name=name,
        question=f"What are the quartiles of the numbers of {table.name}?",
        kind="aggregate",
        tables=(table.name,),
        keys=(),
        values={"num_devices": _CLOSE} | dict.fromkeys(values, _CLOSE),
        statement=f"""SELECT
  count(*) AS num_devices,
  {selected}
FROM {table.name}""",
    )


def _by_size(
    column: device_tables.Column,
    table: device_tables.DeviceTable,
    others: Sequence[device_tables.Column],
) -> Question:
    """Devices by the power of ten of a number, and means of the other numbers."""
    means = "".join(f",\n  avg({n.name}) AS mean_{n.name}" for n in others)
    return Question(
        name=f"means_by_size_of_{column.name}",
        question=f"What are the means per power of ten of {_said(column)}?",
        kind="histogram",
        tables=(table.name,),
        keys=("power_of_ten",),
        values=dict.fromkeys(
            ("num_devices", *(f"mean_{number.name}" for number in others)), _CLOSE
        ),
        statement=f"""SELECT
  CAST(floor(log10({column.name})) AS BIGINT) AS power_of_ten,
  count(*) AS num_devices{means}
FROM {table.name}
WHERE {column.name} > 0
GROUP BY power_of_ten
HAVING count(*) >= {_LEAST}
ORDER BY power_of_ten""",
    )


def _said(column: device_tables.Column) -> str:
    """A column in words."""
    return column.name.strip("_").replace("_", " ")
