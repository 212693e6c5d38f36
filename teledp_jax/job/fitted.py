"""A fitted method: what it promises, and devices drawn from it."""

import dataclasses
import functools
import importlib.util
import operator
import os
from collections.abc import Mapping
from typing import Any, Literal

import dp_accounting

import teledp_jax
from teledp_jax import base, errors, keys, registry, schemas
from teledp_jax.data import decode
from teledp_jax.job import conditions, drawing, model_file
from teledp_jax.privacy import budgets, events

Kind = Literal["arrow", "pandas"]
"""What tables come as."""


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Fitted:
    """A method that was fitted to devices. It may be kept, shared and sampled.

    Attributes:
        method: Name of the method.
        config: Its `Config`.
        schema: The device tables.
        num_devices: Noisy number of devices that it was fitted to.
        ledger: What was read and what it costs: unit, adjacency, events, budget,
            epsilon by two accountants, delta.
        facts: Public numbers of the fit, such as the noise.
        seed: Seed of an experiment; None where the noise is secret.
        tree: What the fit returned.
        synthesizer: The method as it was calibrated; None: it is calibrated again, to
            the same noise, when it is first needed.
    """

    method: str
    config: Any
    schema: schemas.Schema
    num_devices: int
    ledger: Mapping[str, Any]
    facts: Mapping[str, Any]
    seed: int | None
    tree: base.Tree
    synthesizer: base.Synthesizer | None = None

    @property
    def epsilon(self) -> float:
        """Gives the epsilon that was spent, by privacy loss distributions."""
        return float(self.ledger["epsilon_pld"])

    @property
    def delta(self) -> float:
        """Gives the delta at which `epsilon` is stated."""
        return float(self.ledger["delta"])

    @property
    def promise(self) -> str:
        """States in words what is promised, to whom, and what was read."""
        entry = self.ledger
        events = [f"  {part['mechanism']}: {part['text']}" for part in entry["events"]]
        lines = [
            f"epsilon {self.epsilon:.4g} at delta {self.delta:.4g}, of a budget of "
            f"epsilon {entry['budget']['epsilon']:.4g}.",
            f"Unit: {entry['unit']}. Neighbours: {entry['adjacency']}.",
            "What was read, under noise:",
            *events,
            "What the schema states counts as public.",
            "Samples of any size cost nothing more. Another fit to the same devices "
            "adds its own cost.",
        ]
        if self.seed is not None:
            lines.append(
                f"EXPERIMENT under seed {self.seed}: who knows the seed knows the "
                "noise. Nothing of this is private; fit without a seed to release it."
            )
        return "\n".join(lines)

    def __repr__(self) -> str:
        kind = "" if self.seed is None else ", seeded experiment"
        return (
            f"Fitted({self.method} on {self.schema.suite}: epsilon "
            f"{self.epsilon:.4g}, delta {self.delta:.4g}{kind})"
        )

    def sample(
        self,
        num_devices: int,
        *,
        where: conditions.Where | None = None,
        seed: int | None = None,
        kind: Kind = "arrow",
    ) -> dict[str, Any]:
        """Draws synthetic devices. This costs no budget.

        Args:
            num_devices: How many.
            where: Keeps only devices that meet all conditions, as `{"country":
                "France", "seats": (100, None), "crashes.app": ["mail", "browser"]}`: by
                column of the anchor, or by `table.column` of which some row must match.
                A range of numbers means the bins that lie inside it.
            seed: Repeats a draw. None: the seed of the fit if it has one, and the
                operating system's randomness otherwise.
            kind: What tables come as: Arrow tables or pandas data frames.

        Returns:
            The device tables by name, with fresh ids, in the columns of the schema.

        Raises:
            InputError: If an argument is wrong, too few devices meet the conditions, or
                pandas is not installed.
        """
        count = whole("num_devices", num_devices, least=1)
        _check_kind(kind)
        seed = self.seed if seed is None else whole("seed", seed)
        if seed is None:
            public, _ = keys.restore(keys.draw())
        else:
            public, _ = keys.from_seed(seed, stream=self.method)
        of = (self._calibrated, self.schema, self.tree, public, count)
        if where:
            devices, generator = drawing.draw_where(*of, where)
        else:
            devices, generator = drawing.draw(*of)
        made = decode.tables(self.schema, devices, generator)
        if kind == "arrow":
            return dict(made)
        return {name: table.to_pandas() for name, table in made}

    @functools.cached_property
    def _calibrated(self) -> base.Synthesizer:
        """The method, calibrated as it was for the fit."""
        if self.synthesizer is not None:
            return self.synthesizer
        *spent, _ = (events.from_json(part["event"]) for part in self.ledger["events"])
        budget = budgets.Budget(
            epsilon=self.ledger["budget"]["epsilon"],
            delta=self.delta,
            spent=dp_accounting.ComposedDpEvent(spent),
            num_devices=self.num_devices,
        )
        return registry.make(self.method, self.config, self.schema, budget)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the fitted method to a file, whole or not at all.

        Args:
            path: The file; it is overwritten.

        Raises:
            InputError: If it cannot be written.
        """
        facts = {
            name: getattr(self, name)
            for name in ("method", "num_devices", "ledger", "facts", "seed")
        }
        facts["config"] = dataclasses.asdict(self.config)
        facts["schema"] = dataclasses.asdict(self.schema)
        facts["version"] = teledp_jax.__version__
        model_file.write(path, facts, self.tree)


def load(path: str | os.PathLike[str]) -> Fitted:
    """Reads the file of a fitted method.

    Args:
        path: What `Fitted.save` wrote.

    Returns:
        The fitted method.

    Raises:
        InputError: If the file cannot be read, is damaged or foreign, or was written by
            a version whose methods differ.
    """
    facts, tree = model_file.read(path)
    version = facts.pop("version")
    try:
        config = registry.method(facts["method"]).Config(**_tuples(facts["config"]))
        own = {"config": config, "schema": _schema(facts["schema"]), "tree": tree}
        return Fitted(**{**facts, **own})
    except (TypeError, LookupError, errors.InputError) as error:
        raise errors.InputError(
            f"{os.fspath(path)}: was written by teledp_jax {version}, whose methods "
            f"differ from this version's ({errors.first_line(error)})."
        ) from None


def whole(name: str, value: Any, *, least: int = 0) -> int:
    """Checks a whole number.

    Args:
        name: What it is, for the error.
        value: The number, of Python or numpy.
        least: The least that it may be.

    Returns:
        The number.

    Raises:
        InputError: If it is something else, or less.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise errors.InputError(
            f"{name}: expected a whole number of at least {least}, got {value!r}."
        )
    return number


def _check_kind(kind: str) -> None:
    """Refuses an unknown kind of table, and pandas where it is not installed."""
    if kind not in ("arrow", "pandas"):
        raise errors.InputError(f"kind: expected 'arrow' or 'pandas', got {kind!r}.")
    if kind == "pandas" and importlib.util.find_spec("pandas") is None:
        raise errors.InputError("kind='pandas': pandas is missing; pip install pandas.")


def _tuples(value: Any) -> Any:
    """Plain values of JSON, its lists as tuples."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _schema(fields: Mapping[str, Any]) -> schemas.Schema:
    """The schema whose fields a file holds."""
    tables = [
        schemas.Table(
            **{
                **table,
                "columns": tuple(schemas.Column(**c) for c in table["columns"]),
                "constraints": tuple(
                    schemas.Constraint(**c) for c in table["constraints"]
                ),
            }
        )
        for table in _tuples(fields["tables"])
    ]
    return schemas.Schema(
        suite=fields["suite"], device=fields["device"], tables=tuple(tables)
    )
