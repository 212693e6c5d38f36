"""Refits of a label on its own synthetic tables, and the grades that follow.

What is read here is the release and what is public: sizes under noise, budget, config.
The private fleet is not read, so nothing is spent.
"""

import pathlib
import shutil
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from teledp_jax import arrays, base, keys, runs
from teledp_jax.data import decode as decode_lib
from teledp_jax.data import definition, encode
from teledp_jax.job import (
    drawing,
    encoding,
    fit,
    questions,
    secrets,
    settings,
    spending,
)
from teledp_jax.privacy import ledger as ledger_lib
from teledp_jax.privacy import release
from teledp_jax.queries import catalog, groups
from teledp_jax.queries import run as run_lib
from teledp_jax.trust import grades, ties
from teledp_jax.trust import release as release_lib


def grade(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    label: str,
    *,
    shared: Sequence[ledger_lib.Part],
    progress: fit.Progress,
) -> None:
    """Refits a label several times, and grades the answers to its workloads.

    Writes the refits' tables, `trust.parquet` and `trust.json` into `run.trust(label)`.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        run: The run folder, with synthetic tables of the label.
        label: One of `settings.methods`.
        shared: What was read before, for all labels.
        progress: Told of refits done and in all.
    """
    folder = run.trust(label)
    shutil.rmtree(folder, ignore_errors=True)
    made = []
    for number in range(1, settings.trust.num_refits + 1):
        made.append(folder / release_lib.REFITS / str(number))
        refit(
            settings, suite, label, run.synthetic(label), made[-1],
            shared=shared, number=number,
        )  # fmt: skip
        progress(number, settings.trust.num_refits, {})
    name, _ = settings.methods[label]
    queries = catalog.select(catalog.load(suite.folder / "queries"), settings.workloads)
    missing = runs.read_json(run.missing_tables)
    found = grade_queries(
        settings, suite, name, run.synthetic(label), made, queries, missing
    )
    grades.write(folder / "trust.parquet", found)
    summary = grades.summarize(
        found, [q for q in queries if not {*q.tables} & {*missing}]
    )
    runs.write_json(
        folder / "trust.json",
        {
            **summary,
            "num_refits": len(made),
            "min_devices": settings.min_devices,
        },
    )


def refit(
    settings: settings.Settings,
    suite: definition.Suite,
    label: str,
    source: pathlib.Path,
    target: pathlib.Path,
    *,
    shared: Sequence[ledger_lib.Part],
    number: int,
) -> None:
    """Runs the whole mechanism of a label on other device tables, with new noise.

    Encodes the tables, counts the devices under noise, calibrates the method to the
    same budget, fits it, draws as many devices as were counted. Private domains stay as
    they were learnt.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        label: One of `settings.methods`.
        source: Device tables to fit.
        target: Gets the synthetic tables, whole.
        shared: What was read before, for all labels: a part of the budget.
        number: Number of the refit: under a seed, each has noise of its own.
    """
    schema = suite.schema
    devices, _ = encode.encode(schema, source)
    if settings.seed is None:
        public, privacy = keys.restore(keys.draw())
    else:
        stream = f"{label} refit {number}"
        public, privacy = keys.from_seed(settings.seed, stream=stream)
    count_key, fit_key = jax.random.split(privacy)
    context = secrets.own_context(settings.seed)._replace(
        questions=questions.of(settings, suite)
    )
    noisy = release.count_once(
        encoding.COUNT,
        lambda: np.array([arrays.num_devices(devices)]),
        key=count_key,
        sigma=settings.count_stddev,
        context=context,
    )
    num_devices = max(int(noisy[0]), 1)
    budget = spending.budget(settings, label, shared, num_devices)
    method, _ = fit.make(settings, suite, label, budget)
    fitted: base.Tree = jax.tree.map(
        np.asarray, method.fit(keys.split(public, fit_key), devices, context)
    )
    drawn, inside = drawing.draw(method, schema, fitted, public, num_devices)
    with runs.atomic_folder(target) as temporary:
        decode_lib.decode(schema, drawn, inside, temporary)


def grade_queries(
    settings: settings.Settings,
    suite: definition.Suite,
    method: str,
    released: pathlib.Path,
    refits: Sequence[pathlib.Path],
    queries: Sequence[catalog.Query],
    missing: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Grades all answers of queries.

    Args:
        settings: The checked config.
        suite: The suite.
        method: Name of the method.
        released: The synthetic tables.
        refits: Tables of the refits.
        queries: The queries.
        missing: Tables that the source could not fill.

    Returns:
        The rows of `trust.parquet`.
    """
    results = [
        run_lib.run_queries(
            folder, queries, None, missing_tables=missing, advance=lambda: None
        )
        for folder in (released, *refits)
    ]
    columns = {
        table.name: [column.name for column in table.columns]
        for table in suite.schema.tables
    }
    many_rows = [t.name for t in suite.schema.tables if t.role == "entity"]
    found = []
    for query in queries:
        answer, *others = (result[query.name] for result in results)
        found += grades.rows(
            query,
            answer,
            others,
            devices=None if answer is None else groups.count(released, query, answer),
            min_devices=settings.min_devices,
            ties_kept=ties.are_kept(
                method, query.statement, columns, many_rows=many_rows
            ),
        )
    return found
