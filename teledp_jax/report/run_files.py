"""Reads what the report is made of: the files of a run folder, if they are there."""

import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from teledp_jax import runs
from teledp_jax.data import sqlfile, warehouse

REFERENCES = ("ceiling", "ceiling_public", "half_sample")
"""Labels that are no methods: what a method is held to."""

Rows = list[dict[str, str]]


class Query(NamedTuple):
    """A query as its file states it.

    Attributes:
        name: Name of the file.
        workload: Name of the folder.
        header: Question, type, keys, values and the rest.
        statement: The SQL.
    """

    name: str
    workload: str
    header: Mapping[str, Any]
    statement: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that identify a row of the result."""
        return tuple(self.header.get("keys") or ())

    @property
    def values(self) -> tuple[str, ...]:
        """Columns that are scored."""
        return tuple(self.header.get("values") or ())

    @property
    def kind(self) -> str:
        """Type of the query, as `aggregate`."""
        return str(self.header.get("type", "other"))


class Inputs(NamedTuple):
    """All that the report reads; what a run folder lacks is empty.

    Attributes:
        run: The run folder.
        config: The resolved config and what it ran on.
        ledger: Events and epsilons by label.
        audit: What audits of the methods found; empty if none were run.
        faults: Faults that were injected into a run of tests; empty if none were.
        book: What all releases of the data set cost; empty without a budget book.
        domains: What was learnt of private domains; empty if none are private.
        summary: Scores and costs by label.
        answers: One row per label and judged answer.
        judgement: One row per label and query: how many of its answers are right.
        comparisons: One row per pair of methods: which answers more right.
        scores: One row per label and check, by the published rules.
        statistics: One row per label, table and column.
        rare_events: One row per label and rare event.
        downstream: One row per label and downstream task.
        quality: Counts of what was clamped or dropped.
        missing_tables: Device tables that the source could not fill.
        costs: Times, memory and public facts by label.
        queries: The queries of the workloads that methods may be told of.
        labels: Labels of methods in the config's order.
        references: Labels of `REFERENCES` that were scored.
    """

    run: runs.Run
    config: dict[str, Any]
    ledger: dict[str, Any]
    audit: dict[str, Any]
    faults: dict[str, Any]
    book: dict[str, Any]
    domains: dict[str, Any]
    summary: dict[str, Any]
    answers: Rows
    judgement: Rows
    comparisons: Rows
    scores: Rows
    statistics: Rows
    rare_events: Rows
    downstream: Rows
    quality: Rows
    missing_tables: tuple[str, ...]
    costs: dict[str, Any]
    queries: tuple[Query, ...]
    labels: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The resolved config itself."""
        return self.config.get("config") or {}

    def method(self, label: str) -> str:
        """Names the method behind a label."""
        return method_name(self.settings, label)

    @property
    def honest(self) -> tuple[str, ...]:
        """Labels that are held to their budget: a claim wins nothing."""
        return tuple(
            label
            for label in self.labels
            if "claimed" not in self.ledger.get(label, {})
        )

    @property
    def synthesizers(self) -> tuple[str, ...]:
        """Of the honest labels those that made tables: only answers win nothing."""
        return tuple(label for label in self.honest if label != runs.QUERY_ANSWERS)

    def results(self, label: str, query: str) -> Rows:
        """Returns the result of a query on a label's tables; empty if there is none."""
        return _csv(self.run.results(label) / f"{query}.csv")


def method_name(settings: Mapping[str, Any], label: str) -> str:
    """Names the method that a config gives a label."""
    fields = (settings.get("methods") or {}).get(label) or {}
    return str(fields.get("method") or label)


def read(run: runs.Run, suite_folder: pathlib.Path) -> Inputs:
    """Reads a run folder and the queries of its suite.

    Raises:
        InputError: If a file is there but cannot be read.
    """
    config = _json(run.config)
    settings = config.get("config") or {}
    summary = _json(run.summary)
    scores = _csv(run.scores)
    scored = dict.fromkeys(
        [
            *(settings.get("methods") or {}),
            *(summary.get("methods") or {}),
            *(row["label"] for row in scores),
        ]
    )
    labels = tuple(label for label in scored if label not in REFERENCES)
    return Inputs(
        run=run,
        config=config,
        ledger=_json(run.ledger),
        audit=_json(run.audit),
        faults=_json(run.faults),
        book=_json(run.book),
        domains=domains(run, settings),
        summary=summary.get("methods") or {},
        answers=_csv(run.answers),
        judgement=_csv(run.judgement),
        comparisons=_csv(run.judgement.with_name("comparisons.csv")),
        scores=scores,
        statistics=_csv(run.statistics),
        rare_events=_csv(run.rare_events),
        downstream=_csv(run.downstream),
        quality=_csv(run.quality),
        missing_tables=tuple(
            runs.read_json(run.missing_tables) if run.missing_tables.exists() else ()
        ),
        costs={label: _json(run.cost(label)) for label in scored},
        queries=queries_of(suite_folder / "queries", settings, scores),
        labels=labels,
        references=tuple(label for label in REFERENCES if label in scored),
    )


def column(path: pathlib.Path, name: str) -> Any:
    """Reads one column of a device table.

    Args:
        path: The Parquet file or folder of the table.
        name: Name of the column.

    Returns:
        A pyarrow array; None if the file or column is not there.
    """
    files = warehouse.table_files(path) if path.exists() else []
    if not files or name not in pq.read_schema(files[0]).names:
        return None
    parts = [pq.read_table(file, columns=[name]) for file in files]
    return pa.concat_tables(parts).column(0).combine_chunks()


def queries_of(
    folder: pathlib.Path, settings: Mapping[str, Any], scores: Rows
) -> tuple[Query, ...]:
    """Reads the queries of the workloads that were asked for or scored.

    Args:
        folder: Holds a folder per workload.
        settings: The resolved config; if it names no workload, all are asked.
        scores: Rows with a `workload` each.

    Returns:
        The queries, but those of `unseen_workloads`: what no method was told of is
        judged apart.
    """
    unseen = set(settings.get("unseen_workloads") or ())
    asked = settings.get("workloads") or sorted(path.name for path in folder.glob("*"))
    workloads = dict.fromkeys([*asked, *(row["workload"] for row in scores)])
    return tuple(
        Query(
            name=file.name,
            workload=workload,
            header=file.header,
            statement=file.statement.strip(),
        )
        for workload in workloads
        if workload not in unseen
        for file in sqlfile.read_folder(folder / workload)
    )


def domains(run: runs.Run, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Reads what was learnt of domains.

    Args:
        run: The run folder.
        settings: The resolved config.

    Returns:
        The content of the run's file; nothing where the config asks for nothing.
    """
    asked = settings.get("domains") or {}
    is_asked = asked.get("private") or asked.get("learnt")
    return _json(run.domains) if is_asked else {}


def _json(path: pathlib.Path) -> dict[str, Any]:
    """A JSON file, or nothing if it is not there."""
    return runs.read_json(path) if path.exists() else {}


def _csv(path: pathlib.Path) -> Rows:
    """A CSV file, or nothing if it is not there."""
    return runs.read_csv(path) if path.exists() else []
