"""A simulated fleet at published coverage, its answers beside the published ones."""

import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from absl import logging

from teledp_jax import runs
from teledp_jax.data import aggregate, shipped, suite
from teledp_jax.evaluation import compare
from teledp_jax.queries import catalog
from teledp_jax.queries import run as run_lib
from teledp_jax.studies.intel import calibration
from teledp_jax.suites.dca import fleet


def device_tables(
    output: pathlib.Path,
    *,
    num_devices: int,
    seed: int,
    memory_limit: str,
    keep_raw: bool,
) -> list[catalog.Query]:
    """Simulates a fleet and aggregates two halves of it.

    Args:
        output: Run folder: one half in `real/`, the other in `holdout/`.
        num_devices: Size of the fleet.
        seed: Of the simulation.
        memory_limit: Of DuckDB.
        keep_raw: Whether the raw files stay.

    Returns:
        The queries whose tables were made.
    """
    dca = suite.load(shipped.suite("dca"))
    queries = catalog.load(shipped.suite("dca") / "queries")["intel"]
    needed = {name for query in queries for name in query.tables}
    needed.add(dca.schema.anchor.name)
    names = {table.name for table in dca.schema.tables}
    dca = dca.without(sorted(names - needed))
    run = runs.Run(output)
    fleet.simulate(
        run.raw,
        source=[source.file for source in dca.sources.values()],
        num_devices=num_devices,
        seed=seed,
        progress=lambda done, total: logging.info("%d of %d devices", done, total),
    )
    temporary = output / "temp"
    temporary.mkdir(exist_ok=True)
    aggregate.aggregate(
        dca,
        run.raw,
        run,
        window=("", ""),
        device_share=1.0,
        holdout=0.5,
        allow_missing_tables=False,
        memory_limit=memory_limit,
        temp_folder=temporary,
        progress=lambda done, total: logging.info("%d of %d tables", done, total),
    )
    if not keep_raw:
        shutil.rmtree(run.raw)
    return queries


def answers(
    output: pathlib.Path, queries: Sequence[catalog.Query]
) -> dict[str, run_lib.Results]:
    """Answers the queries on both halves and on the whole fleet.

    Args:
        output: The run folder of `device_tables`; results lie in its `results/`.
        queries: The queries.

    Returns:
        Results by `first`, `second` and `whole`.
    """
    run = runs.Run(output)
    whole = output / "whole"
    whole.mkdir(exist_ok=True)
    for path in run.real.glob("*.parquet"):
        halves = [pq.read_table(part / path.name) for part in (run.real, run.holdout)]
        pq.write_table(pa.concat_tables(halves), whole / path.name)
    folders = {"first": run.real, "second": run.holdout, "whole": whole}
    return {
        name: run_lib.run_queries(
            folder, queries, output / "results" / name, advance=lambda: None
        )
        for name, folder in folders.items()
    }


def measures(
    published_folder: pathlib.Path, output: pathlib.Path, *, num_devices: int
) -> list[dict[str, Any]]:
    """Measures how far the whole fleet is from the published answers.

    Args:
        published_folder: Holds `real/*.csv` of the published study.
        output: The run folder, with `results/whole/`.
        num_devices: Size of the fleet.

    Returns:
        A row for each measure that `calibration.queries` names.
    """
    real = published_folder / "real"
    found: list[dict[str, Any]] = []
    for query, section in calibration.queries().items():
        known = section.get("known_in")
        found += calibration.compare(
            query,
            runs.read_csv(real / f"{calibration.file_of(query)}.csv"),
            runs.read_csv(output / "results" / "whole" / f"{query}.csv"),
            num_devices=num_devices,
            known=runs.read_csv(real / f"{known}.csv") if known else (),
        )
    return found


def halves(
    published_folder: pathlib.Path,
    queries: Sequence[catalog.Query],
    results: Mapping[str, run_lib.Results],
) -> list[dict[str, Any]]:
    """Scores one half against the other, simulated and published.

    Args:
        published_folder: Holds `normalized_error/` of the published study.
        queries: The queries.
        results: What `answers` returned.

    Returns:
        A row for each query that both were scored on.
    """
    path = published_folder / "normalized_error" / "baseline_d1_vs_d2_summary.csv"
    theirs = {row["query"]: row for row in runs.read_csv(path)}
    checks = compare.compare_all(
        queries, results["first"], results["second"], corrected=False
    )
    codenames = {query.name: query.codename for query in queries}
    return [
        {
            "query": codenames[name],
            "score": compare.score(found),
            "published_score": float(theirs[name]["score"]),
            "failed": [check.column for check in found if not check.passed],
        }
        for name, found in checks.items()
        if name in theirs and found
    ]
