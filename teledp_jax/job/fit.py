"""One label of a run: its keys, its ledger, its fit, its tables and what they cost."""

import os
import pathlib
import resource
import shutil
import time
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence

import dp_accounting
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from teledp_jax import arrays, base, errors, keys, registry, runs, schemas
from teledp_jax.answers import query_answers, workload
from teledp_jax.cluster import gang
from teledp_jax.data import decode, definition
from teledp_jax.job import settings
from teledp_jax.privacy import budgets, mechanisms
from teledp_jax.privacy import ledger as ledger_lib
from teledp_jax.queries import catalog
from teledp_jax.studies.intel import bookkeeping

Progress = Callable[[int, int, Mapping[str, float]], None]


def integer_noise(seed: int | None) -> base.IntegerNoise:
    """The sampler of a run: exact, or repeatable where an experiment has a seed."""
    if seed is None:
        return mechanisms.secure_integer_noise
    return mechanisms.seeded_integer_noise


def root_keys(
    seed: int | None, path: pathlib.Path, token: str, *, stream: str
) -> tuple[Key[Array, ""], Key[Array, ""]]:
    """A public and a secret key for one stream of a run.

    Without a seed both come from the operating system, are kept in `path` for
    resumption under the same `token`, and are to be deleted when the stream is done.

    Args:
        seed: Seed of an experiment, or None.
        path: File that keeps the key data, readable by its owner.
        token: Fingerprint of config and source that the keys are bound to.
        stream: Name of the stream; equal seeds give other keys to other streams.
    """
    if seed is not None:
        key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(stream.encode()))
        public, privacy = jax.random.split(key)
        return public, privacy
    saved = runs.read_json(path) if path.exists() else {}
    if saved.get("token") != token:
        size = jax.random.key_data(jax.random.key(0)).size * 4
        saved = {"token": token, "data": [os.urandom(size).hex() for _ in range(2)]}
        runs.write_json(path, saved)
        path.chmod(0o600)
    public, privacy = (
        jax.random.wrap_key_data(
            jnp.asarray(np.frombuffer(bytes.fromhex(data), np.uint32))
        )
        for data in saved["data"]
    )
    return public, privacy


def enter_book(
    job: settings.Settings,
    run: runs.Run,
    public: Key[Array, ""],
    event: dp_accounting.DpEvent,
    *,
    token: str,
    about: str,
) -> None:
    """Writes what is about to be read into the budget book, if the config has one.

    Args:
        job: The checked config.
        run: The run folder; what the book says is kept in it for the report.
        public: The stream's public key: other keys make another release.
        event: All that will be read.
        token: Fingerprint of config and source.
        about: What it is, for people.

    Raises:
        InputError: If all releases of the data set would exceed the owner's cap.
    """
    if job.book is None:
        return
    release = runs.fingerprint(token, jax.random.key_data(public).tolist())
    epsilon = job.book.enter(release, event, about=about, fingerprint=token)
    runs.write_json(
        run.book,
        {
            "data_set": job.book.data_set,
            "epsilon": epsilon,
            "delta": job.book.delta,
            "cap_epsilon": job.book.epsilon,
        },
    )


def check_book(
    job: settings.Settings, tables: definition.Suite, shared: Sequence[ledger_lib.Part]
) -> None:
    """Refuses a run for whose releases the budget book has no room, before it reads.

    A method is made for as many devices as the config states and for the headers'
    domains, since the noisy number and private domains are not known yet; each label
    is held to the book again before its fit.

    Args:
        job: The checked config.
        tables: The suite as its headers state it.
        shared: What will be read for all labels together.

    Raises:
        InputError: If all releases of the data set would exceed the owner's cap.
    """
    if job.book is None:
        return
    budget = _budget(job, shared, job.num_devices)
    parts = [budget.spent]
    parts += [_make(job, tables, label, budget)[0].event for label in job.methods]
    if job.query_answers:
        planned = _plan(job, tables, ())
        parts.append(workload.calibrate(planned.blocks, budget).event)
    job.book.check(dp_accounting.ComposedDpEvent(parts), about="this run")


def _budget(
    job: settings.Settings, shared: Sequence[ledger_lib.Part], num_devices: int
) -> budgets.Budget:
    """The budget of a label, of which what all labels share is spent."""
    return budgets.Budget(
        epsilon=job.epsilon,
        delta=job.delta,
        spent=dp_accounting.ComposedDpEvent([event for _, _, event in shared]),
        num_devices=num_devices,
    )


def _make(
    job: settings.Settings,
    tables: definition.Suite,
    label: str,
    budget: budgets.Budget,
) -> tuple[base.Synthesizer, bookkeeping.Claim | None]:
    """The method of a label, and its claim if it keeps the published study's books."""
    name, config = job.methods[label]
    try:
        if label in job.claimed:
            return bookkeeping.make(name, config, tables.schema, budget)
        return registry.method(name).make(config, tables.schema, budget), None
    except errors.InputError as error:
        raise errors.InputError(f"methods.{label}: {error}") from None


def _plan(
    job: settings.Settings, tables: definition.Suite, missing: Collection[str]
) -> query_answers.Plan:
    """The queries of a run that can be answered directly."""
    queries = catalog.select(catalog.load(job.suite_folder / "queries"), job.workloads)
    planned = query_answers.plan(queries, tables.schema, missing)
    if not planned.blocks:
        raise errors.InputError(
            "query_answers: no query of the workloads declares contributions; set "
            "--config.query_answers=False."
        )
    return planned


def synthesize(
    job: settings.Settings,
    tables: definition.Suite,
    run: runs.Run,
    label: str,
    *,
    shared: Sequence[ledger_lib.Part],
    token: str,
    progress: Progress,
    members: gang.Gang = gang.ALONE,
) -> None:
    """Fits one label, draws its tables, and writes ledger entry and costs.

    Of several processes that fit together, the first one alone writes.

    Args:
        job: The checked config.
        tables: The suite, its schema as it was encoded with.
        run: The run folder, with encoded arrays and the noisy number of devices.
        label: One of `job.methods`.
        shared: What was read before, for all labels.
        token: Fingerprint of everything that the result depends on.
        progress: Told of the steps of the fit.
        members: The processes that fit together; each calls this.

    Raises:
        InputError: If the budget cannot be met.
    """
    name, _ = job.methods[label]
    num_devices = runs.read_json(run.count)["num_devices"]
    budget = _budget(job, shared, num_devices)
    method, claim = _make(job, tables, label, budget)
    ledger = ledger_lib.Ledger(
        epsilon=job.epsilon,
        delta=job.delta,
        claim=None if claim is None else bookkeeping.record(claim),
    )
    for part in (*shared, ("fit", name, method.event)):
        ledger.spend(*part)
    key_file = run.private / "keys" / f"{label}.json"

    def begin() -> list[np.ndarray]:
        entries = runs.read_json(run.ledger)
        entries[label] = ledger.record(num_devices)
        runs.write_json(run.ledger, entries)
        public, privacy = root_keys(job.seed, key_file, token, stream=label)
        about = f"{label}: {name}"
        enter_book(job, run, public, method.event, token=token, about=about)
        return [np.asarray(jax.random.key_data(key)) for key in (public, privacy)]

    # Nobody reads a device before the first process has written what is spent.
    public, privacy = (
        jax.random.wrap_key_data(jnp.asarray(data)) for data in members.once(begin)
    )
    store = members.store(runs.FileStore(run.private / "fits" / label, token))
    fitted = _fitted(
        method,
        keys.split(public, privacy),
        run.arrays,
        tables.schema,
        base.Context(
            store=store,
            progress=progress,
            integer_noise=members.integer_noise(integer_noise(job.seed)),
        ),
        members,
    )
    fit_cost = store.load("fit_cost") or {}
    peak_bytes = max(members.gathered(_peak_rss_bytes()))
    if not members.is_first:
        return

    started = time.perf_counter()
    synthetic = method.sample(jax.random.fold_in(public, 2), fitted, num_devices)
    sample_seconds = time.perf_counter() - started
    arrays.check(tables.schema, synthetic)
    generator = np.random.default_rng(
        np.asarray(jax.random.key_data(jax.random.fold_in(public, 3)))
    )
    decode.decode(tables.schema, synthetic, generator, run.synthetic(label))
    runs.write_json(
        run.cost(label),
        {
            "fit_seconds": fit_cost.get("seconds"),
            "compile_seconds": fit_cost.get("compile"),
            "sample_seconds": sample_seconds,
            "peak_rss_bytes": max(peak_bytes, _peak_rss_bytes()),
            "accelerator_bytes": _accelerator_bytes(),
            "facts": {**method.facts, **fitted.get(base.FACTS, {})},
        },
    )
    key_file.unlink(missing_ok=True)
    shutil.rmtree(run.private / "fits" / label, ignore_errors=True)


def _fitted(
    method: base.Synthesizer,
    streams: keys.Keys,
    folder: pathlib.Path,
    schema: schemas.Schema,
    context: base.Context,
    members: gang.Gang,
) -> base.Tree:
    """The fitted method, from the store or from the own devices of the fleet."""
    compiled = _CompileClock()
    started = time.perf_counter()
    fitted = context.store.load("fitted")
    if fitted is not None:
        return fitted
    part, stop = members.part(arrays.stored_devices(folder, schema))
    devices = arrays.load_range(folder, schema, part.first, stop)
    fitted = method.fit(streams, devices, context._replace(part=part))
    fitted = jax.tree.map(np.asarray, fitted)
    seconds = time.perf_counter() - started
    context.store.save("fitted", fitted)
    context.store.save("fit_cost", {"seconds": seconds, "compile": compiled.seconds})
    return fitted


def answer(
    job: settings.Settings,
    tables: definition.Suite,
    run: runs.Run,
    *,
    shared: Sequence[ledger_lib.Part],
    token: str,
) -> None:
    """Answers the queries that declare contributions, under a budget like a label's.

    Args:
        job: The checked config.
        tables: The suite, its schema as it was encoded with.
        run: The run folder, with device tables and the noisy number of devices.
        shared: What was read before, for all labels.
        token: Fingerprint of everything that the result depends on.

    Raises:
        InputError: If no query declares contributions or the budget cannot be met.
    """
    started = time.perf_counter()
    num_devices = runs.read_json(run.count)["num_devices"]
    planned = _plan(job, tables, runs.read_json(run.missing_tables))
    budget = _budget(job, shared, num_devices)
    noise = workload.calibrate(planned.blocks, budget)
    key_file = run.private / "keys" / f"{query_answers.NAME}.json"
    public, privacy = root_keys(job.seed, key_file, token, stream=query_answers.NAME)
    ledger = ledger_lib.Ledger(epsilon=job.epsilon, delta=job.delta)
    for part in (*shared, ("answers", query_answers.NAME, noise.event)):
        ledger.spend(*part)
    entries = runs.read_json(run.ledger)
    entries[query_answers.NAME] = ledger.record(num_devices)
    runs.write_json(run.ledger, entries)
    enter_book(job, run, public, noise.event, token=token, about=query_answers.NAME)
    query_answers.answer(
        run,
        tables.schema,
        planned,
        noise,
        key=privacy,
        integer_noise=integer_noise(job.seed),
    )
    facts = {
        "sigma": noise.sigma / workload.STEPS,
        "num_answered": len(planned.queries),
        "num_not_answered": len(planned.not_answered),
    }
    seconds = time.perf_counter() - started
    runs.write_json(
        run.cost(query_answers.NAME), {"fit_seconds": seconds, "facts": facts}
    )
    key_file.unlink(missing_ok=True)


class _CompileClock:
    """Seconds that JAX spends on compilation from now on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        """Adds up tracing, lowering and compiling."""
        if event.startswith("/jax/core/compile/"):
            self.seconds += duration_secs


def _peak_rss_bytes() -> int:
    """Peak memory of this process; `getrusage` would begin with its parent's."""
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) * 1024


def _accelerator_bytes() -> int | None:
    """Peak memory of the first accelerator; None on a CPU."""
    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    return (device.memory_stats() or {}).get("peak_bytes_in_use")
