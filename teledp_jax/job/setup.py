"""A config, its suite and its queries, checked and put together before a run."""

import dataclasses
import pathlib

from teledp_jax import errors, runs
from teledp_jax.authoring import check
from teledp_jax.data import definition, rawfiles, suite
from teledp_jax.job import dependencies, encoding, learn, provenance, settings
from teledp_jax.privacy import ledger
from teledp_jax.queries import catalog, dry_run, variables


class Setup:
    """Holds what all stages of a run share.

    Attributes:
        settings: The checked config, methods filled from the queries.
        run: The run folder.
        suite: The suite, without the tables that only other workloads read, and without
            those that the source lacks: what a run does not read it does not release.
        missing: Names of the device tables that the source cannot fill.
        inquiry: What is asked of private domains; None if all are public.
        dependencies: What each stage depends on.
    """

    def __init__(self, settings: settings.Settings, run: runs.Run) -> None:
        """Checks suite and queries; reads no data and writes nothing.

        Args:
            settings: The checked config.
            run: The run folder.

        Raises:
            InputError: If a header, a statement or a query is at fault.
        """
        loaded = _load(settings.suite_folder)
        queries = catalog.load(settings.suite_folder / "queries")
        selected = catalog.select(queries, settings.judged)
        self.run = run
        whole = loaded.without(catalog.only_others(queries, selected))
        dry_run.check(selected, whole.schema)
        self.missing = _missing(settings, whole)
        self.suite = whole.without(self.missing)
        schema = self.suite.schema
        selected = [q for q in selected if not set(q.tables) & set(self.missing)]
        self.inquiry = learn.inquire(settings, schema)
        self.settings = settings.filled(
            lambda method: variables.fill(
                method,
                schema,
                [q for q in selected if q.workload in settings.workloads],
            )
        )
        self.dependencies = dependencies.Dependencies(
            self.settings, self.suite, selected
        )

    @property
    def learnt(self) -> definition.Suite:
        """The suite with private domains as they were learnt, after `encode`."""
        if self.inquiry is None:
            return self.suite
        schema = learn.learnt(self.suite.schema, self.run)
        return dataclasses.replace(self.suite, schema=schema)

    @property
    def shared(self) -> list[ledger.Part]:
        """What is read once for all labels."""
        parts = [encoding.count_part(self.settings)]
        if self.inquiry is not None:
            encode = self.dependencies.of(dependencies.Stage("encode"))
            parts.append(learn.part(self.inquiry, self.run, encode.keys_token))
        return parts

    @property
    def _seed_policy(self) -> str:
        """What keys and fits without noise mean for a release, in words."""
        if self.settings.noiseless:
            return "experiment with fits without noise: no release"
        if self.settings.seed is not None:
            return "seeded experiment: repeatable, no release"
        return "keys from the operating system, deleted after use"

    def describe(self) -> None:
        """Writes `config.json`."""
        counted = self.run.count.exists()
        seeded = self.settings.seed is not None
        runs.write_json(
            self.run.config,
            {
                "config": self.settings.resolved,
                **provenance.describe(),
                "seeded": seeded,
                "noiseless": self.settings.noiseless,
                "seed_policy": self._seed_policy,
                "num_devices": runs.read_json(self.run.count)["num_devices"]
                if counted
                else None,
            },
        )


def _load(folder: pathlib.Path) -> definition.Suite:
    """Reads a suite; if it is at fault, one error tells all of its faults."""
    try:
        return suite.load(folder)
    except errors.InputError:
        errors.refuse(check.check(folder).faults)
        raise  # of a fault that no file has by itself


def _missing(settings: settings.Settings, suite: definition.Suite) -> tuple[str, ...]:
    """Device tables that may be left out, for the source lacks files of theirs."""
    if settings.source is None or not settings.allow_missing_tables:
        return ()
    found = rawfiles.present(suite, settings.source)
    lacking = rawfiles.unfilled(suite, found)
    # Without its anchor there is no fleet: to aggregate says what is missing.
    return tuple(name for name in lacking if name != suite.schema.anchor.name)
