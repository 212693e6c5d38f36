"""Fits one label of a run: its ledger, its tables and what they cost."""

import dataclasses
import pathlib
import shutil
import time
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import base, errors, keys, registry, runs, schemas
from teledp_jax.cluster import gang
from teledp_jax.data import array_files, decode, definition
from teledp_jax.job import (
    checkpoints,
    costs,
    drawing,
    ledgers,
    model_file,
    questions,
    secrets,
    settings,
    spending,
)
from teledp_jax.job import fitted as fitted_lib
from teledp_jax.privacy import budgets
from teledp_jax.privacy import ledger as ledger_lib
from teledp_jax.studies.intel import bookkeeping

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Told of steps done, steps in all, and public numbers to show."""


def make(
    settings: settings.Settings,
    suite: definition.Suite,
    label: str,
    budget: budgets.Budget,
) -> tuple[base.Synthesizer, bookkeeping.Claim | None]:
    """Makes the method of a label; reads no data.

    Args:
        settings: The checked config.
        suite: The suite.
        label: One of `settings.methods`.
        budget: What the label may spend.

    Returns:
        The method, and its claim if it keeps the published study's books.

    Raises:
        InputError: If the method cannot be made so.
    """
    name, config = settings.methods[label]
    try:
        if label in settings.claimed:
            return bookkeeping.make_claimed(name, config, suite.schema, budget)
        return registry.make(name, config, suite.schema, budget), None
    except errors.InputError as error:
        raise errors.InputError(f"methods.{label}: {error}") from None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """Fingerprints of what a fit depends on.

    Attributes:
        inputs: Config and inputs: keys of the random streams are bound to it.
        code: The code: checkpoints are bound to both.
    """

    inputs: str
    code: str = ""


def synthesize(
    settings: settings.Settings,
    suite: definition.Suite,
    run: runs.Run,
    label: str,
    *,
    shared: Sequence[ledger_lib.Part],
    token: Token,
    progress: Progress,
    members: gang.Gang = gang.ALONE,
) -> None:
    """Fits one label, draws its tables, and writes ledger entry and costs.

    Of several processes that fit together, only the first one writes.

    Args:
        settings: The checked config.
        suite: The suite, its schema as it was encoded with.
        run: The run folder, with encoded arrays and the noisy number of devices.
        label: One of `settings.methods`.
        shared: What was read before, for all labels.
        token: Fingerprints of everything that the result depends on.
        progress: Told of the steps of the fit.
        members: The processes that fit together; each calls this.

    Raises:
        InputError: If the budget cannot be met, by this label or by all that leave.
    """
    num_devices = runs.read_json(run.count)["num_devices"]
    budget = spending.budget(settings, label, shared, num_devices)
    method, claim = make(settings, suite, label, budget)
    ledger = ledger_lib.Ledger(
        epsilon=budget.epsilon,
        delta=budget.delta,
        claim=None if claim is None else bookkeeping.record(claim),
    )
    name, _ = settings.methods[label]
    for part in (*shared, ("fit", name, method.event)):
        ledger.spend(*part)
    ledgers.hold_together(settings, run, label, shared, method.event)
    key_file = run.private / "keys" / f"{label}.json"

    def begin() -> list[np.ndarray]:
        entries = runs.read_json(run.ledger)
        limits = suite.schema.max_rows | dict(method.max_rows)
        entries[label] = {**ledger.record(num_devices), "max_rows": limits}
        runs.write_json(run.ledger, entries)
        public, privacy = secrets.root_keys(
            settings.seed, key_file, token.inputs, stream=label
        )
        spending.enter(
            settings,
            run,
            public,
            method.event,
            token=token.inputs,
            name=label,
            about=f"{label}: {name}",
        )
        return [np.asarray(jax.random.key_data(key)) for key in (public, privacy)]

    # Nobody reads a device before the first process has written what is spent.
    public, privacy = (
        jax.random.wrap_key_data(jnp.asarray(data)) for data in members.once(begin)
    )
    folder = run.private / "fits" / label
    store = members.store(
        checkpoints.FileStore(folder, runs.fingerprint(token.inputs, token.code))
    )
    fitted = _fitted(
        method,
        keys.split(public, privacy),
        run.arrays,
        suite.schema,
        base.Context(
            store=store,
            progress=progress,
            integer_noise=members.shared_noise(secrets.noise_source(settings.seed)),
            questions=questions.of(settings, suite),
        ),
        members,
    )
    fit_cost = store.load("fit_cost") or {}
    peak_bytes = max(members.gathered(costs.peak_rss_bytes()))
    if not members.is_first:
        return
    sample_seconds = _draw(method, suite.schema, run, label, public, fitted)
    _keep(settings, suite.schema, run, label, method, fitted)
    runs.write_json(
        run.cost(label),
        {
            "fit_seconds": fit_cost.get("seconds"),
            "compile_seconds": fit_cost.get("compile"),
            "sample_seconds": sample_seconds,
            "peak_rss_bytes": max(peak_bytes, costs.peak_rss_bytes()),
            "accelerator_bytes": costs.accelerator_bytes(),
            "facts": {**method.facts, **fitted.get(base.FACTS, {})},
        },
    )
    key_file.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _fitted(
    method: base.Synthesizer,
    streams: keys.Keys,
    folder: pathlib.Path,
    schema: schemas.Schema,
    context: base.Context,
    members: gang.Gang,
) -> base.Tree:
    """Loads the fitted method from the store, or fits it on this process's devices."""
    compiled = costs.CompileClock()
    started = time.perf_counter()
    fitted = context.store.load("fitted")
    if fitted is not None:
        return fitted
    part, stop = members.part(array_files.stored_devices(folder, schema))
    devices = array_files.load_range(folder, schema, part.first, stop)
    fitted = method.fit(streams, devices, context._replace(part=part))
    fitted = jax.tree.map(np.asarray, fitted)
    seconds = time.perf_counter() - started
    context.store.save("fitted", fitted)
    context.store.save("fit_cost", {"seconds": seconds, "compile": compiled.seconds})
    return fitted


def _keep(
    settings: settings.Settings,
    schema: schemas.Schema,
    run: runs.Run,
    label: str,
    method: base.Synthesizer,
    fitted: base.Tree,
) -> None:
    """Writes the fitted method of a label, from which more can be drawn later.

    One that keeps the books of the published study is calibrated in another way than
    its settings say, so its file could not be drawn from.
    """
    path = model_file.of_run(run, label)
    path.unlink(missing_ok=True)
    if label in settings.claimed:
        return
    path.parent.mkdir(exist_ok=True)
    name, config = settings.methods[label]
    fitted_lib.Fitted(
        method=name,
        config=config,
        schema=schema,
        num_devices=runs.read_json(run.count)["num_devices"],
        ledger=runs.read_json(run.ledger)[label],
        facts={**method.facts, **fitted.get(base.FACTS, {})},
        seed=settings.seed,
        tree=fitted,
    ).save(path)


def _draw(
    method: base.Synthesizer,
    schema: schemas.Schema,
    run: runs.Run,
    label: str,
    public: Key[Array, ""],
    fitted: base.Tree,
) -> float:
    """Writes the synthetic tables of a label; returns the seconds of sampling."""
    num_devices = runs.read_json(run.count)["num_devices"]
    started = time.perf_counter()
    synthetic, generator = drawing.draw(method, schema, fitted, public, num_devices)
    seconds = time.perf_counter() - started
    decode.decode(schema, synthetic, generator, run.synthetic(label))
    return seconds
