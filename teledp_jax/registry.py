"""The list of methods, methods of your own, and entries of methods in a config.

A method of your own is a module with `Config` and `make` anywhere on the path of
Python: name it by its dotted path, as `lab.thresholded`, or give it a short name by an
entry point of group `teledp_jax.methods`. What it returns is held to the contract of
`base.Synthesizer`; each breach is one message.
"""

import dataclasses
import importlib
import importlib.metadata
from types import ModuleType
from typing import Any

import dp_accounting
import jax
import ml_collections
import numpy as np

from teledp_jax import arrays, base, errors, schemas
from teledp_jax.privacy import accounting, budgets

METHODS = {
    name: f"teledp_jax.methods.{name}"
    for name in (
        "aim", "chain", "dpsgd_relational", "dpsgd_vae", "histogram", "independent",
        "mst", "pe", "pe_conditional", "pe_llm",
    )
}  # fmt: skip
"""Method name to its module, with `Config` and `make(config, schema, budget)`."""


_GROUP = "teledp_jax.methods"  # of entry points


def module_name(name: str) -> str:
    """Finds the dotted name of a method's module.

    Args:
        name: One of `METHODS`, the name of an entry point, or a dotted name itself.

    Returns:
        The dotted name; the module may not exist.

    Raises:
        InputError: If a short name is unknown.
    """
    if name in METHODS:
        return METHODS[name]
    if "." in name:
        return name
    own = {point.name: point.value for point in _entry_points()}
    if name not in own:
        known = ", ".join([*METHODS, *own])
        raise errors.InputError(
            f"No method {name!r}; known: {known}, or the dotted path of a module."
        )
    return own[name]


def _entry_points() -> importlib.metadata.EntryPoints:
    """Methods that installed packages declare."""
    return importlib.metadata.entry_points(group=_GROUP)


def method(name: str) -> ModuleType:
    """Imports the module of a method.

    Args:
        name: As `module_name` takes it.

    Returns:
        The module, with `Config` and `make(config, schema, budget)`.

    Raises:
        InputError: If there is no such module, or it is no method.
    """
    path = module_name(name)
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise  # something that the module itself imports
        raise errors.InputError(
            f"method={name!r}: Python finds no module {path}; install its package, or "
            "put its folder into PYTHONPATH."
        ) from None
    if not dataclasses.is_dataclass(getattr(module, "Config", None)):
        raise errors.InputError(f"{path}: has no dataclass Config of settings.")
    if not callable(getattr(module, "make", None)):
        raise errors.InputError(
            f"{path}: has no function make(config, schema, budget)."
        )
    return module


def make(
    name: str, config: Any, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """Makes a method; one of your own is held to the contract as it runs.

    Args:
        name: As `module_name` takes it.
        config: Its `Config`.
        schema: The public schema.
        budget: What it may spend.

    Returns:
        The calibrated method.

    Raises:
        InputError: If it cannot be made so, or `make` returns something else.
    """
    made = method(name).make(config, schema, budget)
    return made if name in METHODS else _held(name, made, schema, budget)


def _held(
    name: str, made: Any, schema: schemas.Schema, budget: budgets.Budget
) -> base.Synthesizer:
    """A method whose results are checked before anybody uses them."""
    if not isinstance(made, base.Synthesizer):
        raise errors.InputError(
            f"{name}: make returned {type(made).__name__}, not a base.Synthesizer."
        )
    if not isinstance(made.event, dp_accounting.DpEvent):
        raise errors.InputError(
            f"{name}: the event is {type(made.event).__name__}, not a "
            "dp_accounting.DpEvent of all that fit reads."
        )
    whole = dp_accounting.ComposedDpEvent([budget.spent, made.event])
    epsilon = accounting.epsilon_pld(whole, budget.delta)
    if epsilon > budget.epsilon:
        raise errors.InputError(
            f"{name}: with its event the release would cost epsilon {epsilon:.4f}, "
            f"above {budget.epsilon:g}; calibrate the noise by privacy.split. Nothing "
            "was read."
        )

    def fit(*arguments: Any) -> base.Tree:
        tree = made.fit(*arguments)
        leaves = jax.tree.leaves(tree)
        if not isinstance(tree, dict) or not all(
            isinstance(leaf, jax.Array | np.ndarray | np.generic | int | float | str)
            for leaf in leaves
        ):
            raise errors.InputError(
                f"{name}: fit must return a dict of arrays and numbers by name."
            )
        return tree

    def sample(key: Any, tree: base.Tree, count: int) -> arrays.DeviceArrays:
        devices = made.sample(key, tree, count)
        try:
            arrays.check(schema, devices)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.InputError(
                f"{name}: sample broke the schema: {errors.first_line(error)}"
            ) from None
        if (found := arrays.num_devices(devices)) != count:
            raise errors.InputError(
                f"{name}: sample gave {found} devices, not the {count} asked for."
            )
        return devices

    return made._replace(fit=fit, sample=sample)


def entry(
    config: Any, *, method: str = "", bookkeeping: str = ""
) -> ml_collections.ConfigDict:
    """Makes an entry of `config.methods` for a method's `Config`.

    Args:
        config: An instance of a method's `Config`.
        method: Its name; found from the config's module if not given.
        bookkeeping: `paper` keeps the books as the published study does
            (`studies.intel.bookkeeping`): only to compare, there is no release.
    """
    path = type(config).__module__
    short = path.rpartition(".")[2]
    fields = {"method": method or (short if METHODS.get(short) == path else path)}
    if bookkeeping:
        fields["bookkeeping"] = bookkeeping
    return ml_collections.ConfigDict(fields | dataclasses.asdict(config))
