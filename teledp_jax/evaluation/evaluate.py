"""Runs the same SQL on real and synthetic tables and says what can be trusted.

All that is written here is computed from exact answers: none of it may leave.
"""

import itertools
import pathlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from teledp_jax import errors, runs, schemas
from teledp_jax.data import definition
from teledp_jax.evaluation import (
    columns,
    compare,
    downstream,
    features,
    judge,
    rare,
    statistics,
    summary,
)
from teledp_jax.queries import catalog, dry_run
from teledp_jax.queries import run as run_lib

CEILING = "ceiling"
PUBLIC_CEILING = "ceiling_public"
_REFERENCES = (judge.HALF_SAMPLE, CEILING, PUBLIC_CEILING)

Progress = Callable[[int, int], object]
"""Called with the number of steps done and their total."""


def evaluate(
    run: runs.Run,
    suite: definition.Suite,
    workloads: Sequence[str],
    labels: Sequence[str],
    *,
    min_devices: int,
    unseen: Sequence[str] = (),
    noiseless: Sequence[str] = (),
    missing_tables: Collection[str] = (),
    progress: Progress | None = None,
) -> None:
    """Writes results, answers, scores, statistics, rare events, models and summary.

    The labels `half_sample` (one half of the real fleet held to the other), `ceiling`
    (the real fleet encoded and decoded) and `ceiling_public` (the same in the headers'
    domains, where some are private) are added where their tables are. A label without
    tables but with results (answers without synthetic data) has only scores.
    `scores_corrected.csv` holds the corrected checks in the columns of `scores.csv`.

    Args:
        run: The run folder.
        suite: Its suite.
        workloads: Names of workloads.
        labels: Labels of methods.
        min_devices: Fewest devices of a group whose answers are judged.
        unseen: Names of workloads that no method was told of. Their queries stand in
            every file; `summary.json` holds their numbers apart, as `unseen`.
        noiseless: Labels that were also fitted without noise.
        missing_tables: Tables that the source lacks, and the suite too: their queries
            are not evaluated.
        progress: Told how far it is.

    Raises:
        InputError: If a table, workload or label is missing or a file is at fault.
    """
    queries = catalog.select(
        catalog.load(suite.folder / "queries"), (*workloads, *unseen)
    )
    left = [query for query in queries if not set(query.tables) & set(missing_tables)]
    dry_run.check(left, suite.schema)
    folders = _folders(run, labels)
    num_runs = len(folders) + (judge.HALF_SAMPLE in folders)
    advance = _counter(
        progress,
        num_runs * len(queries) + len(folders) * (len(suite.schema.tables) + 1),
    )
    names = [*(name for name in _REFERENCES if name in folders), *labels]
    results = _run_all(run, queries, folders, names, missing_tables, advance)
    bare = {label: f"{label}{judge.NOISELESS}" for label in noiseless}
    for label, name in bare.items():
        results[name] = run_lib.run_queries(
            run.noiseless(label), queries, run.results(name),
            missing_tables=missing_tables, advance=lambda: None,
        )  # fmt: skip
    judged = judge.write(
        run, queries, results, [*names, *bare.values()],
        compared=labels, min_devices=min_devices, unseen=unseen,
    )  # fmt: skip
    judged |= {
        label: {**judged[label], "noiseless": judged[name]}
        for label, name in bare.items()
    }
    tableless = {label for label in labels if label not in folders}
    _write_scores(run, queries, results, names, judged, unseen, tableless)
    _write_statistics(run, suite.schema, folders, advance)
    _write_downstream(run, suite.schema, folders, advance)


def _folders(run: runs.Run, labels: Sequence[str]) -> dict[str, pathlib.Path]:
    """Device tables by label, `real` the first."""
    folders = {
        "real": run.real,
        judge.HALF_SAMPLE: run.half("second"),
        CEILING: run.ceiling,
        PUBLIC_CEILING: run.public_ceiling,
        **{label: run.synthetic(label) for label in labels},
    }
    for label in labels:
        if not folders[label].is_dir() and not run.results(label).is_dir():
            raise errors.InputError(
                f"{folders[label]}: label {label} has no tables; synthesize it first."
            )
    return {
        label: folder
        for label, folder in folders.items()
        if label == "real" or folder.is_dir()
    }


def _counter(progress: Progress | None, total: int) -> Callable[[], None]:
    """A function that counts a step."""
    done = itertools.count(1)

    def advance() -> None:
        if progress is not None:
            progress(next(done), total)

    return advance


def _run_all(
    run: runs.Run,
    queries: Sequence[catalog.Query],
    folders: Mapping[str, pathlib.Path],
    names: Sequence[str],
    missing_tables: Collection[str],
    advance: Callable[[], None],
) -> dict[str, run_lib.Results]:
    """Results by label; `judge.FIRST_HALF` is what `half_sample` is held to."""

    def on(folder: pathlib.Path, results_folder: pathlib.Path) -> run_lib.Results:
        return run_lib.run_queries(
            folder,
            queries,
            results_folder,
            missing_tables=missing_tables,
            advance=advance,
        )

    results = {
        label: on(folder, run.results(label)) for label, folder in folders.items()
    }
    if judge.HALF_SAMPLE in folders:
        results[judge.FIRST_HALF] = on(run.half("first"), run.half_reference)
    for label in set(names) - set(results):
        results[label] = {
            query.name: run_lib.read(
                run.results(label) / f"{query.name}.csv", results["real"][query.name]
            )
            for query in queries
        }
    return results


def _write_scores(
    run: runs.Run,
    queries: Sequence[catalog.Query],
    results: Mapping[str, run_lib.Results],
    names: Sequence[str],
    judged: Mapping[str, Mapping[str, Any]],
    unseen: Collection[str],
    tableless: Collection[str],
) -> None:
    """Writes `scores.csv`, `scores_corrected.csv` and `summary.json`.

    A label without tables answers what it was told of, and nothing else.
    """
    checks: dict[bool, dict[str, compare.Checks]] = {False: {}, True: {}}
    for corrected, label in itertools.product((False, True), names):
        reference = judge.FIRST_HALF if label == judge.HALF_SAMPLE else "real"
        checks[corrected][label] = compare.compare_all(
            queries, results[reference], results[label], corrected=corrected
        )
    halves = {
        corrected: checks[corrected].get(judge.HALF_SAMPLE, {}) for corrected in checks
    }
    for corrected, path in (
        (False, run.scores),
        (True, run.scores.with_name("scores_corrected.csv")),
    ):
        rows: list[dict[str, Any]] = []
        for label, found in checks[corrected].items():
            rows += compare.rows(
                label, queries, found, halves[corrected], corrected=corrected
            )
        runs.write_csv(path, compare.COLUMNS, rows)
    apart = [query for query in queries if query.workload in unseen]
    told = [query for query in queries if query.workload not in unseen]
    methods: dict[str, dict[str, Any]] = {}
    for label in names:
        methods[label] = {
            **summary.privacy_and_cost(run, label),
            **_summary(told, label, checks),
            **judged[label],
        }
        methods[label].pop("unseen", None)
        if apart and label not in tableless:
            methods[label]["unseen"] = {
                **_summary(apart, label, checks),
                **judged[label]["unseen"],
            }
    runs.write_json(run.summary, {"methods": methods})


def _summary(
    queries: Sequence[catalog.Query],
    label: str,
    checks: Mapping[bool, Mapping[str, compare.Checks]],
) -> dict[str, Any]:
    """What `summary.json` says of a label's scores, from its checks by `corrected`."""
    halves = {
        corrected: found.get(judge.HALF_SAMPLE, {})
        for corrected, found in checks.items()
    }
    return summary.summarize(
        queries, checks[False][label], checks[True][label], halves[False], halves[True]
    )


def _write_statistics(
    run: runs.Run,
    schema: schemas.Schema,
    folders: Mapping[str, pathlib.Path],
    advance: Callable[[], None],
) -> None:
    """Writes `statistics.csv` and `rare_events.csv`, a column in memory at a time."""
    described: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    anchors = {
        label: folder / f"{schema.anchor.name}.parquet"
        for label, folder in folders.items()
    }
    sizes = {
        label: columns.count_rows(path) if path.exists() else 0
        for label, path in anchors.items()
    }
    for table in schema.tables:
        real: dict[str, statistics.Shares] = {}
        counts: dict[rare.Event, int] = {}
        is_there = (folders["real"] / f"{table.name}.parquet").exists()
        for label, folder in folders.items():
            path = folder / f"{table.name}.parquet"
            advance()
            if not path.exists() or not is_there:
                continue
            rows = columns.read(path, table, schema.device)
            own = rare.count_events(table, rows)
            found, shares = statistics.describe(
                label, table, rows, real, num_devices=sizes[label]
            )
            if label == "real":
                real, counts = shares, own
            else:
                events += rare.compare(
                    label,
                    table,
                    counts,
                    own,
                    num_real=sizes["real"],
                    num_synthetic=sizes[label],
                )
            described += found
    runs.write_csv(run.statistics, statistics.COLUMNS, described)
    runs.write_csv(run.rare_events, rare.COLUMNS, events)


def _write_downstream(
    run: runs.Run,
    schema: schemas.Schema,
    folders: Mapping[str, pathlib.Path],
    advance: Callable[[], None],
) -> None:
    """Writes `downstream.csv`; without a holdout it has no rows."""
    rows: list[dict[str, Any]] = []
    if (run.holdout / f"{schema.anchor.name}.parquet").exists():
        test = features.build(run.holdout, schema)
        tasks: list[features.Task] = []
        for label, folder in folders.items():
            train = features.build(folder, schema)
            if label == "real":
                tasks = features.tasks(schema, train)
            found = (downstream.score(label, task, train, test) for task in tasks)
            rows += [row for row in found if row is not None]
            advance()
    runs.write_csv(run.downstream, downstream.COLUMNS, rows)
