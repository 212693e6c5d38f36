"""Answers the queries of a run directly, under noise, beside synthetic data."""

import shutil
import time
from collections.abc import Sequence

from teledp_jax import errors, runs
from teledp_jax.answers import accounts, query_answers, workload
from teledp_jax.data import definition
from teledp_jax.job import checkpoints, secrets, settings, spending
from teledp_jax.privacy import ledger as ledger_lib
from teledp_jax.queries import catalog


def plan(
    settings: settings.Settings, suite: definition.Suite
) -> query_answers.Answerable:
    """Finds the queries of a run that can be answered directly.

    Args:
        settings: The checked config.
        suite: The suite, without the device tables that the source cannot fill.

    Raises:
        InputError: If no query declares contributions.
    """
    found = catalog.load(settings.suite_folder / "queries")
    queries = catalog.select(found, settings.workloads)
    known = {table.name for table in suite.schema.tables}
    missing = {name for query in queries for name in query.tables} - known
    planned = query_answers.plan(queries, suite.schema, missing)
    if not planned.blocks:
        raise errors.InputError(
            "query_answers: no query of the workloads declares contributions; set "
            "--config.query_answers=False."
        )
    return planned


def answer(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    *,
    shared: Sequence[ledger_lib.Part],
    token: str,
) -> None:
    """Answers the queries that declare contributions, under a budget like a label's.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        run: The run folder, with device tables and the noisy number of devices.
        shared: What was read before, for all labels.
        token: Fingerprint of config and inputs.

    Raises:
        InputError: If no query declares contributions or the budget cannot be met.
    """
    started = time.perf_counter()
    name = runs.QUERY_ANSWERS
    num_devices = runs.read_json(run.count)["num_devices"]
    planned = plan(settings, suite)
    budget = spending.budget(settings, name, shared, num_devices)
    noise = workload.calibrate(planned.blocks, budget)
    key_file = run.private / "keys" / f"{name}.json"
    folder = run.private / "fits" / name
    public, privacy = secrets.root_keys(settings.seed, key_file, token, stream=name)
    accounts.enter(
        run.ledger,
        [*shared, ("answers", name, noise.event)],
        delta=settings.delta,
        num_records=num_devices,
        epsilon=settings.epsilon,
        label=name,
    )
    spending.enter(
        settings, run, public, noise.event, token=token, name=name, about=name
    )
    query_answers.answer(
        run,
        suite.schema,
        planned,
        noise,
        key=privacy,
        context=secrets.own_context(
            settings.seed, checkpoints.FileStore(folder, token)
        ),
    )
    facts = {
        "sigma": noise.sigma / workload.STEPS,
        "num_answered": len(planned.queries),
        "num_not_answered": len(planned.not_answered),
    }
    seconds = time.perf_counter() - started
    runs.write_json(run.cost(name), {"fit_seconds": seconds, "facts": facts})
    key_file.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
