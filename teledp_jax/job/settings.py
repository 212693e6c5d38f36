"""A config, checked: every fault is found before anything is read or written."""

import dataclasses
import pathlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import ml_collections

from teledp_jax import errors, registry, runs, storage
from teledp_jax.data import planning, shipped, sqlfile, warehouse
from teledp_jax.job import config_keys, sections
from teledp_jax.job import labels as labels_lib
from teledp_jax.privacy import book as book_lib
from teledp_jax.privacy import budgets

default, entry = config_keys.default, registry.entry
_UNSEEN = "unseen"
"""A workload of this name is only run where a config asks."""

_RESERVED = (
    "real", "half_sample", "ceiling", "ceiling_public", "total", "capped",
    "second_draw", "private_answers", "query_answers",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """A checked config; fields as in `default`.

    Attributes:
        suite: Name of the suite.
        suite_folder: Where its SQL lies.
        methods: Label to (method name, its `Config`).
        book: Where releases are written down; None: there is no real source.
        release: Labels that may leave, as the config names them; empty: the first
            one. Not all of them need be among `methods`, of which a command may run a
            part.
        claimed: Labels whose books are kept as the published study keeps them.
        resolved: The config as plain values, for `config.json`.
        spend_again: Whether a data set that other runs have read may be read again.
    """

    suite: str
    suite_folder: pathlib.Path
    source: storage.Place | None
    num_devices: int
    simulation: Mapping[str, Any]
    device_share: float
    workloads: tuple[str, ...]
    unseen_workloads: tuple[str, ...]
    window: tuple[str, str]
    epsilon: float
    delta: float
    count_stddev: float
    book: book_lib.Book | None
    domains: sections.Domains
    query_answers: bool
    noiseless: bool
    min_devices: int
    trust: sections.Trust
    seed: int | None
    holdout: float
    allow_missing_tables: bool
    memory_limit: str
    temp_folder: pathlib.Path | None
    temp_limit: str | None
    passes: int
    buckets: str | None
    engine: str
    ray: sections.Ray
    methods: Mapping[str, tuple[str, Any]]
    claimed: frozenset[str]
    release: tuple[str, ...]
    resolved: Mapping[str, Any]
    spend_again: bool = False

    @property
    def labels(self) -> list[str]:
        """Labels of methods, and that of answers to queries if the config asks."""
        return [*self.methods, *[runs.QUERY_ANSWERS] * self.query_answers]

    @property
    def released(self) -> list[str]:
        """The labels that may leave, of those that run; none if some have no noise."""
        if self.noiseless:
            return []
        private = [label for label in self.methods if label not in self.claimed]
        if not self.release:
            return private[:1]
        return [label for label in private if label in self.release]

    def budget_of(self, label: str | None) -> tuple[float, float]:
        """Divides the budget: labels that leave together have equal shares of it.

        By the composition of approximate differential privacy, shares add up to the
        budget at most. A label that stays has a whole budget, as if only it left.

        Args:
            label: The label; None: what all labels share.

        Returns:
            Epsilon and delta.
        """
        shares = max(len(self.release), 1)
        if label is not None and label not in self.release:
            shares = 1
        return self.epsilon / shares, self.delta / shares

    def only(self, labels: Collection[str]) -> "Settings":
        """Keeps some of the labels; what may leave does not grow by it."""
        methods = {name: self.methods[name] for name in self.methods if name in labels}
        stated = self.resolved["methods"]
        kept = {name: stated[name] for name in stated if name in labels}
        resolved = {**self.resolved, "methods": kept}
        return dataclasses.replace(self, methods=methods, resolved=resolved)

    @property
    def spends(self) -> bool:
        """Whether a fit spends budget: on a real source, with keys that no seed gives.

        A simulated fleet has no devices to protect, and a seeded run releases nothing.
        """
        return self.source is not None and self.seed is None

    @property
    def judged(self) -> tuple[str, ...]:
        """All workloads whose queries are run: those that no method is told of too."""
        return (*self.workloads, *self.unseen_workloads)

    def is_graded(self, label: str) -> bool:
        """Tells whether a label has refits: it will be released and the config asks."""
        wanted = self.trust.num_refits > 0 and self.seed is None
        return wanted and label in self.released

    def filled(self, fill: Callable[[Any], Any]) -> "Settings":
        """Passes each method's `Config` through `fill`."""
        methods = {
            label: (name, fill(config))
            for label, (name, config) in self.methods.items()
        }
        return dataclasses.replace(self, methods=methods)

    def __post_init__(self) -> None:
        errors.refuse(list(self._faults()))

    def _faults(self) -> Iterator[str]:
        """Tells all values that are out of range, or do not go together."""
        yield from _told(lambda: budgets.check(self.epsilon, self.delta))
        if self.source is not None and not self.source.is_dir():
            yield f"source={self.source}: no such folder."
        if self.source is None and self.num_devices < 1:
            yield f"Expected num_devices > 0, got {self.num_devices}."
        for name, value, low in (
            ("holdout", self.holdout, 0.0),
            ("device_share", 1 - self.device_share, 0.0),
        ):
            if not low <= value < 1:
                yield f"{name}: expected a share, got {value}."
        if self.noiseless and self.source is not None:
            yield (
                "noiseless: fits without noise are for simulated or public data, and "
                f"config.source={self.source} is neither; leave one of them out."
            )
        if self.min_devices < 1:
            yield f"min_devices: expected 1 or more, got {self.min_devices}."
        if self.engine not in ("local", "ray"):
            yield f"engine={self.engine!r} is unknown; use local or ray."
        if self.buckets is not None and self.engine != "local":
            yield "buckets: only engine local reads by bucket."
        own_book = self.resolved["budget"]["book"]
        if self.spends and self.engine == "ray" and self.ray.address and not own_book:
            yield (
                f"ray.address={self.ray.address!r}: fits may run on machines that lack "
                "the ledger of this user; state budget.book, a file that all of them "
                "see, with budget.data_set and budget.cap_epsilon."
            )
        if self.count_stddev <= 0:
            yield "Expected budget.count_stddev > 0."
        yield from _told(lambda: warehouse.num_bytes(self.memory_limit))
        if (limit := self.temp_limit) is not None:
            yield from _told(lambda: warehouse.num_bytes(limit, name="temp_limit"))
        if not 0 <= self.passes <= planning.MOST:
            yield f"passes={self.passes}: expected 0 (chosen) to {planning.MOST}."
        if self.seed is not None and self.seed < 0:
            yield f"seed={self.seed}: expected 0 or more."
        known = _workloads(self.suite_folder)
        for key in ("workloads", "unseen_workloads"):
            if unknown := set(getattr(self, key)) - set(known):
                yield (
                    f"{key}: {self.suite} has no {sorted(unknown)}; known: "
                    f"{list(known)}."
                )
        if both := set(self.workloads) & set(self.unseen_workloads):
            yield (
                f"unseen_workloads: {sorted(both)} are in workloads too, of which "
                "methods are told."
            )
        for label in self.methods:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", label):
                yield f"methods.{label}: use letters, digits and _ . - in a label."
            if label in _RESERVED:
                yield f"methods.{label}: the label is reserved."


def _told(check: Callable[[], object]) -> Iterator[str]:
    """The fault that a check raises, if it does."""
    try:
        check()
    except errors.InputError as error:
        yield str(error)


def _workloads(suite_folder: pathlib.Path) -> tuple[str, ...]:
    """Names of the folders of `queries/` that hold SQL; other files do not count."""
    files = sqlfile.paths(suite_folder / "queries")
    return tuple(sorted({path.parent.name for path in files}))


def resolve(config: ml_collections.ConfigDict) -> Settings:
    """Checks a config and gives it types.

    Raises:
        InputError: If a key is missing or unknown, or its value cannot be used.
    """
    plain = config.to_dict()
    known = set(default("").to_dict())
    if problem := sorted(set(plain) ^ known):
        raise errors.InputError(f"config: missing or unknown keys {problem}.")
    errors.refuse(config_keys.faults(plain))
    budget = plain["budget"]
    for key in ("epsilon", "delta"):
        if budget.get(key) is None:
            raise errors.InputError(f"budget.{key}: state it; there is no default.")
    methods = {
        label: labels_lib.method(label, dict(fields))
        for label, fields in plain["methods"].items()
    }
    suite_folder = shipped.suite(plain["suite"])
    unseen = tuple(plain["unseen_workloads"])
    workloads = tuple(plain["workloads"]) or tuple(
        name for name in _workloads(suite_folder) if name not in (*unseen, _UNSEEN)
    )
    source = storage.place(plain["source"]) if plain["source"] else None
    claimed = frozenset(
        label for label, fields in plain["methods"].items() if fields.get("bookkeeping")
    )
    return Settings(
        suite=suite_folder.name,
        suite_folder=suite_folder,
        source=source,
        num_devices=plain["num_devices"],
        simulation=plain["simulation"],
        device_share=plain["device_share"],
        workloads=workloads,
        unseen_workloads=unseen,
        window=_window(plain["window"]),
        epsilon=float(budget["epsilon"]),
        delta=float(budget["delta"]),
        count_stddev=float(budget["count_stddev"]),
        book=_book(budget, source if plain["seed"] is None else None),
        domains=_section("domains", plain["domains"], sections.Domains),
        query_answers=bool(plain["query_answers"]),
        noiseless=bool(plain["noiseless"]),
        min_devices=plain["min_devices"],
        trust=_section("trust", plain["trust"], sections.Trust),
        seed=plain["seed"],
        holdout=plain["holdout"],
        allow_missing_tables=plain["allow_missing_tables"],
        memory_limit=plain["memory_limit"],
        temp_folder=pathlib.Path(plain["temp_folder"])
        if plain["temp_folder"]
        else None,
        temp_limit=plain["temp_limit"],
        passes=plain["passes"],
        buckets=plain["buckets"],
        engine=plain["engine"],
        ray=_section("ray", plain["ray"], sections.Ray),
        methods=methods,
        claimed=claimed,
        release=labels_lib.release(plain["release"], methods, claimed),
        resolved=plain,
    )


def _window(window: Any) -> tuple[str, str]:
    """The two days of a config's window."""
    warehouse.parse_window(window)
    first, last = window
    return first, last


def _book(
    budget: Mapping[str, Any], source: storage.Place | None
) -> book_lib.Book | None:
    """The budget book that a config names, or the ledger of a real source."""
    if isinstance(source, pathlib.Path):
        source = source.resolve()
    return book_lib.from_settings(
        budget["book"],
        data_set=budget["data_set"],
        cap_epsilon=budget["cap_epsilon"],
        delta=budget["delta"],
        prefix="budget.",
        source="" if source is None else str(source),
    )


def _section(name: str, fields: Mapping[str, Any], kind: Callable[..., Any]) -> Any:
    """A section of a config as its type; lists become tuples."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if problem := sorted(set(fields) ^ known):
        raise errors.InputError(f"{name}: missing or unknown keys {problem}.")
    return kind(
        **{
            key: tuple(value) if isinstance(value, list | tuple) else value
            for key, value in fields.items()
        }
    )
