"""The main job, stage by stage."""

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from teledp_jax import errors, runs, storage
from teledp_jax.cluster import gang
from teledp_jax.data import definition
from teledp_jax.evaluation import evaluate
from teledp_jax.job import answer as answer_lib
from teledp_jax.job import (
    cap,
    encoding,
    engine,
    fit,
    ledgers,
    noiseless,
    publish,
    reduce,
    refits,
    setup,
    stages,
)
from teledp_jax.job import settings as settings_lib
from teledp_jax.job.dependencies import Basis, Stage
from teledp_jax.report import page
from teledp_jax.studies.intel.questions import section as questions
from teledp_jax.suites import hooks

Bar = Callable[[str], fit.Progress]
"""Makes a progress bar for a named piece of work."""


def _tell_nobody(done: int, total: int, facts: Mapping[str, float]) -> None:
    """Progress of a process that is not the first."""


def _counter(bar: Bar, name: str) -> Callable[[int, int], None]:
    """A progress bar for work that has no numbers to show."""
    advance = bar(name)
    return lambda done, total: advance(done, total, {})


class Job:
    """Runs the stages of one run folder.

    Attributes:
        settings: The checked config, methods filled from the queries.
        run: The run folder.
        suite: The suite, without the tables that only other workloads read.
    """

    def __init__(
        self,
        settings: settings_lib.Settings,
        run: runs.Run,
        mirror: storage.Mirror | None = None,
        *,
        spend_again: bool = False,
    ) -> None:
        """Checks suite and queries; reads no data and writes nothing.

        Args:
            settings: The checked config.
            run: The run folder, on this machine.
            mirror: Keeps it in object storage as well.
            spend_again: Whether real data that were read under noise may be read
                again, which spends budget again: by a stage on which something
                changed, or where other runs have read the data set.

        Raises:
            InputError: If a header, a statement or a query is at fault.
        """
        settings = dataclasses.replace(settings, spend_again=spend_again)
        self._setup = setup.Setup(settings, run)
        self.settings, self.suite = self._setup.settings, self._setup.suite
        self.run = run
        self._mirror = mirror
        self._stages = stages.Stages(
            run, mirror, self._setup.dependencies.of, spend_again=spend_again
        )
        self._hooks = hooks.of(self.suite.name)

    @property
    def learnt(self) -> definition.Suite:
        """The suite with private domains as they were learnt, after `encode`."""
        return self._setup.learnt

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
            self._setup.describe()
            self._stages.keep()
            yield

    def simulate(self, bar: Bar) -> None:
        """Writes raw files of a simulated fleet, or loads those of a public one."""

        def action(basis: Basis) -> None:
            shutil.rmtree(self.run.raw, ignore_errors=True)
            hooks.write_raw(
                self.settings.suite,
                self.run.raw,
                source=[source.file for source in self.suite.sources.values()],
                num_devices=self.settings.num_devices,
                simulation=self.settings.simulation,
                progress=_counter(bar, "simulate"),
            )

        if self.settings.source is None:
            self._stages.once(Stage("simulate"), action)

    def aggregate(self, bar: Bar) -> None:
        """Reduces raw files to device tables, holdout apart.

        Raises:
            InputError: If files are at fault, if the budget book has no room for the
                releases of this run, or if a label was fitted to other inputs; then
                nothing was read.
        """

        def action(basis: Basis) -> None:
            reduce.reduce_all(
                self.settings,
                self.suite,
                self.run,
                token=basis.token,
                progress=_counter(bar, "aggregate"),
            )
            runs.write_json(self.run.missing_tables, self._setup.missing)

        if self.settings.source is None:
            self._stages.need(Stage("simulate"), same_code=True)
        if not self._stages.finished(Stage("aggregate")):
            cap.check(
                self.settings,
                self.suite,
                self.run,
                [name for name in self.settings.labels if not self._is_read(name)],
                shared=self._setup.shared,
                is_shared_spent=self._stages.finished(Stage("encode")),
            )
        self._stages.once(Stage("aggregate"), action)
        shutil.rmtree(self.run.staging, ignore_errors=True)

    def _is_read(self, label: str) -> bool:
        """Whether a label has read what it reads, and will not read it again."""
        if label == runs.QUERY_ANSWERS:
            return self._stages.finished(Stage("answer"))
        return self._stages.finished(Stage("synthesize", label))

    def cluster(self) -> contextlib.AbstractContextManager[None]:
        """Connects to the cluster of engine `ray`."""
        return engine.connection_of(self.settings, self.run)

    def encode(self, bar: Bar) -> None:
        """Learns private domains, encodes the fleet, counts it under noise.

        Writes arrays, two halves of the fleet and its ceiling.
        """

        def action(basis: Basis) -> None:
            encoding.encode_all(
                self.settings,
                self.suite.schema,
                self._setup.inquiry,
                self.run,
                shared=self._setup.shared,
                token=basis.keys_token,
                progress=_counter(bar, "encode"),
            )

        def forget() -> None:
            self.run.count.unlink(missing_ok=True)
            self.run.domains.unlink(missing_ok=True)

        self._stages.once(Stage("encode"), action, forget=forget)
        self._setup.describe()

    def is_synthesized(self, label: str) -> bool:
        """Tells whether a label's tables are there, and need not be drawn again.

        Raises:
            InputError: If there is no such label or no encoded fleet to fit it on; if
                it was fitted to other inputs and may not spend again.
        """
        if label not in self.settings.methods:
            raise errors.InputError(
                f"No label {label!r}; known: {', '.join(self.settings.methods)}."
            )
        self._stages.need(Stage("encode"), same_code=True)
        return self._stages.finished(Stage("synthesize", label))

    def synthesize(self, label: str, bar: Bar, members: gang.Gang = gang.ALONE) -> None:
        """Fits one label and draws its tables.

        Args:
            label: One of `settings.methods`.
            bar: Makes the progress bar of the fit, in the first process.
            members: The processes that fit together; each calls this.
        """
        stage = Stage("synthesize", label)

        def action(basis: Basis) -> None:
            fit.synthesize(
                self.settings,
                self.learnt,
                self.run,
                label,
                shared=self._setup.shared,
                token=fit.Token(inputs=basis.keys_token, code=basis.code),
                progress=bar(f"fit {label}") if members.is_first else _tell_nobody,
                members=members,
            )

        finished = members.once(lambda: self.is_synthesized(label))
        if members.is_first:
            self._stages.once(stage, action)
        elif not finished:
            action(self._setup.dependencies.of(stage))

    def is_graded(self, label: str) -> bool:
        """Tells whether a label's answers are graded, or need not be."""
        graded = self.settings.is_graded(label)
        return not graded or self._stages.finished(Stage("trust", label))

    def grade(self, label: str, bar: Bar) -> None:
        """Refits a label on its own tables and grades its answers, if it has refits.

        Args:
            label: One of `settings.methods`, synthesized.
            bar: Makes the progress bar.
        """

        def action(basis: Basis) -> None:
            refits.grade(
                self.settings,
                self.learnt,
                self.run,
                label,
                shared=self._setup.shared,
                progress=bar(f"refit {label}"),
            )

        if self.settings.is_graded(label):
            self._stages.need(Stage("synthesize", label))
            self._stages.once(Stage("trust", label), action)

    def answer(self) -> None:
        """Answers queries under noise, without synthetic data, if the config asks."""

        def action(basis: Basis) -> None:
            answer_lib.answer(
                self.settings,
                self.learnt,
                self.run,
                shared=self._setup.shared,
                token=basis.keys_token,
            )

        if self.settings.query_answers:
            self._stages.need(Stage("encode"))
            self._stages.once(Stage("answer"), action)

    def evaluate(self, bar: Bar) -> None:
        """Grades releases, adds up the ledger, runs queries and scores every label."""

        def action(basis: Basis) -> None:
            bare = noiseless.fit_all(self.settings, self.learnt, self.run, self._stages)
            ledgers.add_up(self.settings, self.run, self._setup.shared)
            evaluate.evaluate(
                self.run,
                self.learnt,
                self.settings.workloads,
                self.settings.labels,
                unseen=self.settings.unseen_workloads,
                noiseless=bare,
                min_devices=self.settings.min_devices,
                missing_tables=runs.read_json(self.run.missing_tables),
                progress=_counter(bar, "evaluate"),
            )
            if self._hooks.compare is not None:
                self.compare()

        for label in self.settings.methods:
            self._stages.need(Stage("synthesize", label))
            self.grade(label, bar)
        self.answer()
        self._stages.once(Stage("evaluate"), action)

    def compare(self) -> dict[str, Any]:
        """Compares synthetic data with the real data as the suite's hook does.

        Returns:
            What it found, as it is written in the run folder.

        Raises:
            InputError: If the suite has no such hook or a table is absent.
        """
        compare, name = self._hooks.compare, self.settings.suite
        if compare is None:
            raise errors.InputError(f"Suite {name} compares nothing more.")
        return compare(
            self.run,
            self.suite,
            list(self.settings.methods),
            source=self.settings.source,
            simulation_seed=self.settings.simulation["seed"],
        )

    def report(self) -> storage.Place:
        """Writes the page and, unless the run is seeded, what may leave.

        Returns:
            The page.
        """
        self._stages.need(Stage("evaluate"))
        publish.publish(self.settings, self.learnt, self.run)
        asked = questions.WORKLOAD in self.settings.workloads
        study = (questions.addition,) if asked else ()
        written = page.write(
            self.run,
            self.learnt,
            rates=self._hooks.rates,
            make_additions=(*study, *self._hooks.additions),
        )
        self._stages.keep()
        return self._mirror.remote / written.name if self._mirror else written
