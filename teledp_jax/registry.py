"""The only list of methods, and their entries in a config."""

import dataclasses
import importlib
from types import ModuleType
from typing import Any

import ml_collections

from teledp_jax import errors

METHODS = {
    name: f"teledp_jax.methods.{name}"
    for name in (
        "aim", "dpsgd_relational", "dpsgd_vae", "histogram", "independent", "mst",
        "pe", "pe_conditional", "pe_llm",
    )
}  # fmt: skip
"""Method name to its module, with `Config` and `make(config, schema, budget)`."""


def method(name: str) -> ModuleType:
    """Imports the module of a method.

    Args:
        name: One of `METHODS`.

    Returns:
        The module.

    Raises:
        InputError: If there is no such method.
    """
    if name not in METHODS:
        raise errors.InputError(f"No method {name!r}; known: {', '.join(METHODS)}.")
    return importlib.import_module(METHODS[name])


def entry(
    config: Any, *, method: str = "", bookkeeping: str = ""
) -> ml_collections.ConfigDict:
    """Makes an entry of `config.methods` for a method's `Config`.

    Args:
        config: An instance of the `Config` of one of `registry.METHODS`.
        method: Its name; found from the config's module if not given.
        bookkeeping: `paper` keeps the books as the published study does
            (`studies.intel.bookkeeping`): only to compare, there is no release.
    """
    fields = {"method": method or type(config).__module__.rpartition(".")[2]}
    if bookkeeping:
        fields["bookkeeping"] = bookkeeping
    return ml_collections.ConfigDict(fields | dataclasses.asdict(config))
