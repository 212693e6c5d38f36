"""Measures how often intervals of a release hold the private fleet's answer.

python benchmarks/trust_coverage.py --num_fleets=2

Simulates fleets of both worlds, releases each label at each epsilon, grades its answers
by refits and looks up the truth, which a receiver could not. Counts answers of groups
of at least 50 synthetic devices: those that the method can answer by what it ties
together, and apart from them the others, whose intervals nobody should use. Asks the
queries of workload `stability`, and SQL of `benchmarks/trust_queries`, which no method
was told of. The noise is the operating system's. A command that was stopped goes on
with the release that it had not measured. Writes
benchmarks/results/trust_coverage_<hardware>.json.
"""

import itertools
import json
import os
import pathlib
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import machine
import pyarrow.parquet as pq
from absl import app, flags

from teledp_jax import registry, runs
from teledp_jax.data import device_files
from teledp_jax.evaluation import answers, compare
from teledp_jax.job import pipeline, provenance, refits, settings
from teledp_jax.queries import catalog
from teledp_jax.queries import run as run_lib
from teledp_jax.trust import grades, release

_FLEETS = flags.DEFINE_integer("num_fleets", 2, "Fleets of each world.")
_DEVICES = flags.DEFINE_integer("num_devices", 5000, "Devices of a fleet.")
_LABELS = flags.DEFINE_list("labels", ["independent", "pe"], "Methods.")
_REFITS = flags.DEFINE_integer("num_refits", 5, "Refits of a release.")
_WORKDIR = flags.DEFINE_string("workdir", "runs/trust_coverage", "Of run folders.")
_HARDWARE = flags.DEFINE_string("hardware", None, "Name of the result; none: found.")
_OUTPUT = flags.DEFINE_string("output", str(machine.RESULTS), "Folder of the result.")

_EPSILONS = (1.0, 4.0)
_QUERIES = pathlib.Path(__file__).with_name("trust_queries")
_OWN = "own SQL"
_MEASURED = ("teledp_jax.trust.grades", "teledp_jax.trust.intervals")
_MIN_DEVICES = 50


def _quiet(name: str) -> Any:
    """A progress bar that shows nothing."""
    return lambda done, total, facts: None


def _job(
    folder: pathlib.Path, world: str, fleet: int, epsilon: float, label: str
) -> pipeline.Job:
    """The job of one label on one fleet; another label or epsilon keeps the fleet."""
    config = settings.default("dca")
    config.num_devices = _DEVICES.value
    config.workloads = ("stability",)
    config.simulation.seed, config.simulation.world = fleet, world
    config.budget.epsilon, config.budget.delta = epsilon, 1e-5
    config.trust.num_refits, config.min_devices = _REFITS.value, _MIN_DEVICES
    config.methods[label] = settings.entry(registry.method(label).Config())
    return pipeline.Job(settings.resolve(config), runs.Run(folder))


def _own_rows(job: pipeline.Job, label: str) -> tuple[list[Any], list[catalog.Query]]:
    """Grades of SQL that the method was not told of, and its queries."""
    schemas = {
        table.name: device_files.arrow_schema(job.learnt.schema, table)
        for table in job.learnt.schema.tables
    }
    queries = [
        release.question(path, schemas, None) for path in sorted(_QUERIES.glob("*.sql"))
    ]
    made = sorted((job.run.trust(label) / release.REFITS).glob("*"))
    rows = refits.grade_queries(
        job.settings, job.learnt, label, job.run.synthetic(label), made, queries
    )
    few = {
        (row["query"], row["group_key"])
        for row in rows
        if row["column"] == "num_devices" and row["value"] < _MIN_DEVICES
    }
    return [r for r in rows if (r["query"], r["group_key"]) not in few], queries


def _truths(
    job: pipeline.Job, queries: Sequence[catalog.Query]
) -> dict[tuple[str, str, str], float]:
    """Answers of the private fleet by query, column and group."""
    found = {}
    results = run_lib.run_queries(job.run.real, queries, None, advance=lambda: None)
    for query in queries:
        result = results[query.name]
        if result is None:
            continue
        for value in query.values:
            cells = compare.keyed(result, query.keys, value.column)
            for key, cell in cells.items():
                if isinstance(cell, int | float):
                    place = (query.name, value.column, answers.key_text(query, key))
                    found[place] = float(cell)
    return found


def _outcomes(job: pipeline.Job, label: str) -> Iterator[dict[str, Any]]:
    """Whether each interval of one release holds the truth."""
    told = catalog.select(
        catalog.load(job.suite.folder / "queries"), job.settings.workloads
    )
    own_rows, own = _own_rows(job, label)
    kinds = {query.name: query.type for query in told} | {q.name: _OWN for q in own}
    truths = _truths(job, [*told, *own])
    rows = pq.read_table(job.run.trust(label) / "trust.parquet").to_pylist()
    for row in [*rows, *own_rows]:
        truth = truths.get((row["query"], row["column"], row["group_key"]))
        is_small = row["devices"] is not None and row["devices"] < _MIN_DEVICES
        if truth is None or row["low"] is None or is_small:
            continue
        yield {
            "kind": kinds[row["query"]],
            "is_answerable": row["reason"] != grades.TIES,
            "is_inside": row["low"] <= truth <= row["high"],
            "grade": row["grade"],
            "error": abs(row["value"] - truth) / abs(truth) if truth else None,
            "width": (row["high"] - row["low"]) / 2 / abs(truth) if truth else None,
        }


def _measured(
    folder: pathlib.Path, world: str, fleet: int, epsilon: float, label: str
) -> dict[str, Any]:
    """Outcomes of one release; those that an earlier command measured are read."""
    code = provenance.code_of(*_MEASURED, registry.module_name(label))
    kept = folder / f"outcomes_{label}_epsilon{epsilon:g}.json"
    asked = {"devices": _DEVICES.value, "refits": _REFITS.value, "code": code}
    if kept.exists():
        known = json.loads(kept.read_text())
        if known["asked"] == asked:
            return known
    job = _job(folder, world, fleet, epsilon, label)
    with job.open():
        job.simulate(_quiet)
        job.aggregate(_quiet)
        job.encode(_quiet)
        job.synthesize(label, _quiet)
        started = time.perf_counter()
        job.grade(label, _quiet)
        seconds = time.perf_counter() - started
        outcomes = list(_outcomes(job, label))
    measured = {"asked": asked, "grade_seconds": seconds, "outcomes": outcomes}
    runs.write_json(kept, measured)
    print(f"{kept}: {len(outcomes)} answers", flush=True)
    return measured


def _summary(each: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Coverage of a set of intervals, and how wide they are."""
    widths = [outcome["width"] for outcome in each if outcome["width"] is not None]
    use = [o["error"] for o in each if o["grade"] == "use" and o["error"] is not None]
    return {
        "answers": len(each),
        "inside": sum(outcome["is_inside"] for outcome in each),
        "median_half_width": statistics.median(widths) if widths else None,
        "graded_use": len(use),
        "graded_use_right": sum(error <= catalog.TOLERANCE for error in use),
    }


def _grouped(each: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Summaries by type of query, of all together, and of what is not answerable."""
    answerable = [outcome for outcome in each if outcome["is_answerable"]]
    kinds = sorted({outcome["kind"] for outcome in answerable})
    of_kinds = {
        kind: _summary([o for o in answerable if o["kind"] == kind]) for kind in kinds
    }
    others = [outcome for outcome in each if not outcome["is_answerable"]]
    return {
        "all": _summary(answerable),
        "by_type": of_kinds,
        "not_answerable": _summary(others),
    }


def main(argv: list[str]) -> None:
    """Runs all fleets, writes the result and prints it."""
    del argv
    found: dict[tuple[str, float], list[dict[str, Any]]] = {}
    seconds: dict[str, list[float]] = {label: [] for label in _LABELS.value}
    for world in ("a", "b"):
        for fleet in range(1, _FLEETS.value + 1):  # fleet 0 chose the widening
            folder = pathlib.Path(_WORKDIR.value) / f"{world}-{fleet}"
            for epsilon, label in itertools.product(_EPSILONS, _LABELS.value):
                measured = _measured(folder, world, fleet, epsilon, label)
                seconds[label].append(measured["grade_seconds"])
                found.setdefault((label, epsilon), []).extend(
                    {**outcome, "world": world} for outcome in measured["outcomes"]
                )
    name = _HARDWARE.value or f"cpu{len(os.sched_getaffinity(0))}"
    hardware = machine.describe(name)
    releases = [
        {
            "label": label,
            "epsilon": epsilon,
            **_grouped(outcomes),
            "by_world": {
                world: _grouped([o for o in outcomes if o["world"] == world])["all"]
                for world in ("a", "b")
            },
        }
        for (label, epsilon), outcomes in sorted(found.items())
    ]
    result = {
        "command": f"python benchmarks/trust_coverage.py --num_fleets={_FLEETS.value} "
        f"--num_devices={_DEVICES.value} --num_refits={_REFITS.value} "
        f"--labels={','.join(_LABELS.value)}",
        "versions": machine.versions(),
        "hardware": hardware,
        "num_fleets": 2 * _FLEETS.value,
        "num_devices": _DEVICES.value,
        "num_refits": _REFITS.value,
        "releases": releases,
        "grade_seconds": {
            label: statistics.median(times) for label, times in seconds.items()
        },
        "code": provenance.code_of(*_MEASURED),
    }
    path = pathlib.Path(_OUTPUT.value) / f"trust_coverage_{hardware['name']}.json"
    runs.write_json(path, result)
    print(json.dumps(releases, indent=2))
    print(path)


if __name__ == "__main__":
    app.run(main)
