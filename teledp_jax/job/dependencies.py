"""What each stage of a run depends on: config, inputs and SQL; and code."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from teledp_jax import registry, runs, storage
from teledp_jax.data import definition, rawfiles
from teledp_jax.job import learn, provenance, settings
from teledp_jax.queries import catalog
from teledp_jax.suites import hooks

_SETTINGS = "teledp_jax.job.settings"
"""Its code is in no hash, since what it says to a stage is there by value."""


class Stage(NamedTuple):
    """Names a stage of a run.

    Attributes:
        name: As `encode`.
        label: The label that it fits; empty for a stage of the whole run.
    """

    name: str
    label: str = ""

    def __str__(self) -> str:
        """Name for files and people."""
        return f"{self.name}-{self.label}" if self.label else self.name


class Basis(NamedTuple):
    """States what the result of a stage depends on.

    Attributes:
        inputs: Fingerprints by name: what the user states or owns, as keys of the
            config, files of the source and of SQL, those of earlier stages included.
        code: Hash of the code and the package data, and of what it reads by default.
        earlier: The stages whose results it reads.
        spends: Whether it reads real data under noise that no seed repeats: to run it
            again spends budget again.
    """

    inputs: Mapping[str, str]
    code: str
    earlier: tuple[Stage, ...]
    spends: bool

    @property
    def token(self) -> str:
        """Fingerprint of inputs and code."""
        return runs.fingerprint(self.inputs, self.code)

    @property
    def keys_token(self) -> str:
        """Fingerprint that keys and noisy answers are bound to.

        A stage that spends and was killed goes on with the same keys, whatever became
        of the code: to draw anew would spend again.
        """
        return runs.fingerprint(self.inputs) if self.spends else self.token


class Dependencies:
    """Tells what each stage of a run depends on."""

    def __init__(
        self,
        settings: settings.Settings,
        suite: definition.Suite,
        queries: Sequence[catalog.Query],
    ) -> None:
        """Reads SQL; code is read when it is first asked for.

        Args:
            settings: The checked config, methods filled from the queries.
            suite: The suite, without the tables that only other workloads read.
            queries: Those of the workloads.
        """
        self._settings, self._suite = settings, suite
        self._learnt = sorted(learn.columns(settings, suite.schema))
        self._queries = self._sql(query.path for query in queries)
        self._raw = self._sql(
            (
                *(source.file.path for source in suite.sources.values()),
                *_visible(suite.folder.glob("*.yaml")),
            )
        )
        files = (*suite.reporting_files.values(), *suite.device_files.values())
        self._tables = self._sql(file.path for file in files)
        self._code: dict[tuple[str, ...], str] = {}

    def of(self, stage: Stage) -> Basis:
        """Tells what a stage depends on; looks at the files of the source again.

        Args:
            stage: Any stage that leaves a marker.
        """
        code = self._hashed(self._modules(stage))
        return Basis(
            inputs=self._inputs(stage, {}),
            code=runs.fingerprint(code, self._implied(stage)),
            earlier=self._earlier(stage),
            spends=self._settings.spends
            and stage.name in ("encode", "synthesize", "answer"),
        )

    def _earlier(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages whose results a stage reads."""
        tables = (Stage("aggregate"), Stage("encode"))
        if stage.name == "simulate":
            return ()
        if stage.name == "aggregate":
            return (Stage("simulate"),) if self._settings.source is None else ()
        if stage.name == "encode":
            return tables[:1]
        if stage.name in ("synthesize", "noiseless"):
            return tables[1:]
        if stage.name == "answer":
            return tables
        if stage.name == "trust":
            return (Stage("synthesize", stage.label),)
        labels = (Stage("synthesize", label) for label in self._settings.methods)
        answers = (Stage("answer"),) if self._settings.query_answers else ()
        return (*tables, *labels, *answers)

    def _inputs(
        self, stage: Stage, known: dict[Stage, dict[str, str]]
    ) -> dict[str, str]:
        """What a user states or owns, of a stage and of all before it."""
        if stage not in known:
            found: dict[str, str] = {}
            for other in self._earlier(stage):
                found |= self._inputs(other, known)
            known[stage] = found | self._stated(stage) | self._files(stage)
        return known[stage]

    def _files(self, stage: Stage) -> dict[str, str]:
        """Fingerprints of the files that a stage reads."""
        if stage.name == "simulate":
            return self._raw
        if stage.name == "aggregate":
            is_simulated = self._settings.source is None
            source = {} if is_simulated else {"files of config.source": self._source()}
            return {**source, **self._raw, **self._tables}
        if stage.name in ("answer", "evaluate", "trust") or self._asks(stage.label):
            return self._queries
        return {}

    def _keys(self, stage: Stage) -> tuple[str, ...]:
        """Keys and sections of the config that a stage reads."""
        learnt = ("domains", "budget.epsilon", "budget.delta")
        method = f"methods.{stage.label}"
        return {
            "simulate": ("num_devices", "simulation"),
            "aggregate": (
                "window", "device_share", "holdout", "allow_missing_tables",
                "engine", *["ray.num_partitions"] * (self._settings.engine == "ray"),
            ),
            "encode": (
                "seed", "budget.count_stddev",
                *(learnt if self._learnt else ()),
            ),
            "synthesize": (
                "budget.epsilon", "budget.delta", method,
                *["workloads"] * self._reads_workloads(stage.label),
            ),
            "noiseless": (
                "budget.delta", method,
                *["workloads"] * self._reads_workloads(stage.label),
            ),
            "trust": ("workloads", "min_devices", "trust"),
            "answer": ("workloads", "budget.epsilon", "budget.delta"),
            "evaluate": (
                "workloads", "unseen_workloads", "query_answers", "min_devices",
                "noiseless",
            ),
        }[stage.name]  # fmt: skip

    def _values(self, stage: Stage) -> dict[str, Any]:
        """The keys of the config that a stage reads, by their full names."""
        flat = _flat(self._settings.resolved)
        return {
            name: value
            for name, value in flat.items()
            if any(f"{name}.".startswith(f"{key}.") for key in self._keys(stage))
        }

    def _stated(self, stage: Stage) -> dict[str, str]:
        """Fingerprints of the keys that a config sets to other values than defaults.

        A default is code: a new key, or a new default, is no change of the config.
        """
        defaults = _flat(settings.default("").to_dict())
        if stage.name in ("synthesize", "noiseless"):
            defaults |= self._method_defaults(stage.label)
        found = {
            f"config.{name}": runs.fingerprint(value)
            for name, value in self._values(stage).items()
            if runs.fingerprint(value) != runs.fingerprint(defaults.get(name))
        }
        if stage.name in ("encode", "synthesize"):
            found |= self._share(stage)
        if stage.name == "encode" and self._learnt:
            found["columns that are learnt"] = runs.fingerprint(self._learnt)
        if stage.name in ("simulate", "aggregate"):
            found["config.suite"] = runs.fingerprint(self._suite.name)
        if stage.name == "aggregate":
            names = [table.name for table in self._suite.schema.tables]
            found["tables of config.workloads"] = runs.fingerprint(names)
        if stage.name == "evaluate":
            found["labels"] = runs.fingerprint(list(self._settings.methods))
        return found

    def _share(self, stage: Stage) -> dict[str, str]:
        """What a stage has of a budget that several labels share by `release`."""
        if stage.name == "encode" and not self._learnt:
            return {}
        whole = (self._settings.epsilon, self._settings.delta)
        own = self._settings.budget_of(stage.label or None)
        return {} if own == whole else {"config.release": runs.fingerprint(own)}

    def _implied(self, stage: Stage) -> dict[str, Any]:
        """Values that code gave: defaults, and what is filled from the queries."""
        filled = self._filled(stage.label) if stage.name == "synthesize" else {}
        return {**self._values(stage), "filled": filled}

    def _method_defaults(self, label: str) -> dict[str, Any]:
        """Defaults of the `Config` of a label's method, by full names."""
        fields = dataclasses.fields(self._settings.methods[label][1])
        made: dict[str, Any] = {}
        for field in fields:
            if field.default is not dataclasses.MISSING:
                made[field.name] = field.default
            elif field.default_factory is not dataclasses.MISSING:
                made[field.name] = field.default_factory()
        return _flat({"methods": {label: made}})

    def _reads_workloads(self, label: str) -> bool:
        """Whether the fit of a label depends on what the workloads are."""
        return bool(self._filled(label)) or self._asks(label)

    def _asks(self, label: str) -> bool:
        """Whether the fit of a label asks devices the queries themselves."""
        if not label:
            return False
        own = dataclasses.asdict(self._settings.methods[label][1])
        return bool(own.get("tilt_share"))

    def _filled(self, label: str) -> dict[str, Any]:
        """Fields of a label's method that its queries fill, as the config does not."""
        if not label:
            return {}
        stated = self._settings.resolved["methods"][label]
        own = dataclasses.asdict(self._settings.methods[label][1])
        return {
            name: value
            for name, value in own.items()
            if value is not None and stated.get(name) is None
        }

    def _modules(self, stage: Stage) -> tuple[str, ...]:
        """The modules that do the work of a stage."""
        found = hooks.of(self._suite.name)
        compare = (found.compare.__module__,) if found.compare is not None else ()
        if stage.name == "synthesize":
            name, _ = self._settings.methods[stage.label]
            return ("teledp_jax.job.fit", registry.module_name(name))
        return {
            "simulate": (found.simulator,) if found.simulator else (),
            "aggregate": ("teledp_jax.job.reduce",),
            "encode": ("teledp_jax.job.encoding",),
            "answer": ("teledp_jax.job.answer",),
            "trust": ("teledp_jax.job.refits",),
            "noiseless": ("teledp_jax.job.noiseless",),
            "evaluate": ("teledp_jax.evaluation.evaluate", *compare),
        }[stage.name]

    def _hashed(self, modules: tuple[str, ...]) -> str:
        """Hash of the code of modules, read once: what runs was loaded once."""
        if modules not in self._code:
            self._code[modules] = provenance.code_hash(*modules, without=[_SETTINGS])
        return self._code[modules]

    def _sql(self, paths: Iterable[pathlib.Path]) -> dict[str, str]:
        """Fingerprints of files of the suite, by their names in its folder."""
        return {
            str(path.relative_to(self._suite.folder)): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()[:20]
            for path in paths
        }

    def _source(self) -> str:
        """Fingerprint of the raw files of the source."""
        source = self._settings.source
        assert source is not None
        if isinstance(source, storage.Remote):
            return runs.fingerprint(str(source), storage.list_files(source))
        return runs.fingerprint(*rawfiles.find(source))


def _visible(paths: Iterable[pathlib.Path]) -> list[pathlib.Path]:
    """Files that neither an editor nor a Mac hides."""
    return sorted(
        path for path in paths if path.is_file() and not path.name.startswith(".")
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping with names as `budget.epsilon`."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found
