"""The main job, stage by stage."""

import contextlib
import dataclasses
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from absl import logging

import teledp_jax
from teledp_jax import arrays, errors, runs, storage
from teledp_jax.answers import query_answers, releases
from teledp_jax.cluster import gang
from teledp_jax.data import decode, definition, encode, sqlfile, suite
from teledp_jax.evaluation import evaluate
from teledp_jax.job import fit, learn, provenance, reduce, settings, stages
from teledp_jax.privacy import events, ledger
from teledp_jax.queries import catalog, dry_run, variables
from teledp_jax.report import card, page
from teledp_jax.studies.intel.questions import section as questions
from teledp_jax.suites import hooks

Bar = Callable[[str], fit.Progress]
"""Makes a progress bar for a named piece of work."""


def _tell_nobody(done: int, total: int, facts: Mapping[str, float]) -> None:
    """Progress of a process that is not the first."""


class Job:
    """One run folder and everything that its stages share."""

    def __init__(
        self,
        config: settings.Settings,
        run: runs.Run,
        mirror: storage.Mirror | None = None,
    ) -> None:
        """Checks suite and queries; reads no data and writes nothing.

        Args:
            config: The config.
            run: The run folder, on this machine.
            mirror: Keeps it in object storage as well.

        Raises:
            InputError: If a header, a statement or a query is at fault.
        """
        self.run = run
        self._mirror = mirror
        loaded = suite.load(config.suite_folder)
        queries = catalog.load(config.suite_folder / "queries")
        selected = catalog.select(queries, config.workloads)
        self.suite = loaded.without(catalog.only_others(queries, selected))
        dry_run.check(selected, self.suite.schema)
        self._domains = learn.plan(config, self.suite.schema)
        self.config = config.filled(
            lambda method: variables.fill(method, self.suite.schema, selected)
        )
        sources = sorted(pathlib.Path(teledp_jax.__file__).parent.rglob("*.py"))
        sources += sqlfile.paths(config.suite_folder)
        sources += sorted(config.suite_folder.glob("*.yaml"))
        self._code = runs.fingerprint(*(path.read_text() for path in sources))
        self._stages = stages.Stages(run, mirror, self._token)
        self._hooks = hooks.of(self.suite.name)

    @property
    def learnt(self) -> definition.Suite:
        """The suite with private domains as they were learnt, after `encode`."""
        if self._domains is None:
            return self.suite
        schema = learn.learnt(self.suite.schema, self.run)
        return dataclasses.replace(self.suite, schema=schema)

    @property
    def _shared(self) -> list[ledger.Part]:
        """What is read for all labels together."""
        config = self.config
        event = events.DiscreteGaussianDpEvent(config.count_stddev)
        parts: list[ledger.Part] = [("count", "noisy number of devices", event)]
        if self._domains is not None:
            about = "private bins, vocabularies and shares of tables"
            parts.append(("domains", about, self._domains.mechanism.event))
        return parts

    def _token(self, stage: str, label: str = "") -> str:
        """Fingerprint of all that a stage's result depends on."""
        config = self.config
        if stage == "simulate":
            parts = [config.suite, config.num_devices, config.simulation]
            parts += [sorted(self.suite.sources)]
        elif stage == "aggregate":
            parts = [
                self._token("simulate") if config.source is None else self._files(),
                config.window, config.device_share, config.holdout,
                config.allow_missing_tables,
                [table.name for table in self.suite.schema.tables],
                config.engine, reduce.num_partitions(config),
            ]  # fmt: skip
        elif stage == "encode":
            parts = [self._token("aggregate"), config.count_stddev, config.seed]
            if self._domains is not None:
                asked = config.resolved["domains"]
                parts += [asked, config.epsilon, config.delta]
        elif stage == "synthesize":
            method = [config.resolved["methods"][label], repr(config.methods[label])]
            budget = [config.epsilon, config.delta]
            parts = [self._token("encode"), label, method, budget]
        elif stage == "answer":
            parts = [self._token("encode"), config.workloads]
            parts += [config.epsilon, config.delta]
        else:
            parts = [self._token("encode"), config.workloads, config.query_answers]
            parts += [self._token("synthesize", label) for label in config.methods]
        return runs.fingerprint(stage, self._code, *parts)

    def _files(self) -> str:
        """Fingerprint of the raw files of the source."""
        source = self.config.source
        assert source is not None
        if isinstance(source, storage.Remote):
            return runs.fingerprint(str(source), storage.list_files(source))
        return runs.fingerprint(*sorted(source.rglob("*.parquet")))

    @contextlib.contextmanager
    def open(self, *, locked: bool = True) -> Iterator[None]:
        """Makes the run folder and holds it against a second run.

        Args:
            locked: False where a caller holds the folder already.

        Raises:
            InputError: If the folder cannot be written or another run holds it.
        """
        self.run.create()
        if not locked:
            yield
            return
        with self._stages.hold():
            self._describe()
            self._stages.keep()
            yield

    def _describe(self) -> None:
        """Writes `config.json`."""
        counted = self.run.count.exists()
        seeded = self.config.seed is not None
        runs.write_json(
            self.run.config,
            {
                "config": self.config.resolved,
                **provenance.describe(),
                "seeded": seeded,
                "seed_policy": "seeded experiment: repeatable, no release"
                if seeded
                else "keys from the operating system, deleted after use",
                "num_devices": runs.read_json(self.run.count)["num_devices"]
                if counted
                else None,
            },
        )

    def simulate(self, bar: Bar) -> None:
        """Writes raw files of a simulated fleet, or loads those of a public one."""
        if self.config.source is not None:
            logging.info("simulate: not needed, raw files lie in the source")
            return
        self._stages.once("simulate", lambda: self._simulate(bar))

    def _simulate(self, bar: Bar) -> None:
        """Body of `simulate`."""
        shutil.rmtree(self.run.raw, ignore_errors=True)
        advance = bar("simulate")
        hooks.write_raw(
            self.config.suite,
            self.run.raw,
            source=[source.file for source in self.suite.sources.values()],
            num_devices=self.config.num_devices,
            simulation=self.config.simulation,
            progress=lambda done, total: advance(done, total, {}),
        )

    def aggregate(self, bar: Bar) -> None:
        """Reduces raw files to device tables, holdout apart.

        Raises:
            InputError: If files are at fault, or the budget book has no room for the
                releases of this run; then nothing was read.
        """
        if not self._stages.finished("aggregate"):
            fit.check_book(self.config, self.suite, self._shared)
        self._stages.once("aggregate", lambda: self._aggregate(bar))
        shutil.rmtree(self.run.staging, ignore_errors=True)

    def _aggregate(self, bar: Bar) -> None:
        """Body of `aggregate`."""
        advance = bar("aggregate")
        missing = reduce.aggregate_all(
            self.config,
            self.suite,
            self.run,
            token=self._token("aggregate"),
            progress=lambda done, total: advance(done, total, {}),
        )
        runs.write_json(self.run.missing_tables, missing)

    def cluster(self) -> contextlib.AbstractContextManager[None]:
        """A connection to the cluster of engine `ray`."""
        return reduce.cluster_of(self.config, self.run)

    def encode(self, bar: Bar) -> None:
        """Learns private domains, encodes the fleet, counts it under noise.

        Writes arrays, two halves of the fleet and its ceiling.
        """
        self._stages.once("encode", lambda: self._encode(bar))
        self._describe()

    def _encode(self, bar: Bar) -> None:
        """Body of `encode`."""
        advance = bar("encode")
        self._enter_shared(num_devices=0)  # before anything is read
        shutil.rmtree(self.run.public_ceiling, ignore_errors=True)
        if self._domains is not None:
            learn.learn(
                self.config,
                self.suite.schema,
                self._domains,
                self.run,
                token=self._token("encode"),
            )
            self._encode_as_stated()
        schema = self.learnt.schema
        reduce.encode_all(
            self.config,
            schema,
            self.run,
            token=self._token("aggregate"),
            progress=lambda done, total: advance(done, total, {}),
        )
        self._count(arrays.stored_devices(self.run.arrays, schema))

    def _encode_as_stated(self) -> None:
        """Writes the ceiling of the headers' domains, to hold private ones to it."""
        schema, generator = self.suite.schema, np.random.default_rng(0)
        devices, _ = encode.encode(schema, self.run.real)
        decode.decode(schema, devices, generator, self.run.public_ceiling)

    def _count(self, exact: int) -> None:
        """Releases the number of devices, once; its event is in every ledger."""
        config, token = self.config, self._token("encode")
        path = self.run.private / "keys" / "count.json"
        saved = runs.read_json(self.run.count) if self.run.count.exists() else {}
        if saved.get("token") != token:
            public, privacy = fit.root_keys(config.seed, path, token, stream="count")
            event = events.DiscreteGaussianDpEvent(config.count_stddev)
            fit.enter_book(
                config, self.run, public, event, token=token, about="number of devices"
            )
            add_noise = fit.integer_noise(config.seed)
            noisy = add_noise(privacy, np.array([exact]), config.count_stddev)
            saved = {"token": token, "num_devices": max(int(noisy[0]), 1)}
            runs.write_json(self.run.count, saved)
        self._enter_shared(num_devices=saved["num_devices"])
        path.unlink(missing_ok=True)

    @property
    def _labels(self) -> list[str]:
        """Labels of methods, and that of answers to queries if the config asks."""
        return [*self.config.methods, *[query_answers.NAME] * self.config.query_answers]

    def _enter_shared(self, *, num_devices: int) -> None:
        """Writes what all labels share into the ledger of each."""
        entries = {}
        for label in self._labels:
            book = ledger.Ledger(epsilon=self.config.epsilon, delta=self.config.delta)
            for part in self._shared:
                book.spend(*part)
            entries[label] = book.record(num_devices)
        runs.write_json(self.run.ledger, entries)

    def is_synthesized(self, label: str) -> bool:
        """Whether a label's tables were drawn under this config, inputs and code.

        Raises:
            InputError: If there is no such label or no encoded fleet to fit it on.
        """
        if label not in self.config.methods:
            raise errors.InputError(
                f"No label {label!r}; known: {', '.join(self.config.methods)}."
            )
        self._stages.need("encode")
        return self._stages.finished("synthesize", label)

    def synthesize(self, label: str, bar: Bar, members: gang.Gang = gang.ALONE) -> None:
        """Fits one label and draws its tables.

        Args:
            label: One of `config.methods`.
            bar: Makes the progress bar of the fit, in the first process.
            members: The processes that fit together; each calls this.
        """

        def action() -> None:
            fit.synthesize(
                self.config,
                self.learnt,
                self.run,
                label,
                shared=self._shared,
                token=self._token("synthesize", label),
                progress=bar(f"fit {label}") if members.is_first else _tell_nobody,
                members=members,
            )

        finished = members.once(lambda: self.is_synthesized(label))
        if members.is_first:
            self._stages.once("synthesize", action, label)
        elif not finished:
            action()

    def answer(self) -> None:
        """Answers queries under noise, without synthetic data, if the config asks."""
        if not self.config.query_answers:
            return
        self._stages.need("encode")
        token = self._token("answer")
        self._stages.once(
            "answer",
            lambda: fit.answer(
                self.config, self.learnt, self.run, shared=self._shared, token=token
            ),
        )

    def evaluate(self, bar: Bar) -> None:
        """Adds up the ledger, runs the queries and scores every label."""
        for label in self.config.methods:
            self._stages.need("synthesize", label)
        self.answer()
        self._stages.once("evaluate", lambda: self._evaluate(bar))

    def _evaluate(self, bar: Bar) -> None:
        """Body of `evaluate`."""
        entries = runs.read_json(self.run.ledger)
        entries = {label: entries[label] for label in self._labels}
        if entries:
            count = runs.read_json(self.run.count)["num_devices"]
            entries["total"] = ledger.total(entries, num_devices=count)
        runs.write_json(self.run.ledger, entries)
        advance = bar("evaluate")
        evaluate.evaluate(
            self.run,
            self.learnt,
            self.config.workloads,
            self._labels,
            missing_tables=runs.read_json(self.run.missing_tables),
            progress=lambda done, total: advance(done, total, {}),
        )
        if self._hooks.compare is not None:
            self.compare()

    def compare(self) -> dict[str, Any]:
        """Compares synthetic data with the real data as the suite's hook does.

        Returns:
            What it found, as it is written in the run folder.

        Raises:
            InputError: If the suite has no such hook or a table is absent.
        """
        compare = self._hooks.compare
        if compare is None:
            raise errors.InputError(f"Suite {self.config.suite} compares nothing more.")
        return compare(
            self.run,
            self.suite,
            list(self.config.methods),
            source=self.config.source,
            simulation_seed=self.config.simulation["seed"],
        )

    def report(self) -> storage.Place:
        """Writes the page and, unless the run is seeded, what may leave.

        A label that keeps its books as the published study does has no release.

        Returns:
            The page.
        """
        self._stages.need("evaluate")
        for stale in (self.run.folder / "release").glob("*"):
            if stale.is_dir() and stale.name != releases.NAME:  # of another script
                shutil.rmtree(stale)
        if self.config.seed is None:
            for label in self.config.methods:
                if label not in self.config.claimed:
                    self._release(label)
        written = page.write(
            self.run,
            self.learnt,
            rates=self._hooks.rates,
            make_additions=(questions.addition, *self._hooks.additions),
        )
        self._stages.keep()
        return self._mirror.remote / written.name if self._mirror else written

    def _release(self, label: str) -> None:
        """Writes the card of a label, which checks its budget; copies its tables."""
        card.write(self.run, label)
        folder = self.run.release(label)
        for table in self.suite.schema.tables:
            name = f"{table.name}.parquet"
            with runs.atomic(folder / name) as temporary:
                shutil.copyfile(self.run.synthetic(label) / name, temporary)
