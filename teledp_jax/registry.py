"""The only list of methods."""

from types import ModuleType

from teledp_jax import errors
from teledp_jax.methods import (
    aim,
    dpsgd_relational,
    dpsgd_vae,
    histogram,
    independent,
    mst,
    pe,
    pe_conditional,
    pe_llm,
)

METHODS: dict[str, ModuleType] = {
    "aim": aim,
    "dpsgd_relational": dpsgd_relational,
    "dpsgd_vae": dpsgd_vae,
    "histogram": histogram,
    "independent": independent,
    "mst": mst,
    "pe": pe,
    "pe_conditional": pe_conditional,
    "pe_llm": pe_llm,
}
"""Method name to its module, with `Config` and `make(config, schema, budget)`."""


def method(name: str) -> ModuleType:
    """The module of a method.

    Raises:
        InputError: If there is no such method.
    """
    if name not in METHODS:
        raise errors.InputError(f"No method {name!r}; known: {', '.join(METHODS)}.")
    return METHODS[name]
