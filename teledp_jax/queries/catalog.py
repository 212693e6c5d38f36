"""The queries of a suite: their files, and what each header states."""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from teledp_jax import errors
from teledp_jax.data import sqlfile
from teledp_jax.queries import contributions as contributions_lib
from teledp_jax.queries import header_keys

Type = Literal["aggregate", "topk", "geographic", "histogram", "pivot"]
Metric = Literal[
    "coverage",
    "relative_error",
    "total_variation",
    "spearman",
    "agreement",
    "row_count",
    "mean_relative_error",
    "share_variation",
]

GROUP_COVERAGE = 0.5  # least Jaccard overlap of the groups of an aggregate
ITEM_COVERAGE = 0.3  # least Jaccard overlap of the items of a ranking
TOLERANCE = 0.25  # relative error of a right answer, where a header states no other

_FIELDS = {"metric", "threshold"}
_ERRORS = ("relative_error", "row_count", "mean_relative_error", "share_variation")
"""Metrics whose threshold is an error of the value itself: also its tolerance."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Value:
    """One check on a column of a result.

    Attributes:
        column: Column of the result; for `row_count` only a name.
        metric: How the real and the synthetic column are compared.
        threshold: Where the check begins to pass.
        tolerance: Largest error of a right answer: of one value of one group. 0 for
            `agreement`; else as the header states, or the threshold where the metric is
            an error of the value, or `TOLERANCE`.
    """

    column: str
    metric: Metric
    threshold: float
    tolerance: float = TOLERANCE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Query:
    """One query over device tables.

    Attributes:
        path: Its file.
        workload: Name of the folder.
        name: Name of the file, which no other query of the suite has.
        question: What it answers.
        codename: Short name for tables.
        type: Its kind.
        rare: Whether it is about what few devices report.
        tables: Device tables that it reads.
        keys: Columns that identify a row of the result.
        within: The keys within which a ranking ranks.
        coverage: Least Jaccard overlap of keys, or None where it is not checked. What
            a header leaves out follows the published scorer: 0.3 for rankings, 0.5
            where relative errors are taken by group, not checked elsewhere.
        values: Checks of value columns; a query without any is run and not scored.
        devices: Which devices a group is made of: a SELECT of device id and keys, or
            the name of the column that counts them; None where it is not stated.
        contributions: What a device adds to the answer, where the header declares it.
        statement: The SQL, never edited.
    """

    path: pathlib.Path
    workload: str
    name: str
    question: str
    codename: str
    type: Type
    rare: bool
    tables: tuple[str, ...]
    keys: tuple[str, ...]
    within: tuple[str, ...]
    coverage: float | None
    values: tuple[Value, ...]
    contributions: contributions_lib.Contributions | None
    statement: str
    devices: str | None = None


def load(folder: pathlib.Path) -> dict[str, list[Query]]:
    """Reads `folder/<workload>/<query>.sql`; all other files are ignored.

    Args:
        folder: The suite's folder of queries.

    Returns:
        The queries of each workload.

    Raises:
        InputError: If there is no query, two share a name, or a header is at fault.
    """
    workloads: dict[str, list[Query]] = {}
    paths: dict[str, pathlib.Path] = {}
    for file in sqlfile.read_folder(folder):
        if file.path.parent.parent != folder:
            raise errors.InputError(
                f"{file.path}: move it to {folder}/<workload>/{file.path.name}."
            )
        if file.name in paths:
            raise errors.InputError(
                f"{file.path}: {paths[file.name]} has the same name; rename one."
            )
        paths[file.name] = file.path
        workloads.setdefault(file.path.parent.name, []).append(read_query(file))
    if not workloads:
        raise errors.InputError(f"{folder}: expected <workload>/<query>.sql files.")
    return workloads


def select(
    queries: Mapping[str, Sequence[Query]], workloads: Iterable[str]
) -> list[Query]:
    """Selects the queries of some workloads, in order.

    Args:
        queries: What `load` returned.
        workloads: Names of workloads.

    Returns:
        The queries.

    Raises:
        InputError: If a workload is unknown.
    """
    selected: list[Query] = []
    for name in workloads:
        if name not in queries:
            raise errors.InputError(
                f"workloads: unknown {name!r}; known: {sorted(queries)}."
            )
        selected += queries[name]
    return selected


def only_others(
    queries: Mapping[str, Sequence[Query]], selected: Iterable[Query]
) -> set[str]:
    """Finds device tables that only the queries of other workloads name.

    Args:
        queries: What `load` returned.
        selected: Some of them.

    Returns:
        Names of tables that no selected query reads, and some other query does.
    """
    every = {
        table
        for workload in queries.values()
        for query in workload
        for table in query.tables
    }
    return every - {name for query in selected for name in query.tables}


def read_query(file: sqlfile.SqlFile) -> Query:
    """Reads what the file of a query states.

    Args:
        file: The file.

    Returns:
        The query.

    Raises:
        InputError: If its header is at fault.
    """
    file.check_keys(header_keys.QUERY)
    kind = file.get("type")
    if kind not in list(header_keys.TYPES):
        raise errors.InputError(
            f"{file.path}: type={kind!r} is none of {list(header_keys.TYPES)}."
        )
    rare = file.header.get("rare", False)
    if not isinstance(rare, bool):
        raise errors.InputError(f"{file.path}: {rare=} must be true or false.")
    keys, within = file.names("keys"), file.names("within", optional=True)
    if not set(within) <= set(keys):
        raise errors.InputError(f"{file.path}: within must be a subset of keys.")
    tables = file.names("tables")
    if not tables:
        raise errors.InputError(f"{file.path}: tables must name what it reads.")
    values = _values(file)
    return Query(
        path=file.path,
        workload=file.path.parent.name,
        name=file.name,
        question=str(file.get("question")),
        codename=str(file.get("codename")),
        type=kind,
        rare=rare,
        tables=tables,
        keys=keys,
        within=within,
        coverage=_coverage(file, keys, values),
        values=values,
        contributions=contributions_lib.parse(file),
        statement=file.statement,
        devices=_devices(file),
    )


def _values(file: sqlfile.SqlFile) -> tuple[Value, ...]:
    """The checks of value columns, perhaps none."""
    fields = file.mapping("values")
    return tuple(_value(file, name, field) for name, field in fields.items())


def _value(file: sqlfile.SqlFile, name: str, field: Any) -> Value:
    """One check, as in `{metric: relative_error, threshold: 0.25}`."""
    if not isinstance(field, dict) or set(field) - {"tolerance"} != _FIELDS:
        raise errors.InputError(
            f"{file.path}: values.{name} must be {{metric: ..., threshold: ...}}, "
            "perhaps with a tolerance."
        )
    if field["metric"] not in list(header_keys.METRICS):
        raise errors.InputError(
            f"{file.path}: values.{name}.metric={field['metric']!r} is none of "
            f"{list(header_keys.METRICS)}."
        )
    metric = field["metric"]
    threshold = _number(file, f"values.{name}.threshold", field["threshold"])
    tolerance = threshold if metric in _ERRORS else TOLERANCE
    if metric == "agreement":
        tolerance = 0.0
    if "tolerance" in field:
        tolerance = _number(file, f"values.{name}.tolerance", field["tolerance"])
    return Value(column=name, metric=metric, threshold=threshold, tolerance=tolerance)


def _devices(file: sqlfile.SqlFile) -> str | None:
    """What the header says of the devices of a group, if anything."""
    stated = file.header.get("devices")
    if stated is not None and not isinstance(stated, str):
        raise errors.InputError(
            f"{file.path}: devices must be a SELECT of device id and keys, or the name "
            "of a column that counts devices."
        )
    return stated


def _coverage(
    file: sqlfile.SqlFile, keys: tuple[str, ...], values: tuple[Value, ...]
) -> float | None:
    """The stated threshold, or the published scorer's."""
    if file.header.get("coverage") is not None:
        if not keys:
            raise errors.InputError(f"{file.path}: coverage needs keys.")
        return _number(file, "coverage", file.header["coverage"])
    metrics = {value.metric for value in values}
    if not keys:
        return None
    if "spearman" in metrics:
        return ITEM_COVERAGE
    grouped = "relative_error" in metrics and "total_variation" not in metrics
    return GROUP_COVERAGE if grouped else None


def _number(file: sqlfile.SqlFile, key: str, value: Any) -> float:
    """A finite threshold that is not negative."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value < math.inf:
        raise errors.InputError(f"{file.path}: {key}={value!r} must be a number >= 0.")
    return float(value)
