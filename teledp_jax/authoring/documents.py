"""What documentation beside raw files says of tables and columns.

Read are SDV's `metadata.json`, dbt's `schema.yml` and data dictionaries as CSV; of the
table `data_dictionary` of an unload see `data.unload`. None of them holds rows of
devices.
"""

import csv
import dataclasses
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from teledp_jax import errors

_YAML_NAMES = ("*.yml", "*.yaml", "metadata.json")
_CSV_NAMES = ("*dictionary*.csv",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Words:
    """What a document says of a column.

    Attributes:
        about: What it means; empty if nothing is said.
        unit: Unit of a number; empty if nothing is said.
        values: All values that it may have; empty if nothing is said.
        low: Least value, or None.
        high: Greatest value, or None.
        is_id: Whether each row has its own value, as a primary key.
    """

    about: str = ""
    unit: str = ""
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    is_id: bool = False


Documents = Mapping[tuple[str, str], Words]
"""Words by names of table and column; an empty column stands for the table."""


def read(folder: pathlib.Path) -> Documents:
    """Reads all documents that lie directly in a folder.

    Args:
        folder: The source folder.

    Returns:
        What they say. Where two speak of one column, the later file by name counts.

    Raises:
        InputError: If a document cannot be parsed.
    """
    found: dict[tuple[str, str], Words] = {}
    for path in sorted(p for name in _YAML_NAMES for p in folder.glob(name)):
        found.update(_of_yaml(path))
    for path in sorted(p for name in _CSV_NAMES for p in folder.glob(name)):
        found.update(_of_csv(path))
    return found


def _of_yaml(path: pathlib.Path) -> Iterator[tuple[tuple[str, str], Words]]:
    """Words of SDV's metadata or of a dbt schema; other YAML says nothing."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise errors.InputError(
            f"{path}: cannot be parsed ({errors.first_line(error)}); mend it or move "
            "it away."
        ) from None
    if not isinstance(content, Mapping):
        return
    try:
        if isinstance(content.get("tables"), Mapping):
            yield from _of_sdv(content["tables"])
        for section in ("models", "seeds", "sources"):
            for item in content.get(section) or ():
                for table in item.get("tables") or [item]:
                    yield from _of_dbt(table)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise errors.InputError(
            f"{path}: is neither metadata of SDV nor a dbt schema as they are "
            f"published ({errors.first_line(error)}); mend it or move it away."
        ) from None


def _of_sdv(tables: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Words]]:
    """Words of SDV's metadata, in its multi-table form."""
    for table, fields in tables.items():
        key = fields.get("primary_key")
        keys = {key} if isinstance(key, str) else set(key or ())
        for column, stated in (fields.get("columns") or {}).items():
            yield (
                (table, column),
                Words(
                    about=str(stated.get("description") or ""),
                    is_id=column in keys or stated.get("sdtype") == "id",
                ),
            )


def _of_dbt(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Words]]:
    """Words of one model, seed or source table of dbt."""
    yield (table["name"], ""), Words(about=str(table.get("description") or "").strip())
    for column in table.get("columns") or ():
        tests: dict[str, Any] = {}
        for test in (column.get("tests") or ()) or (column.get("data_tests") or ()):
            named = {test: {}} if isinstance(test, str) else dict(test)
            for name, arguments in named.items():
                arguments = arguments or {}
                tests[name.rpartition(".")[2]] = arguments.get("arguments", arguments)
        span = tests.get("accepted_range", {})
        low, high = span.get("min_value"), span.get("max_value")
        yield (
            (table["name"], column["name"]),
            Words(
                about=str(column.get("description") or "").strip(),
                unit=str((column.get("meta") or {}).get("unit") or ""),
                values=tuple(
                    map(str, tests.get("accepted_values", {}).get("values") or ())
                ),
                low=None if low is None else float(low),
                high=None if high is None else float(high),
                is_id="unique" in tests,
            ),
        )


def _of_csv(path: pathlib.Path) -> Iterator[tuple[tuple[str, str], Words]]:
    """Words of a data dictionary with columns table, column, description, unit."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise errors.InputError(
            f"{path}: cannot be read as UTF-8 ({errors.first_line(error)})."
        ) from None
    for row in csv.DictReader(text.splitlines()):
        lowered = {str(key).strip().lower(): text or "" for key, text in row.items()}
        table = lowered.get("table_name") or lowered.get("table") or ""
        column = lowered.get("column_name") or lowered.get("column") or ""
        about = lowered.get("description") or lowered.get("about") or ""
        if column:
            unit = lowered.get("unit") or ""
            yield (table.strip(), column.strip()), Words(about=about, unit=unit)
