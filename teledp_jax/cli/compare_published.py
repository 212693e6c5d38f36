"""Sets a simulated fleet's answers beside published ones.

    teledp compare-published --published=DIR --output=runs/published

DIR holds real/*.csv and, of its halves, normalized_error/baseline_d1_vs_d2_summary.csv.
A fleet at published coverage is simulated and aggregated in the folder --output, some
20 minutes and 5 GB for a million devices on 2 cores. Prints two tables, of measures and
of what one half of the fleet passes against the other, and writes them to
published_<number of devices>.json there.
"""

import pathlib
import shutil
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from absl import flags, logging

from teledp_jax import errors, runs
from teledp_jax.cli import command
from teledp_jax.data import aggregate, shipped, suite
from teledp_jax.evaluation import compare
from teledp_jax.job import provenance
from teledp_jax.queries import catalog
from teledp_jax.queries import run as run_lib
from teledp_jax.studies.intel import calibration
from teledp_jax.suites.dca import fleet


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    command.define_path(values, "published", "Folder that holds real/*.csv.")
    command.define_path(values, "output", "Folder to write to.")
    flags.DEFINE_integer(
        "num_devices", 1_000_000, "Size of the fleet.", flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Seed of the simulation.", flag_values=values)
    flags.DEFINE_string("memory_limit", "6GB", "Memory of DuckDB.", flag_values=values)
    flags.DEFINE_bool("keep_raw", False, "Keep the raw files.", flag_values=values)


def device_tables(
    values: flags.FlagValues, output: pathlib.Path
) -> list[catalog.Query]:
    """Simulates and aggregates two halves of a fleet; returns the queries of them."""
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
        num_devices=values.num_devices,
        seed=values.seed,
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
        memory_limit=values.memory_limit,
        temp_folder=temporary,
        progress=lambda done, total: logging.info("%d of %d tables", done, total),
    )
    if not values.keep_raw:
        shutil.rmtree(run.raw)
    return queries


def answers(
    output: pathlib.Path, queries: list[catalog.Query]
) -> dict[str, run_lib.Results]:
    """Answers on both halves and the whole fleet; results lie in `output/results`."""
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


def halves(
    published_folder: pathlib.Path,
    queries: list[catalog.Query],
    results: dict[str, run_lib.Results],
) -> list[dict[str, Any]]:
    """What one half passes against the other, simulated and published."""
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


def main(values: flags.FlagValues) -> None:
    """Prints and writes the comparison."""
    if not values.published or not values.output:
        raise errors.InputError("State --published=DIR and --output=DIR.")
    real = pathlib.Path(values.published) / "real"
    if not real.is_dir():
        raise errors.InputError(f"{real}: no such folder.")
    output = pathlib.Path(values.output)
    output.mkdir(parents=True, exist_ok=True)
    queries = device_tables(values, output)
    results = answers(output, queries)
    found: list[dict[str, Any]] = []
    for query, section in calibration.queries().items():
        known = section.get("known_in")
        found += calibration.compare(
            query,
            runs.read_csv(real / f"{calibration.file_of(query)}.csv"),
            runs.read_csv(output / "results" / "whole" / f"{query}.csv"),
            num_devices=values.num_devices,
            known=runs.read_csv(real / f"{known}.csv") if known else (),
        )
    print(f"{'query':14} {'column':38} {'measure':16} {'value':>8} {'groups':>6}")
    for row in found:
        print(
            f"{row['query']:14} {row['column']:38} {row['measure']:16} "
            f"{row['value']:8.3f} {row['groups']:6d}"
        )
    split = halves(pathlib.Path(values.published), queries, results)
    print(f"\n{'half against half':18} {'simulated':>9} {'published':>9}  failed")
    for row in split:
        print(
            f"{row['query']:18} {row['score']:9.3f} {row['published_score']:9.3f}  "
            f"{', '.join(row['failed'])}"
        )
    path = output / f"published_{values.num_devices}.json"
    content = {
        **provenance.describe(),
        "code": provenance.code_of("teledp_jax.cli.compare_published"),
        "num_devices": values.num_devices,
        "measures": found,
        "halves": split,
    }
    runs.write_json(path, content)
